import { ok } from '../../base/index.js';
import type { CallOptions } from '../calls/caller.js';
import type { CallResult } from '../errors.js';
import type { LeaseKeeper } from '../lease/keeper.js';
import { Election } from './election.js';
import { Lock } from './lock.js';
import type { HoldsPlaces, RecipeParts } from './places.js';
import { Semaphore } from './semaphore.js';

const TTL_SECONDS = 30;

/**
 * A lease that is kept alive, under which locks are held and elections are stood in. Everything of a session goes when
 * it is closed, or at the end of the lease when its process dies. `signal` aborts when it may be gone: stop then.
 */
export class Session implements HoldsPlaces {
  readonly #parts: RecipeParts;
  readonly #held: LeaseKeeper;

  private constructor(parts: RecipeParts, held: LeaseKeeper) {
    this.#parts = parts;
    this.#held = held;
  }

  /** @internal */
  static async open(
    parts: RecipeParts,
    options: CallOptions & { readonly ttlSeconds?: number },
  ): Promise<CallResult<Session>> {
    const held = await parts.lease.hold(options.ttlSeconds ?? TTL_SECONDS, options);
    return held.ok ? ok(new Session(parts, held.value)) : held;
  }

  get leaseID(): bigint {
    return this.#held.leaseID;
  }

  /** Aborts at the latest when the lease may have ended. */
  get signal(): AbortSignal {
    return this.#held.signal;
  }

  /** Mutual exclusion by the key `name`, in the order of arrival. */
  lock(name: string): Lock {
    return new Lock(this.#parts, this, name);
  }

  /** At most `count` holders of `name` at once; everybody must give the same `count`. */
  semaphore(name: string, count: number): Semaphore {
    return new Semaphore(this.#parts, this, name, count);
  }

  /** One leader at a time for `name`, with a value that all can see. */
  election(name: string): Election {
    return new Election(this.#parts, this, name);
  }

  /** Ends the lease now, and with it everything that was held. */
  async close(options?: CallOptions): Promise<CallResult<undefined>> {
    const revoked = await this.#parts.lease.revoke(this.leaseID, options);
    return revoked.ok ? ok(undefined) : revoked;
  }
}
