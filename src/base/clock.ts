import { type Brand, unsafeBrand } from './brand.js';

/** Milliseconds since the epoch. */
export type Instant = Brand<number, 'Instant'>;
export const instantOf = (epochMs: number): Instant => unsafeBrand<Instant>(epochMs);

/** Time as an argument: nothing outside `base` and `main` reads the machine's clock. */
export interface Clock {
  now(): Instant;
  /** Milliseconds that never go back; only differences mean anything. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `then` once after `ms`, unless the function it answers is called first. For deadlines. */
  after(ms: number, then: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => instantOf(Date.now()),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal.addEventListener('abort', onAbort, { once: true });
    }),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
