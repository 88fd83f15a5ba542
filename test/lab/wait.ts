import { setTimeout as sleep } from 'node:timers/promises';

/** How often a condition that cannot be awaited is looked at. */
const LOOK_EVERY_MS = 50;
/** Long enough for the slowest thing a healthy cluster does here; a test that needs longer says so. */
export const PATIENCE_MS = 90_000;

/**
 * Looks until `look` answers something, and fails with what was seen last when it does not.
 * `look` answers `{ done: value }` when it has what was wanted, else `{ seen: … }` for the failure message.
 */
export async function until<T>(
  what: string,
  look: () => Promise<{ readonly done: T } | { readonly seen: unknown }>,
  { timeoutMs = PATIENCE_MS, everyMs = LOOK_EVERY_MS, signal }: WaitOptions = {},
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await look();
    if ('done' in answer) return answer.done;
    if (performance.now() > end) {
      throw new Error(`Waited ${timeoutMs} ms for: ${what}. Seen last: ${show(answer.seen)}`);
    }
    await sleep(everyMs, undefined, signal === undefined ? {} : { signal });
  }
}

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

const show = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value, undefined, 1);
