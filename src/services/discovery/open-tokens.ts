import type { Registration } from './store.js';

/**
 * Tokens that this process made for whoever asked, and that are not complete yet. A limit on them keeps one who asks
 * without end from filling the etcd; it is of this process and forgotten with it.
 */
export class OpenTokens {
  readonly #byToken = new Map<string, Open>();

  /** Of those that have not expired by now. */
  count(nowMs: number, enough: number): number {
    if (this.#byToken.size < enough) return this.#byToken.size;
    for (const [token, { untilMs }] of this.#byToken) {
      if (untilMs !== undefined && untilMs <= nowMs) this.#byToken.delete(token);
    }
    return this.#byToken.size;
  }

  made(token: string, size: number, untilMs: number | undefined): void {
    this.#byToken.set(token, { size, untilMs, registered: undefined });
  }

  /** Each registration of the store, through whichever service it came. */
  registered({ token, id }: Registration): void {
    const open = this.#byToken.get(token);
    if (open === undefined) return;
    open.registered ??= new Set();
    open.registered.add(id);
    if (open.registered.size >= open.size) this.#byToken.delete(token);
  }
}

interface Open {
  readonly size: number;
  /** Absent: it does not expire. */
  readonly untilMs: number | undefined;
  registered: Set<string> | undefined;
}
