import { type Problem, type Result, err, instantOf, ok } from '../../base/index.js';
import { type LockHolder, lockHeld } from '../../engine/ports/index.js';
import { type HostAnswers, askHosts, didAs, everybody, isDecided, opAnswer } from './ask.js';
import type { LockCopy, LockWho, RecordCopy } from './copies.js';
import { stateDirectory } from './host-request.js';
import { type HostSet, firstNumberOf, hostsIn, isQuorum } from './host-set.js';
import { type StateView, judge, livingLock } from './judge.js';
import { Lease } from './lease.js';
import { type SeatParts, leaseTimes, pause, refusals } from './parts.js';
import { lockContended, stateUnsure } from './problems.js';
import { type Absent, isAbsent, noteGrant, readState } from './reading.js';
import { TRIES_MAX, drainMs } from './timings.js';
import { about, haveDone, putRecord } from './writing.js';

export interface Taken {
  readonly lease: Lease;
  /** As the hosts that gave it say: what anybody wrote before is in it. */
  readonly view: StateView;
  /** How long the one from whom it was taken may still believe that he has it. */
  readonly waitMs: number;
}

const TOKEN_BYTES = 8;
const FOUNDING_BYTES = 8;

/**
 * Takes the lease on a majority of the hosts. With `takeOver` (the token of a holder) also from him while he lives: he
 * cannot renew it then, and `waitMs` later he knows. From a process of this machine that has ended, whoever asks: it knows
 * nothing any more, and only what it had sent is waited for.
 */
export async function takeLock(
  parts: SeatParts,
  purpose: string,
  takeOver?: string,
): Promise<Result<Taken>> {
  const { seat, clock } = parts;
  const { name, pid, life } = seat;
  const who: LockWho = {
    seat: name,
    pid,
    purpose,
    sinceMs: clock.now(),
    ...(life === undefined ? {} : { life }),
  };
  let problem: Problem = lockContended({ tries: 0, silent: [] });
  for (let i = 0; i < TRIES_MAX; i++) {
    if (i > 0) await pause(parts);
    const read = await readState(parts, { doing: 'read the state' });
    if (!read.ok) return read;
    const tried = isAbsent(read.value)
      ? await found(parts, who, read.value)
      : await tryLock(parts, who, read.value, takeOver, await endedIn(parts, read.value));
    if (tried.kind === 'taken') return ok(tried.taken);
    if (tried.kind === 'refused') return err(tried.problem);
    problem = tried.problem;
  }
  return err(problem);
}

type Tried =
  | { readonly kind: 'taken'; readonly taken: Taken }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'again'; readonly problem: Problem };

async function tryLock(
  parts: SeatParts,
  who: LockWho,
  view: StateView,
  asked: string | undefined,
  ended: string | undefined,
): Promise<Tried> {
  const takeOver = ended ?? asked;
  const living = livingLock(view.answers);
  if (
    living !== undefined &&
    living.lock.token !== takeOver &&
    isQuorum(view.set, (host) => living.hosts.includes(host))
  ) {
    return { kind: 'refused', problem: heldBy(parts, view.answers) };
  }
  const { set } = view;
  const lease = newLease(parts, who, view.fence + 1, view.record.founding, set);
  const more = takeOver === undefined ? {} : { takeOver };
  const answers = await askHosts(parts, {
    doing: 'take the lock',
    hosts: hostsIn(set),
    request: () => ({ ...about(view), grant: { ...lease.grant, ...more }, look: true }),
    isEnough: isDecided(set, 'grant'),
    onAnswer: (host, answer) => noteGrant(lease, host, answer),
  });
  const did = didAs(answers, 'grant');
  if (!isQuorum(set, did)) {
    await giveBack(parts, lease);
    return notTaken(parts, set, answers);
  }
  const given = new Map([...answers].filter(([host]) => did(host)));
  const takenLeftMs = Math.max(
    ...[...given.values()].map((answer) =>
      answer.kind === 'answered' ? answer.reply.takenLeftMs : 0,
    ),
  );
  const waitMs = ended === undefined ? takenLeftMs : Math.min(takenLeftMs, drainMs(parts.timings));
  const others = { kind: 'silent', because: 'it did not give its lease' } as const;
  const all = new Map(hostsIn(set).map((host) => [host, given.get(host) ?? others]));
  const judgement = judge(parts.cluster, hostsIn(set), all);
  if (judgement.kind !== 'state') {
    await giveBack(parts, lease);
    const problem = judgement.kind === 'problem' ? judgement.problem : contended(set, answers);
    return { kind: judgement.kind === 'problem' ? 'refused' : 'again', problem };
  }
  // Under our own number: whatever somebody still sends under a lower one is older from here on, wherever it arrives.
  // The set gets a number of ours for the same reason.
  lease.set = { ...lease.set, number: firstNumberOf(lease.fence) };
  const adopted = await putRecord(parts, lease, { ...judgement.view.record, set: lease.set });
  if (!adopted.ok) {
    await giveBack(parts, lease);
    return { kind: 'refused', problem: adopted.error };
  }
  const known = { ...judgement.view, set: lease.set, record: adopted.value, isRecordKept: true };
  return { kind: 'taken', taken: { lease, view: known, waitMs } };
}

