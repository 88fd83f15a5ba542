import { unsafeBrand, withDeadline } from '../../base/index.js';
import { certificatesOn } from '../../core/bootstrap/index.js';
import {
  type ClusterRecord,
  type ConsumerSight,
  type HostName,
  type HostSight,
  type MemberListSight,
  type Observation,
  type StatusSight,
  type Target,
  quorumOf,
} from '../../core/cluster/index.js';
import { addressOf } from './addresses.js';
import { type Eyes, type Facts, ask, askConsumers, askDriver, askPeer, askStatus } from './ask.js';
import { type Answer, listEndpoints, localList } from './member-list.js';
import { hostByURL, lookOutside } from './outside.js';

/** An observation without its consumers, who may take longer, and the client URL at which each host was asked. */
export interface Sighting {
  readonly observation: Observation;
  readonly clientURLs: ReadonlyMap<HostName, string>;
  /** Absent: the spec has none. Never rejects. */
  readonly consumers?: Promise<readonly ConsumerSight[]>;
}

/**
 * Looks at everything once, side by side, each question with its own deadline: the hosts through the driver, then
 * every member that may be alive, then (as soon as one knows a leader) the list through quorum, then members that
 * live on no host of ours. Settles within about `hostMs` or `headStartMs` + `deadlineMs`, whoever hangs.
 *
 * All times in it are from before asking, so that "newer than" never claims too much.
 */
