/** The limits of a discovery service; each can be set by whoever makes one. */
export interface DiscoveryLimits {
  /** Connections at the same time; more are closed before a byte is read. */
  readonly connectionsMax: number;
  /** Tokens of `/new` that something is kept of and that wait for members: one more is refused there until some are complete or expire. */
  readonly openTokensMax: number;
  /** Members that wait at the same time; a poll more is answered 503, which a member repeats. */
  readonly pollsMax: number;
  /** An idle poll ends with an empty answer after this long, and the member asks again at once. */
  readonly pollMs: number;
  /** Of a request: its line and headers together. */
  readonly headerBytesMax: number;
  readonly bodyBytesMax: number;
  /** From the first byte of a request to its last. */
  readonly requestMs: number;
  /** A kept connection without a request. */
  readonly idleMs: number;
  /** One question to the storage; two of them must fit into the 5 s after which a member gives up. */
  readonly storageMs: number;
  /** How long a registration of unknown outcome is pursued while its member waits. */
  readonly registerMs: number;
}

export const DEFAULT_DISCOVERY_LIMITS: DiscoveryLimits = {
  connectionsMax: 20_000,
  openTokensMax: 50_000,
  pollsMax: 15_000,
  pollMs: 10 * 60_000,
  headerBytesMax: 8 * 1024,
  bodyBytesMax: 8 * 1024,
  requestMs: 10_000,
  idleMs: 120_000,
  storageMs: 2_000,
  registerMs: 30_000,
};

/** A cluster of more voters than nine is slower and no safer; the public service had no limit and let 0 crash etcd. */
export const SIZE_MAX = 9;
export const DEFAULT_SIZE = 3;

/** Of the name of a token, and of each part of the path before it. */
export const NAME_LENGTH_MAX = 128;
export const PATH_PARTS_MAX = 8;

/** Of what one member registers: a name and a few URLs. */
export const REGISTRATION_LENGTH_MAX = 4 * 1024;
export const PEER_URLS_MAX = 16;

export const TTL_MIN_MS = 60_000;
export const TTL_MAX_MS = 366 * 24 * 3_600_000;
