import type { Problem } from '../../base/index.js';
import type { ClusterName, HostName } from '../../core/cluster/index.js';
import { stateDamaged } from '../records/index.js';
import type { HostAnswers } from './ask.js';
import { type LockCopy, type RecordCopy, type WishCopy, isNewer, versionOf } from './copies.js';
import type { HostReply } from './host-reply.js';
import { stateDirectory } from './host-request.js';
import { type HostSet, hostsIn, isQuorum, majorityOf } from './host-set.js';
import { stateMajorityLost, stateOfTwo, stateUnsure } from './problems.js';

/** What a majority of the hosts says. */
export interface StateView {
  readonly set: HostSet;
  /** The newest there is. */
  readonly record: RecordCopy;
  /** A majority has it; otherwise nobody knows yet whether it counts. */
  readonly isRecordKept: boolean;
  readonly wish: WishCopy | undefined;
  readonly isWishKept: boolean;
  /** The highest seen. */
  readonly fence: number;
  readonly ballot: number;
  readonly answers: HostAnswers;
}

export type Judgement =
  | { readonly kind: 'pending' }
  /** These hold the state too, and were not asked. */
  | { readonly kind: 'ask'; readonly hosts: readonly HostName[] }
  /** All hosts have answered, and none holds a state: there is none. */
  | { readonly kind: 'absent'; readonly hosts: readonly HostName[]; readonly fence: number }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | { readonly kind: 'state'; readonly view: StateView };

/** Joins the answers that came so far. `asked`: those that are not among them are still awaited. */
export function judge(
  cluster: ClusterName,
  asked: readonly HostName[],
  answers: HostAnswers,
): Judgement {
  const replies = new Map<HostName, HostReply>();
  for (const [host, answer] of answers) {
    if (answer.kind === 'answered') replies.set(host, answer.reply);
  }
  const copies = new Map<HostName, RecordCopy>();
  for (const [host, { record, kind }] of replies) {
    if (record?.kind === 'whole' && kind === 'holding') copies.set(host, record.value);
  }
  const fence = highest(replies, ({ fence: n }) => n);
  const isPending = (host: HostName) => !answers.has(host);

  const groups = groupsOf(copies);
  const [first] = groups;
  if (first === undefined) return whenNoneIsFounded({ cluster, asked, answers, copies, fence });
  const unasked = groups.flatMap(({ set }) => hostsIn(set)).filter((host) => !asked.includes(host));
  if (unasked.length > 0) return { kind: 'ask', hosts: [...new Set(unasked)] };
  const whole = groups.filter(({ set, holders }) => isQuorum(set, (host) => holders.has(host)));
  const [group] = whole;
  if (whole.length > 1) {
    return { kind: 'problem', problem: stateOfTwo(foundingsOf(cluster, groups)) };
  }
  if (group === undefined) {
    const canCome = groups.some(({ set, holders }) =>
      isQuorum(set, (host) => holders.has(host) || isPending(host)),
    );
    // Whoever is told of trouble is told all of it.
    if (canCome || asked.some(isPending)) return { kind: 'pending' };
    if (groups.length > 1) {
      return { kind: 'problem', problem: stateOfTwo(foundingsOf(cluster, groups)) };
    }
    return { kind: 'problem', problem: lostMajority(cluster, first.set, answers, first.holders) };
  }
  const { newest, set, holders } = group;

  const isOfNewest = (host: HostName) => {
    const copy = holders.get(host);
    return copy !== undefined && !isNewer(versionOf(newest), versionOf(copy));
  };
  const wishes = new Map<HostName, WishCopy>();
  for (const host of holders.keys()) {
    const file = replies.get(host)?.wish;
    if (file?.kind === 'whole') wishes.set(host, file.value);
    if (file?.kind === 'unread') {
      const path = `${host}:${stateDirectory(cluster)}/wish.json`;
      return { kind: 'problem', problem: stateDamaged({ path, because: file.because }) };
    }
  }
  let wish: WishCopy | undefined;
  for (const copy of wishes.values()) if (copy.ballot > (wish?.ballot ?? 0)) wish = copy;
  const hasWish = (host: HostName) => (wishes.get(host)?.ballot ?? 0) >= (wish?.ballot ?? 0);
  const isRecordKept = isQuorum(set, isOfNewest);
  const isWishKept = isQuorum(set, (host) => holders.has(host) && hasWish(host));
  // What only a minority has so far, the others may have too.
  if (!(isRecordKept && isWishKept) && hostsIn(set).some(isPending)) return { kind: 'pending' };
  const ballot = highest(replies, ({ ballot: n }) => n);
  const view = { set, record: newest, isRecordKept, wish, isWishKept, fence, ballot, answers };
  return { kind: 'state', view };
}

/** The hosts that hold one and the same state. */
interface Group {
  readonly holders: ReadonlyMap<HostName, RecordCopy>;
  readonly newest: RecordCopy;
  readonly set: HostSet;
}

