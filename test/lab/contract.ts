/**
 * What scripts may rely on (DESIGN, "What people and scripts rely on"), written down a second time and by hand, so
 * that a change of the product's own types cannot change what these tests demand.
 */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  changes: 3,
  blocked: 4,
  waitedTooLong: 5,
} as const;

export interface ProblemJSON {
  readonly code: string;
  readonly summary: string;
  readonly detail: string;
  readonly hint: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StatusJSON {
  readonly cluster: {
    readonly name: string;
    readonly id: string;
    readonly version: string;
    readonly state: 'healthy' | 'degraded' | 'quorum-lost' | 'forming' | 'unknown';
    readonly voters: number;
    readonly quorum: number;
    readonly margin: number;
  };
  readonly members: readonly MemberJSON[];
  readonly proxies: readonly ProxyJSON[];
  readonly plan: PlanJSON;
}

export interface ProxyJSON {
  readonly name: string;
  readonly host: string;
  readonly running: boolean;
  readonly clientURLs: readonly string[];
  readonly problems: readonly ProblemJSON[];
}

export interface MemberJSON {
  readonly name: string;
  readonly id: string;
  readonly host: string;
  readonly role: 'voter' | 'learner' | 'unstarted' | 'stranger';
  readonly leader: boolean;
  readonly healthy: boolean;
  readonly version: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly raftIndex: string;
  readonly dbSizeBytes: number;
  readonly certificates: readonly {
    readonly plane: 'peer' | 'client';
    readonly issuer: string | null;
    readonly notAfter: string | null;
    readonly fault: string | null;
  }[];
  readonly problems: readonly ProblemJSON[];
}

export interface PlanJSON {
  readonly kind: 'steps' | 'wait' | 'blocked' | 'converged';
  readonly steps: readonly {
    readonly kind: string;
    readonly member: string;
    readonly because: string;
    readonly margin: { readonly before: number; readonly after: number };
  }[];
  readonly wait?: unknown;
  readonly problem?: ProblemJSON;
}
