import type { Caller, CallOptions } from '../calls/caller.js';
import { lazyCodec } from '../calls/codec.js';
import type { LastingParts } from '../calls/lasting-stream.js';
import type { CallResult, EtcdError } from '../errors.js';
import type { KeepOptions, LeaseKeeper } from '../lease/keeper.js';
import { LeaseHub } from '../lease/lease-hub.js';
import { rpcs } from '../rpcs.js';
import {
  acknowledged,
  headerOf,
  mapCall,
  type Acknowledged,
  type ResponseHeader,
} from './common.js';

export interface LeaseGranted {
  readonly header: ResponseHeader;
  readonly leaseID: bigint;
  /** What the server gave; it may be more than was asked. */
  readonly ttlSeconds: number;
}

export interface LeaseTimeToLive {
  readonly header: ResponseHeader;
  readonly leaseID: bigint;
  /** Undefined when there is no such lease any more. */
  readonly leftSeconds: number | undefined;
  readonly grantedSeconds: number;
  /** Only when asked for. */
  readonly keys: readonly Uint8Array[];
}

/** Leases: the keys bound to one go when it ends. Times to live are whole seconds, as etcd has them. */
export class LeaseAPI {
  readonly #caller: Caller;
  readonly #parts: LastingParts;
  readonly #keeping: LeaseHub;

  constructor(caller: Caller, parts: LastingParts) {
    this.#caller = caller;
    this.#parts = parts;
    this.#keeping = new LeaseHub(parts);
  }

  /**
   * Keeps a lease alive until it is lost or `stop` is called. All leases of a client share one stream, which is opened
   * again after every break.
   */
  keepAlive(leaseID: bigint, options?: KeepOptions): LeaseKeeper {
    return this.#keeping.keep(leaseID, options);
  }

  /**
   * Grants a lease and keeps it alive until it is lost, stopped or revoked; the options are for the granting.
   *
   * @example
   * const held = await client.lease.hold(10);
   * if (!held.ok) return;
   * await client.kv.put('workers/me', 'here', { leaseID: held.value.leaseID });
   * await work(held.value.signal); // aborts at the latest when the lease may be gone
   * await client.lease.revoke(held.value.leaseID);
   */
  async hold(ttlSeconds: number, options?: CallOptions): Promise<CallResult<LeaseKeeper>> {
    const askedMs = this.#parts.clock.monotonicMs();
    const granted = await this.grant(ttlSeconds, options);
    return mapCall(granted, ({ leaseID, ttlSeconds: given }) =>
      this.#keeping.keep(leaseID, { knownUntilMs: askedMs + given * 1000 }),
    );
  }

  /** For the client that closes. */
  close(error: EtcdError): void {
    this.#keeping.endAll(error);
  }

  /**
   * Grants a lease that nobody keeps alive yet; the server chooses the id unless one is given. Refused with
   * `lease-exists` or `lease-ttl-too-large`.
   *
   * @example
   * const lease = await client.lease.grant(30);
   * if (lease.ok) await client.kv.put('seen', 'now', { leaseID: lease.value.leaseID });
   */
  async grant(
    ttlSeconds: number,
    options: CallOptions & { readonly leaseID?: bigint } = {},
  ): Promise<CallResult<LeaseGranted>> {
    const request = { TTL: BigInt(ttlSeconds), ID: options.leaseID ?? 0n };
    const answer = await this.#caller.unary(rpcs.leaseGrant, grantCodec, request, options);
    return mapCall(answer, ({ header, ID, TTL }) => ({
      header: headerOf(header),
      leaseID: ID,
      ttlSeconds: Number(TTL),
    }));
  }

  /** Ends the lease now (refused with `lease-not-found` when it has ended); its keys go with it. It is no longer kept alive by this client. */
  async revoke(leaseID: bigint, options?: CallOptions): Promise<CallResult<Acknowledged>> {
    this.#keeping.stop(leaseID);
    const request = { ID: leaseID };
    const answer = await this.#caller.unary(rpcs.leaseRevoke, revokeCodec, request, options);
    return mapCall(answer, acknowledged);
  }

  /** How long it lives if nobody renews it. */
  async timeToLive(
    leaseID: bigint,
    options: CallOptions & { readonly wantKeys?: boolean } = {},
  ): Promise<CallResult<LeaseTimeToLive>> {
    const request = { ID: leaseID, keys: options.wantKeys === true };
    const answer = await this.#caller.unary(
      rpcs.leaseTimeToLive,
      timeToLiveCodec,
      request,
      options,
    );
    return mapCall(answer, ({ header, ID, TTL, grantedTTL, keys }) => ({
      header: headerOf(header),
      leaseID: ID,
      leftSeconds: TTL < 0n ? undefined : Number(TTL),
      grantedSeconds: Number(grantedTTL),
      keys,
    }));
  }

  /** Every lease of the cluster, by id. */
  async list(
    options?: CallOptions,
  ): Promise<
    CallResult<{ readonly header: ResponseHeader; readonly leaseIDs: readonly bigint[] }>
  > {
    const answer = await this.#caller.unary(rpcs.leaseList, listCodec, {}, options);
    return mapCall(answer, ({ header, leases }) => ({
      header: headerOf(header),
      leaseIDs: leases.map(({ ID }) => ID),
    }));
  }
}

const wire = () => import('../wire/generated/lease.js');
const grantCodec = lazyCodec(wire, 'LeaseGrantRequest', 'LeaseGrantResponse');
const revokeCodec = lazyCodec(wire, 'LeaseRevokeRequest', 'LeaseRevokeResponse');
const timeToLiveCodec = lazyCodec(wire, 'LeaseTimeToLiveRequest', 'LeaseTimeToLiveResponse');
const listCodec = lazyCodec(wire, 'LeaseLeasesRequest', 'LeaseLeasesResponse');