/** One that is founded anywhere was written on every host of its first set; where it is not marked yet, it counts too. */
function groupsOf(copies: ReadonlyMap<HostName, RecordCopy>): readonly Group[] {
  const founded = [...copies.values()].filter(({ isFounded }) => isFounded);
  return [...new Set(founded.map(({ founding }) => founding))].map((founding) => {
    const holders = new Map([...copies].filter(([, copy]) => copy.founding === founding));
    const newest = [...holders.values()].reduce((a, b) =>
      isNewer(versionOf(b), versionOf(a)) ? b : a,
    );
    return { holders, newest, set: newest.set };
  });
}

const highest = (
  replies: ReadonlyMap<HostName, HostReply>,
  number: (reply: HostReply) => number,
): number => Math.max(0, ...[...replies.values()].map(number));

/**
 * A state that a majority holds cannot be seen by asking others: so nothing is there only when every host says so. A host
 * that was told of a founding that did not end holds nothing.
 */
function whenNoneIsFounded(d: {
  readonly cluster: ClusterName;
  readonly asked: readonly HostName[];
  readonly answers: HostAnswers;
  readonly copies: ReadonlyMap<HostName, RecordCopy>;
  readonly fence: number;
}): Judgement {
  const { cluster, asked, answers, copies, fence } = d;
  const named = [...copies.values()].flatMap(({ set }) => hostsIn(set));
  const unasked = [...new Set(named)].filter((host) => !asked.includes(host));
  if (unasked.length > 0) return { kind: 'ask', hosts: unasked };
  if (asked.some((host) => !answers.has(host))) return { kind: 'pending' };
  for (const [host, answer] of answers) {
    if (answer.kind !== 'answered') continue;
    const because = damageOf(answer.reply);
    if (because === undefined) continue;
    const path = `${host}:${stateDirectory(cluster)}`;
    return { kind: 'problem', problem: stateDamaged({ path, because }) };
  }
  const silent = silentIn(asked, answers);
  return silent.length > 0
    ? { kind: 'problem', problem: stateUnsure({ cluster, hosts: asked.length, silent }) }
    : { kind: 'absent', hosts: asked, fence };
}

function damageOf({ kind, record }: HostReply): string | undefined {
  if (record?.kind === 'unread') return record.because;
  return kind === 'damaged'
    ? 'A file there does not have the checksum that it was written with'
    : undefined;
}

const silentIn = (hosts: readonly HostName[], answers: HostAnswers) =>
  hosts.flatMap((host) => {
    const answer = answers.get(host);
    return answer?.kind === 'silent' ? [{ host, because: answer.because }] : [];
  });

function lostMajority(
  cluster: ClusterName,
  set: HostSet,
  answers: HostAnswers,
  holders: ReadonlyMap<HostName, RecordCopy>,
): Problem {
  const hosts = hostsIn(set);
  const spoilt = hosts.flatMap((host) => {
    const answer = answers.get(host);
    const because = answer?.kind === 'answered' ? damageOf(answer.reply) : undefined;
    return because === undefined ? [] : [{ host, because }];
  });
  const [first] = spoilt;
  const isSpoilt = (host: HostName) => spoilt.some((copy) => copy.host === host);
  if (first !== undefined && isQuorum(set, (host) => holders.has(host) || isSpoilt(host))) {
    const path = `${first.host}:${stateDirectory(cluster)}`;
    return stateDamaged({ path, because: first.because });
  }
  return stateMajorityLost({
    cluster,
    path: stateDirectory(cluster),
    needed: majorityOf(set.hosts.length),
    ...(set.before === undefined ? {} : { before: set.before }),
    hosts: set.hosts,
    holding: hosts.filter((host) => holders.has(host)),
    empty: hosts.filter((host) => answers.get(host)?.kind === 'answered' && !holders.has(host)),
    silent: silentIn(hosts, answers),
  });
}

const foundingsOf = (cluster: ClusterName, groups: readonly Group[]) => ({
  cluster,
  path: stateDirectory(cluster),
  states: groups
    .map(({ newest, holders }) => ({
      token: newest.record?.token ?? '',
      hosts: [...holders.keys()].toSorted(),
    }))
    .toSorted((a, b) => (a.hosts.join() < b.hosts.join() ? -1 : 1)),
});

/** The living lease that most hosts know of. */
export function livingLock(answers: HostAnswers) {
  const found = new Map<string, { lock: LockCopy; hosts: HostName[]; leftMs: number }>();
  for (const [host, answer] of answers) {
    if (answer.kind !== 'answered' || answer.reply.leftMs === 0) continue;
    const { lock, leftMs } = answer.reply;
    if (lock?.kind !== 'whole' || !lock.value.isHeld) continue;
    const before = found.get(lock.value.token) ?? { lock: lock.value, hosts: [], leftMs: 0 };
    found.set(lock.value.token, {
      lock: lock.value,
      hosts: [...before.hosts, host],
      leftMs: Math.max(before.leftMs, leftMs),
    });
  }
  return [...found.values()].toSorted(
    (a, b) => b.hosts.length - a.hosts.length || b.lock.fence - a.lock.fence,
  )[0];
}
