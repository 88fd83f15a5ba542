import { assertNever } from '../../base/index.js';
import type { Backend, BackendCondition, BackendState, SeenMember, Sight } from './backend.js';

/** What is known of a backend; each thing that happens makes a new one. */
export interface BackendFacts {
  readonly backend: Backend;
  readonly isLeaving: boolean;
  /** The last sight that says something. */
  readonly sight: Exclude<Sight, { kind: 'unclear' }> | undefined;
  /** Probes in a row that found it silent or unreachable. */
  readonly failedProbes: number;
  readonly latencyMs: number | undefined;
}

export const factsOf = (backend: Backend): BackendFacts => ({
  backend,
  isLeaving: false,
  sight: undefined,
  failedProbes: 0,
  latencyMs: undefined,
});

export function afterSight(facts: BackendFacts, sight: Sight, tookMs: number): BackendFacts {
  if (sight.kind === 'unclear') return facts;
  const hasAnswered = sight.kind === 'seen' || sight.kind === 'answers';
  return {
    ...facts,
    sight,
    failedProbes: hasAnswered ? 0 : facts.failedProbes + 1,
    latencyMs: hasAnswered ? tookMs : facts.latencyMs,
  };
}

/** It could not be connected to for a client. New connections go elsewhere until the next probe says more. */
export const afterFailedDial = (facts: BackendFacts, because: string): BackendFacts => ({
  ...facts,
  sight: { kind: 'unreachable', because },
});

/** Entries that a member may be behind. etcd itself turns writes away at 5000 between committed and applied. */
const APPLY_LAG_MAX = 5_000n;
/** Probes are not taken at one moment, and a busy cluster commits thousands in between. */
const COMMIT_LAG_MAX = 50_000n;

/** The states of all backends, which are judged against each other: who leads, who lags. */
export function statesOf(
  all: readonly BackendFacts[],
  before: readonly BackendState[],
  nowMs: number,
  connectionsOf: (url: string) => number,
): readonly BackendState[] {
  const seen = all.flatMap(({ sight }) => (sight?.kind === 'seen' ? [sight] : []));
  const newest: Newest = {
    term: seen.reduce((most, { term }) => (term > most ? term : most), 0n),
    committed: seen.reduce(
      (most, { committedIndex }) => (committedIndex > most ? committedIndex : most),
      0n,
    ),
  };
  return all.map((facts) => {
    const { backend, sight, failedProbes, latencyMs } = facts;
    const { condition, reason } = judge(facts, newest);
    const last = before.find((state) => state.backend.url === backend.url);
    return {
      backend,
      condition,
      isIn: isIn(condition),
      reason,
      sinceMs: last?.condition === condition ? last.sinceMs : nowMs,
      failedProbes,
      isLeader:
        sight?.kind === 'seen' &&
        condition === 'well' &&
        sight.isLeader &&
        sight.term === newest.term,
      connections: connectionsOf(backend.url),
      latencyMs,
    };
  });
}

interface Newest {
  readonly term: bigint;
  readonly committed: bigint;
}

type Verdict = Pick<BackendState, 'condition' | 'reason'>;

function judge({ isLeaving, sight }: BackendFacts, newest: Newest): Verdict {
  if (isLeaving) {
    return { condition: 'leaving', reason: 'It is not in the list any more.' };
  }
  switch (sight?.kind) {
    case undefined:
      return { condition: 'untried', reason: 'It has not answered a probe yet.' };
    case 'seen':
      return judgeMember(sight, newest);
    case 'answers':
    case 'unreachable':
    case 'silent':
      return { condition: sight.kind, reason: sight.because };
    default:
      return assertNever(sight);
  }
}

function judgeMember(member: SeenMember, { term, committed }: Newest): Verdict {
  if (member.isLearner) {
    return { condition: 'learner', reason: 'It is a learner: it does not vote.' };
  }
  if (!member.hasLeader) return { condition: 'no-leader', reason: 'It knows no leader.' };
  if (member.isLeader && member.term < term) {
    return { condition: 'no-leader', reason: 'It takes itself for the leader of an older term.' };
  }
  const unapplied = member.committedIndex - member.appliedIndex;
  const behind = committed - member.committedIndex;
  if (unapplied > APPLY_LAG_MAX || behind > COMMIT_LAG_MAX) {
    const entries = unapplied > behind ? unapplied : behind;
    return { condition: 'lagging', reason: `It is ${entries} entries behind.` };
  }
  return { condition: 'well', reason: member.isLeader ? 'It leads.' : 'It follows the leader.' };
}

/** Smaller is better; below `OUT_FROM` new connections go there. */
export function rankOf(condition: BackendCondition): number {
  switch (condition) {
    case 'well':
      return 0;
    case 'answers':
    case 'untried':
      return 1;
    case 'lagging':
      return OUT_FROM;
    case 'learner':
      return 3;
    case 'no-leader':
      return 4;
    // One that refuses is found out at once; one that hangs is not.
    case 'unreachable':
      return 5;
    case 'silent':
      return 6;
    case 'leaving':
      return 7;
    default:
      return assertNever(condition);
  }
}

const OUT_FROM = 2;

const isIn = (condition: BackendCondition): boolean => rankOf(condition) < OUT_FROM;
