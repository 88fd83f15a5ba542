import type { Clock } from '../../base/index.js';
import type { Endpoint } from '../endpoints.js';
import type { CallResult, EtcdError } from '../errors.js';

/** How one pass over the endpoints ended: with a result that settles the call, or with a failure of each. */
export interface Round<T> {
  readonly result: CallResult<T> | undefined;
  /** Of the endpoints that were tried and did not settle it, oldest first. */
  readonly failures: readonly EtcdError[];
}

export interface HedgedCall<T> {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
  readonly afterMs: number;
  readonly signal: AbortSignal | undefined;
  readonly attempt: (
    endpoint: Endpoint,
    index: number,
    signal: AbortSignal,
  ) => Promise<CallResult<T>>;
  readonly isFinal: (result: CallResult<T>) => boolean;
  /** Whether one more call may be sent twice. */
  readonly takeHedge: () => boolean;
  /** Calls back when an endpoint is taken out; answers how to take that back. */
  readonly whenOut: (endpoint: Endpoint, tell: () => void) => () => void;
  /** This endpoint had not answered when another one, asked later, did. */
  readonly onLate: (endpoint: Endpoint) => void;
}

/**
 * Asks the endpoints in their order, the next one when the one before failed, when it is late (and a hedge may be
 * spent), or when it was taken out meanwhile. The first result that settles the matter counts; the others are
 * cancelled. Only for calls that may be repeated.
 */
export function hedged<T>(call: HedgedCall<T>): Promise<Round<T>> {
  const { endpoints, clock, signal } = call;
  const running = new Map<Endpoint, AbortController>();
  const failures: EtcdError[] = [];
  const cleanups: (() => void)[] = [];
  let next = 0;
  let isDone = false;
  let cancelTimer: (() => void) | undefined;
  return new Promise((resolve, reject) => {
    const finish = (result: CallResult<T> | undefined) => {
      isDone = true;
      cancelTimer?.();
      for (const clean of cleanups) clean();
      for (const [endpoint, controller] of running) {
        if (result?.ok === true) call.onLate(endpoint);
        controller.abort();
      }
      resolve({ result, failures });
    };
    const settle = (endpoint: Endpoint, result: CallResult<T>) => {
      running.delete(endpoint);
      if (isDone) return;
      if (result.ok || call.isFinal(result)) {
        finish(result);
        return;
      }
      failures.push(result.error);
      if (next < endpoints.length) start();
      else if (running.size === 0) finish(undefined);
    };
    const start = () => {
      const index = next++;
      const endpoint = endpoints[index];
      if (endpoint === undefined || isDone) return;
      const controller = new AbortController();
      running.set(endpoint, controller);
      cleanups.push(call.whenOut(endpoint, start));
      cancelTimer?.();
      cancelTimer = clock.after(call.afterMs, () => {
        if (next < endpoints.length && call.takeHedge()) start();
      });
      call
        .attempt(endpoint, index, controller.signal)
        .then((result) => settle(endpoint, result))
        .catch(reject);
    };
    const onAbort = () => {
      for (const controller of running.values()) controller.abort();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    cleanups.push(() => signal?.removeEventListener('abort', onAbort));
    start();
    if (signal?.aborted === true) onAbort();
  });
}
