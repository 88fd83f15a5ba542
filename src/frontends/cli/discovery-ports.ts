import type { Problem, Result } from '../../base/index.js';

/** The cluster of one member that this machine's own service keeps its tokens in, unless another is named. */
export const DISCOVERY_CLUSTER = 'discovery';

/** No reader of tokens needs their history, so that it is not kept for ever. */
export const DISCOVERY_FLAGS = { 'auto-compaction-retention': '1h' } as const;

/** What the `discovery` commands need from the world. Implemented in `main`, over services/discovery. */
export interface Discovery {
  /** Starts a service in this process. Problems: addresses, certificates, the etcd behind it. */
  serve(settings: DiscoverySettings): Promise<Result<RunningDiscovery>>;
  create(at: DiscoveryPlace, wish: TokenWish, signal: AbortSignal): Promise<Result<NewTokenReport>>;
  /** One look: who registered, who answers where, what is wrong. */
  look(at: TokenPlace, signal: AbortSignal): Promise<Result<TokenLook>>;
}

/** An etcd that keeps tokens. */
export interface DiscoveryStorage {
  readonly endpoints: readonly string[];
  /** Paths of PEM files. */
  readonly cacert: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface DiscoverySettings {
  readonly storage: DiscoveryStorage;
  readonly listen: string;
  /** The URL by which members reach it, when not as it listens. */
  readonly advertise: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly insecure: boolean;
  /** Who registered, and what was refused. */
  readonly tell: (line: string) => void;
}

export interface RunningDiscovery {
  readonly url: string;
  /** Ends polls cleanly, takes nothing new, and ends. */
  drain(): Promise<void>;
}

/** Where a token is made. */
export type DiscoveryPlace =
  | { readonly kind: 'service'; readonly url: string }
  /** `service` names the URL that members get over v2, when several services run there. */
  | {
      readonly kind: 'storage';
      readonly storage: DiscoveryStorage;
      readonly service: string | undefined;
    };

/** Where a token is looked at. */
export type TokenPlace =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'storage'; readonly storage: DiscoveryStorage; readonly token: string };

export type DiscoveryProtocol = 'v2' | 'v3';

export interface TokenWish {
  readonly size: number;
  /** `any`: both where both can be had. */
  readonly protocol: DiscoveryProtocol | 'both' | 'any';
  readonly ttlMs: number | undefined;
}

export interface NewTokenReport {
  readonly token: string;
  readonly size: number;
  readonly url: string | undefined;
  readonly endpoints: readonly string[];
  readonly secret: string;
  readonly ttlMs: number | undefined;
  readonly flags: readonly {
    readonly protocol: DiscoveryProtocol;
    /** Minors of etcd that take them. */
    readonly minors: readonly string[];
    readonly flags: readonly string[];
  }[];
}

export interface TokenLook {
  readonly token: string;
  readonly protocol: DiscoveryProtocol;
  readonly url: string | undefined;
  readonly size: number;
  readonly state: 'open' | 'closed' | 'burnt';
  readonly clusterID: string | undefined;
  readonly members: readonly {
    readonly id: string;
    readonly name: string;
    readonly peerURLs: readonly string[];
    readonly index: bigint;
    readonly answers: 'this-cluster' | 'other-cluster' | 'silent' | 'waits' | 'beyond';
  }[];
  readonly missing: number;
  readonly problems: readonly Problem[];
}
