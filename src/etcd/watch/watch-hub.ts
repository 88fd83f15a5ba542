import { revisionOf } from '../api/common.js';
import { lazyCodec } from '../calls/codec.js';
import { LastingStream, type LastingParts } from '../calls/lasting-stream.js';
import type { EtcdError } from '../errors.js';
import { errorOfStatus } from '../known-answers.js';
import { rpcs } from '../rpcs.js';
import type * as Wire from '../wire/generated/watch.js';
import { endedByError, type Watch, type WatchHost } from './watch.js';

/** The server's own mark for answers that belong to no watch, and for watches it did not create. */
const NO_WATCH = -1n;

/**
 * Many watches on one stream. A watch is known to the server by a number that is ours and never used twice, so that
 * what still arrives for an older life of a watch is told apart and dropped.
 */
export class WatchHub implements WatchHost {
  readonly #stream: LastingStream<Wire.WatchRequest, Wire.WatchResponse>;
  readonly #watches = new Set<Watch>();
  readonly #byID = new Map<bigint, Watch>();
  readonly #ids = new Map<Watch, bigint>();
  /** Asked for and not answered yet, in the order in which the server answers. */
  readonly #creating: bigint[] = [];
  #lastID = 0n;
  #isOpen = false;

  constructor(parts: LastingParts) {
    this.#stream = new LastingStream(parts, rpcs.watch, watchCodec, {
      onOpen: () => this.#opened(),
      onMessage: (response) => this.#take(response),
      onBreak: () => this.#broken(),
      onGivenUp: (error) => this.endAll(error),
    });
  }

  add(watch: Watch): void {
    if (watch.isEnded) return;
    this.#watches.add(watch);
    if (this.#isOpen) this.#create(watch);
    else this.#stream.start();
  }

  remove(watch: Watch): void {
    this.#watches.delete(watch);
    this.#cancelAtServer(watch);
    if (this.#watches.size > 0) return;
    this.#stream.stop();
    this.#broken();
  }

  resume(watch: Watch): void {
    if (this.#isOpen && this.#watches.has(watch)) this.#create(watch);
  }

  requestProgress(): void {
    this.#stream.send({ requestUnion: { $case: 'progressRequest', progressRequest: {} } });
  }

  /** Ends every watch with this error. */
  endAll(error: EtcdError): void {
    const watches = [...this.#watches];
    this.#watches.clear();
    this.#stream.stop();
    this.#broken();
    for (const watch of watches) watch.end(endedByError(error));
  }

  #opened(): void {
    this.#isOpen = true;
    for (const watch of this.#watches) if (!watch.isPaused) this.#create(watch);
  }

  #broken(): void {
    this.#isOpen = false;
    this.#byID.clear();
    this.#ids.clear();
    this.#creating.length = 0;
  }

  #create(watch: Watch): void {
    const id = ++this.#lastID;
    this.#byID.set(id, watch);
    this.#ids.set(watch, id);
    this.#creating.push(id);
    const createRequest = watch.createRequest(id);
    this.#stream.send({ requestUnion: { $case: 'createRequest', createRequest } });
  }

  #cancelAtServer(watch: Watch): void {
    const watchId = this.#ids.get(watch);
    if (watchId === undefined) return;
    this.#ids.delete(watch);
    this.#byID.delete(watchId);
    this.#stream.send({ requestUnion: { $case: 'cancelRequest', cancelRequest: { watchId } } });
  }

  #take(response: Wire.WatchResponse): void {
    const id = response.created ? this.#createdID(response.watchId) : response.watchId;
    if (id === NO_WATCH && !response.canceled) {
      for (const each of this.#byID.values())
        each.progress(revisionOf(response.header?.revision ?? 0n));
      return;
    }
    const watch = this.#byID.get(id);
    if (watch === undefined) return;
    watch.take(response);
    if (response.canceled) this.#canceled(id, watch, response);
    else if (watch.isPaused) this.#cancelAtServer(watch);
  }

  /** A watch that the server would not create is answered with no number, but in its turn. */
  #createdID(id: bigint): bigint {
    if (id === NO_WATCH) return this.#creating.shift() ?? NO_WATCH;
    const index = this.#creating.indexOf(id);
    if (index >= 0) this.#creating.splice(index, 1);
    return id;
  }

  #canceled(id: bigint, watch: Watch, { compactRevision, cancelReason }: Wire.WatchResponse): void {
    this.#byID.delete(id);
    this.#ids.delete(watch);
    if (compactRevision > 0n) {
      this.#watches.delete(watch);
      const message = `The changes from revision ${watch.nextRevision} on are compacted up to ${compactRevision}.`;
      watch.end({ kind: 'compacted', compactRevision: revisionOf(compactRevision), message });
    } else {
      const error = errorOfReason(cancelReason, this.#stream.endpoint ?? '');
      if (error.kind !== 'refused' || error.reason === 'no-leader' || isToken(error.reason)) {
        // The member's own trouble: the next stream goes elsewhere, or comes with a new token.
        this.#stream.renew(error);
        return;
      }
      this.#watches.delete(watch);
      watch.end(endedByError(error));
    }
    if (this.#watches.size === 0) {
      this.#stream.stop();
      this.#broken();
    }
  }
}

/** etcd gives the reason as Go prints an error: `rpc error: code = PermissionDenied desc = etcdserver: …`. */
function errorOfReason(reason: string, endpoint: string): EtcdError {
  const text = reason.replace(/^rpc error: code = \w+ desc = /, '');
  return errorOfStatus(UNKNOWN_CODE, text, endpoint);
}
const UNKNOWN_CODE = 2;

const isToken = (reason: string): boolean =>
  reason === 'invalid-auth-token' || reason === 'auth-revision-old';

const watchCodec = lazyCodec(
  () => import('../wire/generated/watch.js'),
  'WatchRequest',
  'WatchResponse',
);
