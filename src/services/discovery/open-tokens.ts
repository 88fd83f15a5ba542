import { looksSealed } from './sealed-token.js';
import { type TokenRecord, isClosed } from './store.js';

/**
 * Tokens that this service keeps something of for whoever asked, and that are not complete yet: those it wrote itself, and
 * those of sealed names that somebody has registered at. A limit on them keeps one who asks without end from filling the
 * etcd; it is of this process and forgotten with it.
 */
export class OpenTokens {
  /** When each expires; undefined: it does not. */
  readonly #untilMs = new Map<string, number | undefined>();

  /** Of those that have not expired by now. */
  count(nowMs: number, enough: number): number {
    if (this.#untilMs.size < enough) return this.#untilMs.size;
    for (const [token, untilMs] of this.#untilMs) {
      if (untilMs !== undefined && untilMs <= nowMs) this.#untilMs.delete(token);
    }
    return this.#untilMs.size;
  }

  made(token: string, untilMs: number | undefined): void {
    this.#untilMs.set(token, untilMs);
  }

  /** Each registration of the store, through whichever service it came. */
  registered(record: TokenRecord): void {
    const { token } = record;
    if (isClosed(record)) this.#untilMs.delete(token);
    else if (looksSealed(token)) this.#untilMs.set(token, undefined);
  }
}
