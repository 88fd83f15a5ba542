import { Worker } from 'node:worker_threads';
import type { Batch, BatchResult, SeedFailure } from './batch.js';
import { type Coverage, addCoverage } from './coverage.js';

const BATCH_SEEDS = 50;
const BATCHES_OF_THREAD = 50;
/** Short-lived objects are nearly all there is; with more room for them they are seldom looked at. */
const YOUNG_MB = 48;

export interface SwarmOptions {
  readonly seeds: Iterable<number>;
  readonly workers: number;
  readonly broken?: string;
  /** After so many failures it is enough. */
  readonly failuresMax: number;
  readonly onProgress: (sum: SwarmResult) => void;
}

export interface SwarmResult {
  seeds: number;
  converged: number;
  blocked: number;
  readonly failures: SeedFailure[];
  readonly coverage: Coverage;
  /** Of all threads together. */
  cpuMs: number;
}

/** Spreads seeds over threads. Each seed is a world of its own, so the sum does not depend on who ran it. */
export async function runSwarm(options: SwarmOptions): Promise<SwarmResult> {
  const sum: SwarmResult = {
    seeds: 0,
    converged: 0,
    blocked: 0,
    failures: [],
    coverage: new Map(),
    cpuMs: 0,
  };
  const started = process.cpuUsage();
  const seeds = options.seeds[Symbol.iterator]();
  const nextBatch = (): Batch | undefined => {
    if (sum.failures.length >= options.failuresMax) return undefined;
    const batch: number[] = [];
    while (batch.length < BATCH_SEEDS) {
      const next = seeds.next();
      if (next.done === true) break;
      batch.push(next.value);
    }
    if (batch.length === 0) return undefined;
    return { seeds: batch, ...(options.broken === undefined ? {} : { broken: options.broken }) };
  };
  await Promise.all(
    Array.from({ length: options.workers }, () =>
      runWorker(nextBatch, (result) => {
        sum.seeds += result.seeds;
        sum.converged += result.converged;
        sum.blocked += result.blocked;
        sum.failures.push(...result.failures);
        addCoverage(sum.coverage, result.coverage);
        options.onProgress(sum);
      }),
    ),
  );
  const { user, system } = process.cpuUsage(started);
  sum.cpuMs = (user + system) / 1000;
  sum.failures.sort((a, b) => a.seed - b.seed);
  return sum;
}

/**
 * One thread after the other: controllers that were killed in the middle of a wait stay in Node's own list of composite
 * signals for ever, with their worlds, so a thread is given up after a while.
 */
async function runWorker(
  nextBatch: () => Batch | undefined,
  onResult: (result: BatchResult) => void,
): Promise<void> {
  let isOver = false;
  const counted = (): Batch | undefined => {
    const batch = nextBatch();
    isOver ||= batch === undefined;
    return batch;
  };
  while (!isOver) {
    let left = BATCHES_OF_THREAD;
    await runThread(() => (left-- > 0 ? counted() : undefined), onResult);
  }
}

function runThread(
  nextBatch: () => Batch | undefined,
  onResult: (result: BatchResult) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    const sendNext = () => {
      const batch = nextBatch();
      if (batch === undefined) void worker.terminate().then(() => resolve());
      else worker.postMessage(batch);
    };
    worker.on('message', (result: BatchResult) => {
      onResult(result);
      sendNext();
    });
    worker.on('error', reject);
    sendNext();
  });
}
