import type { Caller, CallOptions } from '../calls/caller.js';
import { lazyCodec } from '../calls/codec.js';
import type { CallResult } from '../errors.js';
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

/** Leases: the keys bound to one go when it ends. */
export class LeaseAPI {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** The server chooses the id unless one is given. */
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

  /** Ends the lease now; its keys go with it. */
  async revoke(leaseID: bigint, options?: CallOptions): Promise<CallResult<Acknowledged>> {
    const request = { ID: leaseID };
    const answer = await this.#caller.unary(rpcs.leaseRevoke, revokeCodec, request, options);
    return mapCall(answer, acknowledged);
  }

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
