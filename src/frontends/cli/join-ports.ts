import type { Problem } from '../../base/index.js';
import type { JoinWords } from '../../core/bootstrap/index.js';

/** What `join` needs from the world. Implemented in `main`, over services/join. */
export interface Join {
  /** Runs in this process until it is asked to end, or nothing can be done. */
  run(settings: JoinSettings): Promise<JoinEnd>;
}

export interface JoinSettings {
  readonly typed: JoinWords;
  /** Only the etcd that is at hand. */
  readonly offline: boolean;
  readonly interrupt: AbortSignal;
  /** Each thing that this host becomes. */
  readonly onState: (state: JoinState) => void;
  readonly tell: (line: string) => void;
  /** What etcd logs, as it comes. */
  readonly onLog: (text: string) => void;
}

export interface JoinState {
  readonly name: string;
  readonly state: 'waiting' | 'meeting' | 'joining' | 'restarting' | 'member' | 'gateway';
  /** Of a member that serves. */
  readonly member:
    | {
        readonly id: string;
        readonly clusterID: string;
        readonly role: 'voter' | 'learner';
      }
    | undefined;
  readonly peerURL: string;
  readonly clientURL: string;
  readonly dataDir: string;
  /** Where a gateway sends connections at first. */
  readonly endpoints: readonly string[];
  /** Why nothing can be decided yet. */
  readonly because: Problem | undefined;
}

export type JoinEnd =
  | { readonly kind: 'asked' }
  /** Nothing was touched. */
  | { readonly kind: 'mistyped'; readonly problems: readonly Problem[] }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };
