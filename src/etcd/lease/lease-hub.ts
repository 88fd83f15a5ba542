import { lazyCodec } from '../calls/codec.js';
import { LastingStream, type LastingParts } from '../calls/lasting-stream.js';
import type { EtcdError } from '../errors.js';
import { rpcs } from '../rpcs.js';
import type * as Wire from '../wire/generated/lease.js';
import { LeaseKeeper, type KeeperHost, type KeepOptions } from './keeper.js';

/** The keepers of many leases on one stream. */
export class LeaseHub implements KeeperHost {
  readonly #parts: LastingParts;
  readonly #stream: LastingStream<Wire.LeaseKeepAliveRequest, Wire.LeaseKeepAliveResponse>;
  readonly #keepers = new Map<bigint, Set<LeaseKeeper>>();
  /** Who waits for the server's answers about a lease, in the order in which they come. */
  readonly #asked = new Map<bigint, readonly LeaseKeeper[]>();
  #isOpen = false;
  #closed: EtcdError | undefined;

  constructor(parts: LastingParts) {
    this.#parts = parts;
    this.#stream = new LastingStream(parts, rpcs.leaseKeepAlive, keepAliveCodec, {
      onOpen: () => {
        this.#isOpen = true;
        for (const keeper of this.#all()) keeper.renew();
      },
      onMessage: ({ ID, TTL }) => {
        const [keeper, ...later] = this.#asked.get(ID) ?? [];
        if (later.length > 0) this.#asked.set(ID, later);
        else this.#asked.delete(ID);
        keeper?.answered(Number(TTL));
      },
      onBreak: () => this.#broken(),
      onGivenUp: (error) => this.#loseAll(error),
    });
  }

  keep(leaseID: bigint, options: KeepOptions = {}): LeaseKeeper {
    const { clock, random } = this.#parts;
    const keeper = new LeaseKeeper(leaseID, options, { clock, random, host: this });
    const kept = this.#keepers.get(leaseID) ?? new Set();
    this.#keepers.set(leaseID, kept.add(keeper));
    if (this.#closed !== undefined) keeper.lose({ kind: 'failed', error: this.#closed });
    else if (options.signal?.aborted === true) keeper.stop();
    else if (this.#isOpen) keeper.renew();
    else this.#stream.start();
    return keeper;
  }

  stop(leaseID: bigint): void {
    for (const keeper of this.#keepers.get(leaseID) ?? []) keeper.stop();
  }

  ask(keeper: LeaseKeeper): void {
    const { leaseID } = keeper;
    this.#asked.set(leaseID, [...(this.#asked.get(leaseID) ?? []), keeper]);
    this.#stream.send({ ID: leaseID });
  }

  isSilent({ leaseID }: LeaseKeeper): void {
    const message = `No answer to the renewal of lease ${leaseID.toString(16)}.`;
    const endpoint = this.#stream.endpoint ?? '';
    this.#stream.renew({ kind: 'unknown', why: 'deadline', message, endpoint, tried: [] });
  }

  remove(keeper: LeaseKeeper): void {
    const kept = this.#keepers.get(keeper.leaseID);
    kept?.delete(keeper);
    if (kept?.size === 0) this.#keepers.delete(keeper.leaseID);
    if (this.#keepers.size > 0) return;
    this.#stream.stop();
    this.#broken();
  }

  /** Loses every lease with this error, now and from now on. */
  endAll(error: EtcdError): void {
    this.#closed = error;
    this.#loseAll(error);
  }

  #loseAll(error: EtcdError): void {
    for (const keeper of this.#all()) keeper.lose({ kind: 'failed', error });
  }

  #broken(): void {
    this.#isOpen = false;
    this.#asked.clear();
    for (const keeper of this.#all()) keeper.pause();
  }

  #all(): readonly LeaseKeeper[] {
    return [...this.#keepers.values()].flatMap((kept) => [...kept]);
  }
}

const keepAliveCodec = lazyCodec(
  () => import('../wire/generated/lease.js'),
  'LeaseKeepAliveRequest',
  'LeaseKeepAliveResponse',
);
