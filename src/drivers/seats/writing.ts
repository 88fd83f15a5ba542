import { type Result, err, ok } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { type HostAnswers, askHosts, didAs, isDecided, opAnswer } from './ask.js';
import type { RecordCopy, WishCopy } from './copies.js';
import { type HostOp, type HostRequest } from './host-request.js';
import { type HostSet, hostsIn, isQuorum, majorityOf } from './host-set.js';
import { type StateView, judge } from './judge.js';
import type { Lease } from './lease.js';
import { type SeatParts, pause, refusals } from './parts.js';
import { seatSuperseded, stateNotWritten, stateUnsettled } from './problems.js';
import { asHolder, isAbsent, noteGrant, readState } from './reading.js';
import { TRIES_MAX } from './timings.js';

/** What a request is about: this state, and where it is. */
export const about = (view: Pick<StateView, 'set' | 'record'>): HostRequest => ({
  founding: view.record.founding,
  set: view.set.number,
});

/** Has a majority of `set` do it. The error says who did not. */
export async function haveDone(
  parts: SeatParts,
  op: HostOp,
  doing: string,
  set: HostSet,
  request: HostRequest,
  lease?: Lease,
): Promise<{ readonly answers: HostAnswers; readonly done: Result<void> }> {
  const hosts = hostsIn(set);
  const answers = await askHosts(parts, {
    doing,
    hosts,
    request: () => request,
    isEnough: isDecided(set, op),
    onAnswer: (host, answer) => lease !== undefined && noteGrant(lease, host, answer),
  });
  if (isQuorum(set, didAs(answers, op))) return { answers, done: ok(undefined) };
  if (lease !== undefined) {
    // On a minority it may be somebody who did not get the lock.
    const seen = fencesIn(answers);
    const { fence } = lease;
    if (!isQuorum(set, (host) => (seen.get(host) ?? 0) <= fence)) {
      lease.lose();
      return {
        answers,
        done: err(seatSuperseded({ doing, fence, seen: Math.max(...seen.values()) })),
      };
    }
  }
  const problem = stateNotWritten({
    doing,
    needed: majorityOf(set.hosts.length),
    hosts,
    written: hosts.filter(didAs(answers, op)),
    others: refusals(hosts, answers, op),
  });
  return { answers, done: err(problem) };
}

const fencesIn = (answers: HostAnswers): ReadonlyMap<HostName, number> =>
  new Map(
    [...answers].map(([host, answer]) => [
      host,
      answer.kind === 'answered' ? answer.reply.fence : 0,
    ]),
  );

/** Writes the next record under the lock, and counts it on `countedOn`; `more` goes along in the same round trip. */
export async function putRecord(
  parts: SeatParts,
  lease: Lease,
  copy: Omit<RecordCopy, 'fence' | 'sequence' | 'founding'>,
  more: HostRequest = {},
  countedOn: HostSet = copy.set,
): Promise<Result<RecordCopy>> {
  if (!lease.isHeld()) return err(lost(lease, 'write the record'));
  const { fence, founding } = lease;
  const record: RecordCopy = { ...copy, fence, founding, sequence: ++lease.sequence };
  const request = { ...asHolder(lease), set: copy.set.number, ...more, record };
  const { done } = await haveDone(parts, 'record', 'write the record', countedOn, request, lease);
  return done.ok ? ok(record) : done;
}

export const lost = (lease: Lease, doing: string) =>
  seatSuperseded({ doing, fence: lease.fence, seen: lease.fence });

/**
 * Agrees on the wish: a majority promises to hear nobody older, says what it has, and is then given what `change` makes
 * of that. Undefined from `change`: nothing is to be written.
 */
export async function agreeOnWish(
  parts: SeatParts,
  view: StateView,
  change: (newest: WishCopy | undefined) => Result<Omit<WishCopy, 'ballot'> | undefined>,
  lease?: Lease,
): Promise<Result<WishCopy | undefined>> {
  const doing = 'write the wish';
  let { set, ballot } = view;
  let problem = stateUnsettled({ cluster: parts.cluster });
  const guard = lease === undefined ? {} : { guard: lease.fence };
  const base = { founding: view.record.founding, ...guard };
  for (let i = 0; i < TRIES_MAX; i++) {
    if (i > 0) {
      await pause(parts);
      const read = await readState(parts, { doing: 'read the wish' });
      if (!read.ok) return read;
      if (isAbsent(read.value)) return err(problem);
      ({ set } = read.value);
      ballot = Math.max(ballot, read.value.ballot);
    }
    ballot++;
    const promise = { ...base, set: set.number, promise: ballot, look: true };
    const promised = await haveDone(parts, 'promise', doing, set, promise);
    if (!promised.done.ok) {
      if (!isContended(promised.answers, 'promise')) return promised.done;
      continue;
    }
    const did = didAs(promised.answers, 'promise');
    const said = new Map([...promised.answers].filter(([host]) => did(host)));
    const judgement = judge(parts.cluster, hostsIn(set), fillIn(set, said));
    if (judgement.kind === 'problem') return err(judgement.problem);
    if (judgement.kind !== 'state') continue;
    const next = change(judgement.view.wish);
    if (!next.ok) return next;
    if (next.value === undefined) return ok(undefined);
    const wish = { ...next.value, ballot };
    const written = await haveDone(parts, 'wish', doing, set, { ...base, set: set.number, wish });
    if (written.done.ok) return ok(wish);
    if (!isContended(written.answers, 'wish')) return written.done;
    problem = written.done.error;
  }
  return err(problem);
}

/** Who did not promise says nothing. */
function fillIn(set: HostSet, said: HostAnswers): HostAnswers {
  const silent = { kind: 'silent', because: 'it did not promise' } as const;
  return new Map(hostsIn(set).map((host) => [host, said.get(host) ?? silent]));
}

/** Somebody else was quicker, or the set of hosts has changed: worth another try. */
const isContended = (answers: HostAnswers, op: HostOp): boolean =>
  [...answers.values()].some((answer) => {
    const word = opAnswer(answer, op);
    return word === 'low' || word === 'stale';
  });
