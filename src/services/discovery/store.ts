import type { Problem, Random, Result } from '../../base/index.js';
import type { MemberEntry } from './identity.js';

export type DiscoveryProtocol = 'v2' | 'v3';

/** What is kept about one token. Changed by registrations and deletions only, each on the version it was read at. */
export interface TokenRecord {
  readonly token: string;
  readonly size: number;
  readonly protocols: readonly DiscoveryProtocol[];
  /** Where the v2 protocol serves it: `/TOKEN` or `/v2/keys/ANY/PREFIX/TOKEN`. */
  readonly path: string;
  /** The one URL of the v2 protocol. Undefined: the first member to register decides which host and scheme it has. */
  readonly url: string | undefined;
  /** SHA-256 of the secret in hex; unique, so it also tells which creation made it. */
  readonly secretDigest: string;
  /** With this lease all keys of the token go. */
  readonly leaseID: bigint | undefined;
  /** In the order of registration; never more than `size`. */
  readonly members: readonly KeptMember[];
}

export interface KeptMember extends MemberEntry {
  readonly id: string;
  /** Which request registered it: whoever does not know what became of its own can tell. */
  readonly by: string;
  /** The store's revision that registered it. Undefined in a change that does: it is the revision of the change. */
  readonly createdIndex: bigint | undefined;
}

/** All have registered: the list is final, and the cluster may have formed. */
export const isClosed = ({ size, members }: TokenRecord): boolean => members.length >= size;

/** One member's registration as the protocol shows it. */
export interface Registration {
  readonly token: string;
  readonly id: string;
  /** As the member wrote it. */
  readonly value: string;
  readonly createdIndex: bigint;
  /** Over v3 a member may write its registration anew, and etcd lets it: when it last did. */
  readonly againIndex?: bigint;
}

/** A token at one revision of the store. */
export interface TokenSight {
  /** The store's revision: the protocol's index. */
  readonly index: bigint;
  readonly kept: KeptToken | undefined;
  /** Over the v2 protocol, oldest first: what the record says, as the protocol shows it. */
  readonly registrations: readonly Registration[];
  /** What etcd members wrote over the v3 protocol, oldest first, when the token was last read whole. */
  readonly v3: {
    readonly size: string | undefined;
    readonly registrations: readonly Registration[];
  };
}

export interface KeptToken {
  readonly record: TokenRecord;
  readonly createdIndex: bigint;
  /** What a change must name. */
  readonly version: bigint;
  /** Of a token that is nowhere but in its own name: the key that says so, which a change must name too. */
  readonly sealedBy?: string;
}

/** The version of a token that nothing was written of. */
export const NEVER_WRITTEN = 0n;

/** A token that carries its size itself (sealed-token.ts). */
export interface SealedToken {
  readonly token: string;
  /** With it a registration can be deleted while the token is open. */
  readonly secret: string;
  /** Of the store, as far as it is known: nobody registered before. */
  readonly index: bigint;
}

/** `changed`: somebody was faster; read again. `unknown`: it may have happened, or may still. */
export type Change =
  | { readonly kind: 'done'; readonly index: bigint }
  | { readonly kind: 'changed' }
  | { readonly kind: 'unknown'; readonly problem: Problem }
  | { readonly kind: 'failed'; readonly problem: Problem };

/**
 * Where tokens live. Implemented on etcd (etcd-store.ts); tests of the protocol have one in memory. Nothing is thrown
 * for what a store does; each call settles within the deadline it was made with.
 */
export interface DiscoveryStore {
  /** As it is now: nothing that was durable when it was asked for is missing. */
  read(token: string): Promise<Result<TokenSight>>;
  /**
   * As it was some time ago, if that is at hand. Whatever was registered since then is still to be told to those who
   * follow. Good for a change, which names the version it was made on, and for what can not be otherwise any more.
   */
  glance(token: string): TokenSight | undefined;
  /**
   * A token that is durable without being written: whoever reads here opens it with the key that the store keeps. At
   * once when that key was seen within the last second. `base`: scheme and host of its URL.
   */
  seal(
    wish: { readonly size: number; readonly base: string },
    random: Random,
  ): Result<SealedToken> | Promise<Result<SealedToken>>;
  /** Only when no such token exists; a created one is durable. */
  create(record: TokenRecord): Promise<Change>;
  /** `next` has one member more, and is written on the version that was read. Durable when done. */
  register(kept: KeptToken, next: TokenRecord): Promise<Change>;
  /** `next` has one member less. */
  unregister(kept: KeptToken, next: TokenRecord): Promise<Change>;
  /** A lease for keys that are to expire; undefined in a record: they stay. */
  grantLease(ttlMs: number): Promise<Result<bigint>>;
  /** Whether a read through quorum is answered. */
  health(): Promise<Result<bigint>>;
  /** Follows every registration from now on, in their order, over every break. */
  follow(follower: Follower): { stop(): void };
}

export interface Follower {
  /** `record`: the token with this registration as its last. */
  readonly onRegistration: (registration: Registration, record: TokenRecord) => void;
  /** Registrations may have been missed: who waits must look. Also called when following begins. */
  readonly onGap: () => void;
}
