import type { Clock } from '../../base/index.js';
import type { CallResult, EtcdError } from '../../etcd/index.js';

/** Members answer a list in a few milliseconds; after this long the next one is asked as well. */
export const HEDGE_MS = 150;

/**
 * For requests that change something: the next endpoint is asked only when the one before certainly did nothing, for
 * reasons of its own. Undefined without endpoints.
 */
export async function oneAfterAnother<T>(
  endpoints: readonly string[],
  send: (endpoint: string) => Promise<CallResult<T>>,
): Promise<CallResult<T> | undefined> {
  let last: CallResult<T> | undefined;
  for (const endpoint of endpoints) {
    last = await send(endpoint);
    if (last.ok || !anotherMayTakeIt(last.error)) return last;
  }
  return last;
}

function anotherMayTakeIt(error: EtcdError): boolean {
  switch (error.kind) {
    case 'refused':
      return error.reason === 'no-leader' || error.reason === 'learner-unsupported';
    case 'not-sent':
      return error.why !== 'cancelled' && error.why !== 'closed';
    case 'unknown':
      return false;
  }
}

/**
 * For reads: asks one endpoint, and the next when it fails or takes long; the first good answer counts and ends the
 * others. The error of the first endpoint when all fail. Undefined without endpoints.
 */
export async function firstAnswer<T>(
  endpoints: readonly string[],
  clock: Clock,
  signal: AbortSignal,
  ask: (endpoint: string, signal: AbortSignal) => Promise<CallResult<T>>,
): Promise<CallResult<T> | undefined> {
  const done = new AbortController();
  const inner = AbortSignal.any([signal, done.signal]);
  const asked: Promise<CallResult<T>>[] = [];
  let best: Promise<CallResult<T>> | undefined;
  try {
    for (const endpoint of endpoints) {
      asked.push(ask(endpoint, inner));
      best = firstGood(asked);
      const early = await Promise.race([best, pause(clock, inner)]);
      if (early?.ok === true || signal.aborted) break;
    }
    return await best;
  } finally {
    done.abort();
  }
}

const pause = (clock: Clock, signal: AbortSignal): Promise<undefined> =>
  clock.sleep(HEDGE_MS, signal).then(
    () => undefined,
    () => undefined,
  );

/** The first that is good, else the first in the list, once all have ended. */
async function firstGood<T>(results: readonly Promise<CallResult<T>>[]): Promise<CallResult<T>> {
  try {
    return await Promise.any(
      results.map(async (result) => {
        const value = await result;
        if (!value.ok) throw new NotGood();
        return value;
      }),
    );
  } catch (error) {
    const [first] = await Promise.all(results);
    if (first === undefined) throw error;
    return first;
  }
}

class NotGood extends Error {}
