import type { KeyRange } from '../api/common.js';
import type { LastingParts } from '../calls/lasting-stream.js';
import type { EtcdError } from '../errors.js';
import { endedByError, Watch, type WatchOptions } from './watch.js';
import { WatchHub } from './watch-hub.js';

/** Following changes. All watches of a client share one stream. */
export class WatchAPI {
  readonly #hub: WatchHub;
  #closed: EtcdError | undefined;

  constructor(parts: LastingParts) {
    this.#hub = new WatchHub(parts);
  }

  /**
   * Follows the changes of a key or a range. Nothing is thrown for what a server or a network may do: the watch goes on
   * over every break from the last revision it has given, for as long as it takes, and a last item `ended` says so when
   * it cannot.
   *
   * @example
   * for await (const item of client.watch.open({ prefix: 'jobs/' }, { startRevision })) {
   *   if (item.kind === 'events') for (const { kind, kv } of item.events) console.log(kind, textOf(kv.key));
   *   if (item.kind === 'ended') console.error(item.end);
   * }
   */
  open(range: KeyRange, options: WatchOptions = {}): Watch {
    const watch = new Watch(range, options, this.#hub);
    if (this.#closed === undefined) this.#hub.add(watch);
    else watch.end(endedByError(this.#closed));
    return watch;
  }

  /** For the client that closes. */
  close(error: EtcdError): void {
    this.#closed = error;
    this.#hub.endAll(error);
  }
}