export async function observe(
  eyes: Eyes,
  target: Target,
  record: ClusterRecord,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Sighting> {
  const at = eyes.clock.now();
  const consumers = askConsumers(eyes, target.consumers ?? [], signal);
  const look = (host: HostName): Look => ({
    host,
    facts: factsOf(eyes, host, target, record, signal),
  });
  // Who is silent costs his deadline once, whatever else is asked.
  const wanted = [...new Set([...target.members, ...target.proxies].map(({ host }) => host))];
  const first = wanted.map(look);
  const others = await otherHosts(eyes, wanted, record, signal);
  const looks = [...first, ...others.map(look)];
  const early = await factsWithin(eyes, looks, signal);

  const futile = noLeaderPossible(target, record, early)
    ? 'too few members run for a leader'
    : undefined;
  const probes = looks.map(({ host, facts }) => {
    const process = early.get(host)?.process;
    const { peerURL, clientURL } = addressOf(host, target, record, process);
    const stopped = process?.kind === 'stopped' ? NOT_RUNNING.because : undefined;
    return {
      host,
      facts,
      clientURL,
      peer: askPeer(eyes, peerURL, deadlineMs, signal, stopped),
      status: askStatus(eyes, clientURL, deadlineMs, signal, stopped ?? futile),
    };
  });
  const list = await listThroughQuorum(eyes, probes, record, deadlineMs, signal);
  const answers = await Promise.all(
    probes.map(async ({ host, facts, peer, status }): Promise<HostSight> => {
      const seen = await facts;
      return isGateway(target, host, seen)
        ? { host, ...seen, peer: THROUGH_GATEWAY, status: THROUGH_GATEWAY }
        : { host, ...seen, peer: await peer, status: await status };
    }),
  );
  const seen = answers.map((sight) => withOwnAnswers(sight, answers));
  const memberList =
    list.kind === 'unseen' ? localList(seen, record.clusterID, at, list.because) : list;
  const sights = await lookAgainAtEmpty(eyes, target, record, seen, memberList, signal);
  const all = await lookOutside(
    eyes,
    target,
    record,
    { sights, clientURLs: new Map(probes.map(({ host, clientURL }) => [host, clientURL])) },
    memberList,
    deadlineMs,
    signal,
  );
  return {
    observation: { at, hosts: all.sights, memberList },
    clientURLs: all.clientURLs,
    ...(target.consumers === undefined ? {} : { consumers }),
  };
}

/**
 * All that hold anything beside the spec's hosts. When the driver cannot say which do, those of the record stand in: not
 * knowing a host must never look like a host without data.
 */
async function otherHosts(
  eyes: Eyes,
  wanted: readonly HostName[],
  record: ClusterRecord,
  signal: AbortSignal,
): Promise<readonly HostName[]> {
  const known = await ask(eyes, 'the driver', eyes.timings.hostMs, signal, (inner) =>
    eyes.driver.knownHosts(inner, wanted),
  );
  const remembered = Object.keys(record.addresses).map((host) => unsafeBrand<HostName>(host));
  const others = known.ok ? known.value : remembered;
  // While nothing is recorded, who was told `new` may hold the cluster: it is looked at, spec or not.
  const born = record.clusterID === undefined || !known.ok ? record.issuedNew : [];
  return [...new Set([...others, ...born])].filter((host) => !wanted.includes(host));
}

function factsOf(
  eyes: Eyes,
  host: HostName,
  target: Target,
  record: ClusterRecord,
  signal: AbortSignal,
): Promise<Facts> {
  if (!target.members.some((member) => member.host === host && member.byHand)) {
    return askDriver(eyes, host, certificatesOn(target, record.addresses, host), signal);
  }
  return Promise.resolve({
    process: { kind: 'by-hand' },
    data: { kind: 'unseen', because: 'a person runs this member' },
  });
}

interface Look {
  readonly host: HostName;
  readonly facts: Promise<Facts>;
}

/** What is known of the processes after the head start; members are then asked, so that a slow host hides no healthy member. */
async function factsWithin(
  eyes: Eyes,
  looks: readonly Look[],
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, Facts>> {
  const seen = new Map<HostName, Facts>();
  await withDeadline(eyes.clock, eyes.timings.headStartMs, signal, () =>
    Promise.all(looks.map(async ({ host, facts }) => seen.set(host, await facts))),
  );
  return new Map(seen);
}

const NOT_RUNNING = { kind: 'silent', because: 'its process is not running' } as const;

/**
 * A name leads where its member lives now, so what answered may be a successor: on a host where no process runs (which the
 * driver may say after the asking), or that nobody can look at, while the member that answered runs on another.
 */
function withOwnAnswers(sight: HostSight, all: readonly HostSight[]): HostSight {
  const { process, status } = sight;
  if (process.kind === 'stopped') {
    return sight.status === THROUGH_GATEWAY
      ? sight
      : { ...sight, peer: NOT_RUNNING, status: NOT_RUNNING };
  }
  if (process.kind !== 'unseen' || status.kind !== 'answered') return sight;
  const owner = all.find(
    (other) =>
      other.process.kind === 'running' &&
      other.data.kind === 'present' &&
      other.data.memberID === status.memberID,
  );
  if (owner === undefined) return sight;
  const elsewhere = { kind: 'silent', because: `${owner.host} answers by its name` } as const;
  return { ...sight, peer: elsewhere, status: elsewhere };
}

const THROUGH_GATEWAY = { kind: 'silent', because: 'a gateway answers there for others' } as const;

/** What answers at its client address is whichever member the gateway has chosen; where we cannot look, it may be one. */
const isGateway = (
  { members, proxies }: Target,
  host: HostName,
  { process, gateway }: Facts,
): boolean =>
  gateway?.kind === 'running' ||
  (process.kind === 'unseen' &&
    proxies.some((proxy) => proxy.host === host) &&
    !members.some((member) => member.host === host));

/** During a birth: with fewer than a quorum of processes every Status call would only hang until its deadline. */
function noLeaderPossible(
  target: Target,
  record: ClusterRecord,
  facts: ReadonlyMap<HostName, Facts>,
): boolean {
  if (record.clusterID !== undefined) return false;
  const maybeRunning = target.members.filter(
    ({ host }) => facts.get(host)?.process.kind !== 'stopped',
  );
  return maybeRunning.length < quorumOf(target.members.length);
}

/**
 * Empty data is looked at once more after the list: a member that was starting meanwhile has written its log and
 * published its name in between, and would look as if it had lost its data. What is empty after a list that names its
 * member is lost. A host that is no member's, by spec or by list, has none to lose; nor has one on which nobody was started
 * yet, while the cluster is being born.
 */
async function lookAgainAtEmpty(
  eyes: Eyes,
  target: Target,
  record: ClusterRecord,
  sights: readonly HostSight[],
  list: MemberListSight,
  signal: AbortSignal,
): Promise<readonly HostSight[]> {
  if (list.kind === 'unseen') return sights;
  const ofMembers = new Set<HostName | undefined>([
    ...target.members.map(({ host }) => host),
    ...list.members.map((member) => hostByURL(member, target, record)),
    ...sights.flatMap(({ host, status }) => (status.kind === 'answered' ? [host] : [])),
  ]);
  const isUntouched = ({ host, process }: HostSight): boolean =>
    record.clusterID === undefined &&
    !record.issuedNew.includes(host) &&
    process.kind === 'stopped';
  return await Promise.all(
    sights.map(async (sight) =>
      sight.data.kind === 'empty' && ofMembers.has(sight.host) && !isUntouched(sight)
        ? {
            ...sight,
            ...(await askDriver(
              eyes,
              sight.host,
              certificatesOn(target, record.addresses, sight.host),
              signal,
            )),
          }
        : sight,
    ),
  );
}

interface StatusProbe {
  readonly host: HostName;
  readonly clientURL: string | undefined;
  readonly status: Promise<StatusSight>;
}

/** Asks as soon as one member knows a leader and the others had a moment, so that a hung member delays nothing. */
async function listThroughQuorum(
  eyes: Eyes,
  probes: readonly StatusProbe[],
  record: ClusterRecord,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<MemberListSight> {
  const answers: Answer[] = [];
  let sawLeader: () => void = () => undefined;
  const firstLeader = new Promise<void>((resolve) => (sawLeader = resolve));
  const everyone = Promise.all(
    probes.map(async ({ clientURL, status }) => {
      const sight = await status;
      if (clientURL === undefined || sight.kind !== 'answered') return;
      answers.push({ clientURL, status: sight });
      if (sight.leader !== undefined) sawLeader();
    }),
  );
  await Promise.race([firstLeader, everyone]);
  await withDeadline(eyes.clock, eyes.timings.gatherMs, signal, () => everyone);

  // Data that was seen empty before the list may have been about to be written: later looks are newer than the list.
  eyes.looks?.close();
  const endpoints = listEndpoints(answers, record.clusterID);
  if (endpoints.length === 0) {
    return { kind: 'unseen', because: 'no member of this cluster answers that knows a leader' };
  }
  const at = eyes.clock.now();
  const list = await ask(eyes, 'the members', deadlineMs, signal, (inner) =>
    eyes.admin.memberList(endpoints, inner),
  );
  if (!list.ok) return { kind: 'unseen', because: list.error };
  if (!list.value.ok) return { kind: 'unseen', because: list.value.error.summary };
  const { clusterID, members } = list.value.value;
  return record.clusterID === undefined || clusterID === record.clusterID
    ? { kind: 'linearizable', at, clusterID, members }
    : { kind: 'unseen', because: `the member list is that of another cluster, ${clusterID}` };
}
