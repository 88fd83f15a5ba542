import type { Problem } from '../../base/index.js';
import type { DialEnd, ListenEnd } from './connections.js';
import type { HostFacts } from './facts.js';
import type { Dialled, PreflightHost } from './hosts.js';

/** What was seen of one host. */
export interface HostSight {
  readonly host: PreflightHost;
  readonly login: LoginSight;
  /** Absent: nobody wanted to know. */
  readonly facts: Seen<HostFacts> | undefined;
  /** One for each of its listens, in their order. */
  readonly listens: Seen<readonly ListenEnd[]>;
}

export type Seen<T> =
  | { readonly kind: 'seen'; readonly value: T }
  | { readonly kind: 'unseen'; readonly because: string };

export type LoginSight =
  | { readonly kind: 'in'; readonly clock: ClockSight | undefined }
  | { readonly kind: 'out'; readonly problem: Problem };

/** How far a host's clock is ahead of this machine's, and how far that may be wrong: half of the round trip. */
export interface ClockSight {
  readonly aheadMs: number;
  readonly uncertainMs: number;
}

/** One way from one host (or from this machine) to another. */
export interface WaySight {
  /** `seat` is this machine. */
  readonly from: string;
  readonly to: PreflightHost;
  readonly dialled: Dialled;
  /** What our own listener there came to; undefined when the host was not asked, or did not say. */
  readonly listen: ListenEnd | undefined;
  /** What our listener would say. */
  readonly word: string;
  readonly end: Seen<DialEnd>;
}