/** The token of the holder that most hosts know of, when he was a process of this machine and is no more. */
async function endedIn(parts: SeatParts, { answers }: StateView): Promise<string | undefined> {
  const lock = livingLock(answers)?.lock;
  return lock !== undefined && (await hasEnded(parts, lock)) ? lock.token : undefined;
}

export async function hasEnded({ seat }: SeatParts, { who }: LockCopy): Promise<boolean> {
  if (who?.life === undefined || seat.hasEnded === undefined) return false;
  return seat.hasEnded({ pid: who.pid, life: who.life });
}

function notTaken(parts: SeatParts, set: HostSet, answers: HostAnswers): Tried {
  const isHeld = hostsIn(set).some((host) => opAnswer(answers.get(host), 'grant') === 'held');
  const canBe = isQuorum(set, (host) => answers.get(host)?.kind !== 'silent');
  if (!canBe) return { kind: 'refused', problem: contended(set, answers) };
  return {
    kind: 'again',
    problem: isHeld ? heldBy(parts, answers) : contended(set, answers),
  };
}

const contended = (set: HostSet, answers: HostAnswers): Problem =>
  lockContended({ tries: TRIES_MAX, silent: refusals(hostsIn(set), answers, 'grant') });

/** Begins the state: every host gives its lease and is told of it, and only then it exists. */
async function found(parts: SeatParts, who: LockWho, absent: Absent): Promise<Tried> {
  const { hosts } = absent;
  const founding = parts.random.hex(FOUNDING_BYTES);
  const fence = absent.fence + 1;
  const set = { number: firstNumberOf(fence), hosts };
  const lease = newLease(parts, who, fence, founding, set);
  const first = { founding, isFounded: false, set };
  const record: RecordCopy = { ...first, fence: lease.fence, sequence: ++lease.sequence };
  const answers = await askHosts(parts, {
    doing: 'begin the state',
    hosts,
    request: () => ({ founding, mode: 'found', set: set.number, grant: lease.grant, record }),
    isEnough: everybody,
    onAnswer: (host, answer) => noteGrant(lease, host, answer),
  });
  const did = didAs(answers, 'record');
  if (!hosts.every(did)) {
    await giveBack(parts, lease);
    const others = refusals(hosts, answers, 'record');
    const isSilent = [...answers.values()].some(({ kind }) => kind === 'silent');
    return isSilent
      ? {
          kind: 'refused',
          problem: stateUnsure({ cluster: parts.cluster, hosts: hosts.length, silent: others }),
        }
      : { kind: 'again', problem: lockContended({ tries: TRIES_MAX, silent: others }) };
  }
  const founded = await putRecord(parts, lease, { ...first, isFounded: true });
  if (!founded.ok) {
    await giveBack(parts, lease);
    return { kind: 'refused', problem: founded.error };
  }
  const view: StateView = {
    set,
    record: founded.value,
    isRecordKept: true,
    wish: undefined,
    isWishKept: true,
    fence: lease.fence,
    ballot: 0,
    answers,
  };
  return { kind: 'taken', taken: { lease, view, waitMs: 0 } };
}

function newLease(
  parts: SeatParts,
  who: LockWho,
  fence: number,
  founding: string,
  set: HostSet,
): Lease {
  const token = parts.random.hex(TOKEN_BYTES);
  return new Lease({ fence, token, founding, who, set, clock: parts.clock, ...leaseTimes(parts) });
}

/** Best effort: what is not given back ends by itself. */
export async function giveBack(parts: SeatParts, lease: Lease): Promise<void> {
  lease.lose();
  const { set, founding, token } = lease;
  const request = { founding, set: set.number, release: token };
  await haveDone(parts, 'release', 'give the lock back', set, request);
}

/** Who holds the lock, as those that answered say. */
export function heldBy(parts: SeatParts, answers: HostAnswers): Problem {
  const holder = holderIn(answers);
  if (holder === undefined) return lockContended({ tries: TRIES_MAX, silent: [] });
  const { pid, purpose, since, seat = '', endsInMs = 0, token = '' } = holder;
  const { cluster } = parts;
  const path = stateDirectory(cluster);
  return lockHeld({ path, pid, purpose, sinceMs: since, seat, cluster, endsInMs, token });
}

export function holderIn(answers: HostAnswers): LockHolder | undefined {
  const living = livingLock(answers);
  const who = living?.lock.who;
  if (living === undefined || who === undefined) return undefined;
  return {
    pid: who.pid,
    purpose: who.purpose,
    since: instantOf(who.sinceMs),
    seat: who.seat,
    endsInMs: living.leftMs,
    token: living.lock.token,
  };
}
