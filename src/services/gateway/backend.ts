import type { Endpoint } from '../../etcd/index.js';

/** One place where connections may go. */
export interface Backend extends Endpoint {
  /** As in DNS SRV: the smaller is taken first, among those that are equally well. 0 when absent. */
  readonly priority?: number;
}

/** What one probe of a backend saw. */
export type Sight =
  /** It said how it stands. */
  | ({ readonly kind: 'seen' } & SeenMember)
  /** It answers, and does not let us look inside. */
  | { readonly kind: 'answers'; readonly because: string }
  | { readonly kind: 'unreachable'; readonly because: string }
  /** It takes connections and answers nothing, or nothing answers at all. */
  | { readonly kind: 'silent'; readonly because: string }
  /** The probe itself failed, say for want of file descriptors: it says nothing about the backend. */
  | { readonly kind: 'unclear'; readonly because: string };

export interface SeenMember {
  readonly hasLeader: boolean;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  readonly term: bigint;
  readonly committedIndex: bigint;
  readonly appliedIndex: bigint;
}

/**
 * Asks one backend how it is; settles within about `deadlineMs` and never rejects. `hasTalked`: it has answered clients
 * since it was last asked, which is a sign of life already.
 */
export type Probe = (backend: Backend, deadlineMs: number, hasTalked: boolean) => Promise<Sight>;

/** What one backend is good for, from best to worst. */
export type BackendCondition =
  /** It answers, knows a leader, votes and keeps up. */
  | 'well'
  /** It answers; more cannot be seen from here. */
  | 'answers'
  /** Nothing is known yet. */
  | 'untried'
  /** It is far behind in applying what the cluster has committed. */
  | 'lagging'
  /** It does not vote; it refuses everything but local reads. */
  | 'learner'
  /** It answers, but is cut off from the leader or there is none. */
  | 'no-leader'
  | 'unreachable'
  /** It takes connections and does not answer. */
  | 'silent'
  /** It is not in the list any more: what is connected may finish. */
  | 'leaving';

/** How one backend stands, and why. */
export interface BackendState {
  readonly backend: Backend;
  readonly condition: BackendCondition;
  /** Whether new connections go there. When none is in, they go to the best guess. */
  readonly isIn: boolean;
  /** Why it is in or out, for a person. */
  readonly reason: string;
  /** When this condition began, on the gateway's monotonic clock. */
  readonly sinceMs: number;
  /** Probes in a row that found it silent or unreachable. */
  readonly failedProbes: number;
  readonly isLeader: boolean;
  /** Live connections, those being dialled included. */
  readonly connections: number;
  /** How long it took to answer the last probe; undefined before the first answer. */
  readonly latencyMs: number | undefined;
}
