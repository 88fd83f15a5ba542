import { assert, err, ok, type Result, type Revision } from '../../base/index.js';
import { headerOf, keyRangeOf, revisionOf, type KeyRange } from '../api/common.js';
import type { EtcdError } from '../errors.js';
import type * as Wire from '../wire/generated/watch.js';
import {
  eventOf,
  RevisionJoiner,
  revisionAfter,
  sizeOf,
  type WatchEnd,
  type WatchItem,
} from './events.js';

export interface WatchOptions {
  /** The first revision whose changes are wanted; without it, those that come from now on. */
  readonly startRevision?: bigint | undefined;
  /** Leave out the other kind of change, already at the server. */
  readonly only?: 'puts' | 'deletes' | undefined;
  /** Give with each change what the key was before. */
  readonly wantPrevious?: boolean | undefined;
  /** Give `progress` items: on a quiet watch about every ten minutes, and after `requestProgress`. */
  readonly wantProgress?: boolean | undefined;
  /** Ends the watch; its loop then ends without a further item. */
  readonly signal?: AbortSignal | undefined;
}

/** What a watch asks of the stream that it shares with others. */
export interface WatchHost {
  remove(watch: Watch): void;
  /** The reader of a watch that was taken off the stream has caught up. */
  resume(watch: Watch): void;
  requestProgress(): void;
}

/** A reader that leaves more than this unread has its watch taken off the stream until it has caught up. */
const UNREAD_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The changes of a range of keys, in order, each once, over every break of the connection.
 *
 * Read it with `for await`; leaving the loop ends the watch. A slow reader slows nobody else down and needs no more
 * memory than 4 MiB and one message: meanwhile its watch waits at the server's history.
 */
export class Watch implements AsyncIterable<WatchItem> {
  readonly #range: KeyRange;
  readonly #options: WatchOptions;
  readonly #host: WatchHost;
  readonly #joiner = new RevisionJoiner();
  readonly #queue: WatchItem[] = [];
  readonly #onAbort = () => this.cancel();
  #unreadBytes = 0;
  #isPaused = false;
  /** Undefined until a watch “from now on” has been created the first time. */
  #next: Revision | undefined;
  #isEnded = false;
  #wake: (() => void) | undefined;
  #tellReady: ((result: Result<Revision, WatchEnd>) => void) | undefined;

  /**
   * The store's revision when the watch was first set up: every later change is seen. An error when it ended before;
   * a watch that its reader cancels before that never settles this.
   */
  readonly ready: Promise<Result<Revision, WatchEnd>>;

  constructor(range: KeyRange, options: WatchOptions, host: WatchHost) {
    this.#range = range;
    this.#options = options;
    this.#host = host;
    const { startRevision, signal } = options;
    if (startRevision !== undefined && startRevision > 0n) this.#next = revisionOf(startRevision);
    this.ready = new Promise((resolve) => {
      this.#tellReady = resolve;
    });
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted === true) this.#isEnded = true;
  }

  /** The first revision that has not been given to the reader's queue; where a new watch would go on. */
  get nextRevision(): Revision | undefined {
    return this.#next;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether it is off the stream because its reader has too much unread. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Ends the watch, here and at the server. What is unread is dropped. */
  cancel(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#queue.length = 0;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#host.remove(this);
    this.#wake?.();
  }

  /** Asks how far the server has told everything; a `progress` item answers once the watch has caught up. */
  requestProgress(): void {
    this.#host.requestProgress();
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchItem, undefined> {
    return {
      next: async () => {
        const value = await this.#nextItem();
        return value === undefined ? { done: true, value } : { done: false, value };
      },
      return: () => {
        this.cancel();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** For the stream: how to create this watch so that it goes on where it stands. */
  createRequest(watchId: bigint): Wire.WatchCreateRequest {
    const { only, wantPrevious } = this.#options;
    this.#joiner.forget();
    this.#isPaused = false;
    return {
      ...keyRangeOf(this.#range),
      watchId,
      startRevision: this.#next ?? 0n,
      filters: only === undefined ? [] : [only === 'puts' ? FILTERS.noDelete : FILTERS.noPut],
      prevKv: wantPrevious === true,
      // Always: they move the point to go on from, so that a quiet watch is not compacted away.
      progressNotify: true,
      fragment: true,
    };
  }

  /** For the stream: what the server says about this watch. */
  take(response: Wire.WatchResponse): void {
    const { revision } = headerOf(response.header);
    if (response.created) this.#created(revision);
    if (response.events.length > 0) {
      this.#events(response);
    } else if (!response.created && !response.canceled) {
      this.#next = laterOf(this.#next, revisionAfter(revision));
      this.progress(revision);
    }
  }

  /** For the stream: everything up to here was told, by an answer to all watches. */
  progress(revision: Revision): void {
    if (this.#options.wantProgress === true) this.#push({ kind: 'progress', revision }, 0);
  }

  /** For the stream: there is no going on. */
  end(end: WatchEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#tellReady?.(err(end));
    this.#queue.push({ kind: 'ended', end });
    this.#wake?.();
  }

  #created(revision: Revision): void {
    this.#next ??= revisionAfter(revision);
    this.#tellReady?.(ok(revision));
    this.#tellReady = undefined;
  }

  #events({ events: wire, fragment }: Wire.WatchResponse): void {
    const events = this.#joiner.push(wire.map(eventOf), fragment, this.#next ?? 0n);
    const last = events.at(-1);
    if (last === undefined) return;
    const revision = last.kv.modRevision;
    this.#next = revisionAfter(revision);
    const bytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
    this.#push({ kind: 'events', revision, events }, bytes);
  }

  #push(item: WatchItem, bytes: number): void {
    this.#queue.push(item);
    this.#unreadBytes += bytes;
    if (this.#unreadBytes > UNREAD_BYTES_MAX) this.#isPaused = true;
    this.#wake?.();
  }

  async #nextItem(): Promise<WatchItem | undefined> {
    assert(this.#wake === undefined, 'two readers of one watch');
    while (this.#queue.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const item = this.#queue.shift();
    if (this.#queue.length === 0) {
      this.#unreadBytes = 0;
      if (this.#isPaused && !this.#isEnded) this.#host.resume(this);
    }
    return item;
  }
}

const FILTERS = { noPut: 0, noDelete: 1 } as const;

const laterOf = (a: Revision | undefined, b: Revision): Revision =>
  a !== undefined && a > b ? a : b;

export const endedByError = (error: EtcdError): WatchEnd => ({ kind: 'failed', error });
