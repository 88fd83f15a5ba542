import { unsafeBrand, type Revision } from '../../base/index.js';
import { keyValueOf, type KeyValue } from '../api/common.js';
import type { EtcdError } from '../errors.js';
import type * as MVCC from '../wire/generated/mvcc.js';

/** One change of one key. */
export interface WatchEvent {
  readonly kind: 'put' | 'delete';
  /** As it is after the change; of a deletion only the key and its `modRevision`. */
  readonly kv: KeyValue;
  /** As it was before, when asked for and not yet compacted. */
  readonly previous: KeyValue | undefined;
}

/** What a watch gives to its reader. */
export type WatchItem =
  /** Changes in the order of their revisions; those of one revision are never torn apart. */
  | { readonly kind: 'events'; readonly revision: Revision; readonly events: readonly WatchEvent[] }
  /** Every change up to this revision has been given. Only when asked for. */
  | { readonly kind: 'progress'; readonly revision: Revision }
  /** The last item of a watch that its reader did not end. */
  | { readonly kind: 'ended'; readonly end: WatchEnd };

/** Why a watch is over though its reader wanted more. */
export type WatchEnd =
  /** Changes were missed: those before `compactRevision` are forgotten. Read the keys anew and watch from there. */
  | { readonly kind: 'compacted'; readonly compactRevision: Revision; readonly message: string }
  /** Refused in a way that no other try would change, or the client was closed. */
  | { readonly kind: 'failed'; readonly error: EtcdError };

const NONE = new Uint8Array(0);

export const eventOf = ({ type, kv, prevKv }: MVCC.Event): WatchEvent => ({
  kind: type === 1 ? 'delete' : 'put',
  kv: keyValueOf(
    kv ?? {
      key: NONE,
      value: NONE,
      createRevision: 0n,
      modRevision: 0n,
      version: 0n,
      lease: 0n,
    },
  ),
  previous: prevKv === undefined ? undefined : keyValueOf(prevKv),
});

export const sizeOf = ({ kv, previous }: WatchEvent): number =>
  EVENT_BYTES + kv.key.length + kv.value.length + (previous?.value.length ?? 0);

/** What an event weighs beside its key and values, about. */
const EVENT_BYTES = 200;

/**
 * Puts together what the server cut into fragments, as far as whole revisions go: a watch that is taken up again
 * goes on after the last whole one. Holds the changes of one revision, no more.
 */
export class RevisionJoiner {
  #held: WatchEvent[] = [];

  /** The events that are known to be whole now, those before `from` left out. */
  push(events: readonly WatchEvent[], isFragment: boolean, from: bigint): readonly WatchEvent[] {
    const fresh = events.filter(({ kv }) => kv.modRevision >= from);
    const all = this.#held.length === 0 ? fresh : [...this.#held, ...fresh];
    this.#held = [];
    const last = all.at(-1)?.kv.modRevision;
    if (!isFragment || last === undefined) return all;
    const start = all.findIndex(({ kv }) => kv.modRevision === last);
    this.#held = all.slice(start);
    return all.slice(0, start);
  }

  forget(): void {
    this.#held = [];
  }
}

export const revisionAfter = (revision: Revision): Revision => unsafeBrand<Revision>(revision + 1n);
