import { assertNever } from '../../base/index.js';
import type { Endpoint } from '../endpoints.js';
import type { ConnectionKind } from '../transport/transport.js';

/** What one endpoint is good for, from best to worst. */
export type EndpointCondition =
  /** It answers, knows a leader and keeps up. */
  | 'well'
  /** Nothing is known yet. */
  | 'untried'
  /** It gave a call no answer a moment ago; probes say no worse of it. */
  | 'doubtful'
  /** It is far behind in applying what the cluster has committed. */
  | 'lagging'
  /** It does not vote; it refuses everything but local reads. */
  | 'learner'
  /** It answers, but is cut off from the leader or there is none. */
  | 'no-leader'
  /** It could not be connected to. */
  | 'unreachable'
  /** It is connected and does not answer. */
  | 'silent';

/** How one endpoint stands, as the balancer sees it. */
export interface EndpointState {
  readonly endpoint: Endpoint;
  readonly connection: ConnectionKind;
  readonly condition: EndpointCondition;
  /** Why it has this condition, for a person. */
  readonly reason: string;
  readonly isLeader: boolean;
  /** How long it takes to answer, in milliseconds, newer answers counting more; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** Which number in the order of connecting it was, the first 1; undefined when it is not known to be connected. */
  readonly connectedAs: number | undefined;
  /** When it last answered a call, and when it last failed one, on the client's monotonic clock. */
  readonly answeredMs: number | undefined;
  readonly failedMs: number | undefined;
}

/** What a member said about itself when it was probed. */
export interface ProbeAnswer {
  readonly hasLeader: boolean;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  readonly term: bigint;
  readonly committedIndex: bigint;
  readonly appliedIndex: bigint;
}

/** What is known of an endpoint; each thing that happens makes a new one. */
export interface EndpointFacts {
  readonly endpoint: Endpoint;
  readonly connectedAs: number | undefined;
  readonly latencyMs: number | undefined;
  readonly answeredMs: number | undefined;
  readonly failedMs: number | undefined;
  readonly failure: Failure | undefined;
  readonly probe: (ProbeAnswer & { readonly atMs: number }) | undefined;
}

export interface Failure {
  readonly kind: 'unreachable' | 'silent' | 'no-leader' | 'doubtful';
  readonly message: string;
  readonly atMs: number;
}

export const factsOf = (endpoint: Endpoint): EndpointFacts => ({
  endpoint,
  connectedAs: undefined,
  latencyMs: undefined,
  answeredMs: undefined,
  failedMs: undefined,
  failure: undefined,
  probe: undefined,
});

const NEW_WEIGHT = 0.2;

/** A call was answered, be it with a refusal. */
export const afterAnswer = (
  facts: EndpointFacts,
  atMs: number,
  tookMs: number | undefined,
): EndpointFacts => ({
  ...facts,
  answeredMs: atMs,
  failedMs: undefined,
  // That it does not know a leader is taken back only by a probe: it may answer local reads meanwhile.
  failure: facts.failure?.kind === 'no-leader' ? facts.failure : undefined,
  latencyMs: tookMs === undefined ? facts.latencyMs : blend(facts.latencyMs, tookMs),
});

export const afterFailure = (facts: EndpointFacts, failure: Failure): EndpointFacts => ({
  ...facts,
  failedMs: failure.atMs,
  failure,
  connectedAs: failure.kind === 'unreachable' ? undefined : facts.connectedAs,
});

/** It answered a probe. A doubt that arose after the probe was sent stays. */
export const afterProbe = (
  facts: EndpointFacts,
  probe: ProbeAnswer,
  sentMs: number,
  atMs: number,
): EndpointFacts => {
  const { failure } = facts;
  const isDoubted = failure?.kind === 'doubtful' && sentMs - failure.atMs < DOUBT_MS;
  const isNewer = failure !== undefined && failure.atMs > sentMs && failure.kind !== 'silent';
  const stays = isDoubted || isNewer;
  return {
    ...facts,
    probe: { ...probe, atMs },
    latencyMs: blend(facts.latencyMs, atMs - sentMs),
    failure: stays ? failure : undefined,
    failedMs: stays ? facts.failedMs : undefined,
  };
};

/** A call that a member did not answer counts against it for so long, though it answers probes. */
export const DOUBT_MS = 2_000;

const blend = (old: number | undefined, fresh: number): number =>
  old === undefined ? fresh : old + NEW_WEIGHT * (fresh - old);

/** Entries that a member may be behind. etcd itself turns writes away at 5000 between committed and applied. */
const APPLY_LAG_MAX = 5_000n;
/** Probes are not taken at one moment, and a busy cluster commits thousands in between. */
const COMMIT_LAG_MAX = 50_000n;

/** The states of all endpoints, which are judged against each other: who leads, who lags. */
export function statesOf(
  all: readonly EndpointFacts[],
  connectionOf: (url: string) => ConnectionKind,
): readonly EndpointState[] {
  const probes = all.flatMap(({ probe }) => (probe === undefined ? [] : [probe]));
  const term = probes.reduce((most, probe) => (probe.term > most ? probe.term : most), 0n);
  const committed = probes.reduce(
    (most, { committedIndex }) => (committedIndex > most ? committedIndex : most),
    0n,
  );
  return all.map((facts) => {
    const { endpoint, probe, latencyMs, connectedAs, answeredMs, failedMs } = facts;
    const { condition, reason } = judge(facts, term, committed);
    return {
      endpoint,
      connection: connectionOf(endpoint.url),
      condition,
      reason,
      // One that was deposed and does not know it yet has an older term.
      isLeader: condition === 'well' && probe?.isLeader === true && probe.term === term,
      latencyMs,
      connectedAs,
      answeredMs,
      failedMs,
    };
  });
}

function judge(
  { failure, probe, answeredMs }: EndpointFacts,
  term: bigint,
  committed: bigint,
): Pick<EndpointState, 'condition' | 'reason'> {
  if (failure !== undefined) return { condition: failure.kind, reason: failure.message };
  if (probe === undefined) {
    return answeredMs === undefined
      ? { condition: 'untried', reason: 'It has not been asked yet.' }
      : { condition: 'well', reason: 'It answers.' };
  }
  if (probe.isLearner)
    return { condition: 'learner', reason: 'It is a learner: it does not vote.' };
  if (!probe.hasLeader) return { condition: 'no-leader', reason: 'It knows no leader.' };
  if (probe.isLeader && probe.term < term) {
    return { condition: 'no-leader', reason: 'It takes itself for the leader of an older term.' };
  }
  const unapplied = probe.committedIndex - probe.appliedIndex;
  const behind = committed - probe.committedIndex;
  if (unapplied > APPLY_LAG_MAX || behind > COMMIT_LAG_MAX) {
    const entries = unapplied > behind ? unapplied : behind;
    return { condition: 'lagging', reason: `It is ${entries} entries behind.` };
  }
  return { condition: 'well', reason: probe.isLeader ? 'It leads.' : 'It follows the leader.' };
}

/** Smaller is better. */
export function rankOf(condition: EndpointCondition): number {
  switch (condition) {
    case 'well':
      return 0;
    case 'untried':
      return 1;
    case 'doubtful':
      return 2;
    case 'lagging':
      return 3;
    case 'learner':
      return 4;
    case 'no-leader':
      return 5;
    case 'unreachable':
      return 6;
    case 'silent':
      return 7;
    default:
      return assertNever(condition);
  }
}
