import { breakingBy } from './broken.js';
import { type SeedResult, runSeed } from './run-seed.js';

/** Seeds from `first`, `count` of them; a batch is what one worker does between two messages. */
export interface Batch {
  readonly seeds: readonly number[];
  /** The name of a mistake that is built in. */
  readonly broken?: string;
}

/** Plain data, so that it can cross to another thread. */
export interface BatchResult {
  readonly seeds: number;
  readonly converged: number;
  readonly blocked: number;
  readonly failures: readonly SeedFailure[];
  readonly coverage: readonly (readonly [string, number])[];
}

export interface SeedFailure {
  readonly seed: number;
  readonly rule: string;
  readonly what: string;
}

export async function runBatch({ seeds, broken }: Batch): Promise<BatchResult> {
  const coverage = new Map<string, number>();
  const breaking = broken === undefined ? undefined : breakingBy(broken);
  const failures: SeedFailure[] = [];
  let converged = 0;
  let blocked = 0;
  for (const seed of seeds) {
    const result = await runSeed(seed, {
      coverage,
      tracing: false,
      ...(breaking === undefined ? {} : { breaking }),
    });
    if (result.failure !== undefined) failures.push(failureOf(result));
    else if (result.ends.every((end) => end === 'converged')) converged++;
    else blocked++;
  }
  return { seeds: seeds.length, converged, blocked, failures, coverage: [...coverage] };
}

const failureOf = ({ seed, failure }: SeedResult): SeedFailure => ({
  seed,
  rule: failure?.rule ?? '',
  what: failure?.what ?? '',
});
