/**
 * npm run simulate -- --seeds N [--first F] [--seed S] [--trace] [--broken NAME] [-o text|json]
 *
 * The real controller and planner against a simulated world, in virtual time. Every seed is another kind of world; the
 * same seed is always the same one.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { conclude, progress } from '../command.js';
import { breakingBy, breakingNames } from './broken.js';
import { keptSeeds } from './kept.js';
import { traceOf, verdictOf } from './report.js';
import { type SeedResult, runSeed } from './run-seed.js';
import { runSwarm } from './swarm.js';

const WORKERS_MAX = 2;
const FAILURES_MAX = 20;
const PROGRESS_MS = 10_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    broken: { type: 'string' },
    workers: { type: 'string' },
    output: { type: 'string', short: 'o', default: 'text' },
  },
});

const breaking = values.broken === undefined ? undefined : breakingBy(values.broken);
async function runOne(seed: number): Promise<void> {
  const result = await traced(seed);
  const { failure, ends, virtualMs } = result;
  conclude(
    {
      json: { seed, violations: failure === undefined ? 0 : 1, failure, ends, virtualMs },
      text: values.trace
        ? traceOf(result)
        : `seed ${seed}: ${failure === undefined ? ends.join(', ') : `${failure.rule}: ${failure.what}`}`,
      ok: failure === undefined,
    },
    values.output,
  );
}

async function runMany(): Promise<void> {
  const startedMs = performance.now();
  let saidMs = startedMs;
  const cores = Math.min(WORKERS_MAX, availableParallelism());
  const sum = await runSwarm({
    seeds: allSeeds(Number(values.first), Number(values.seeds)),
    workers: values.workers === undefined ? cores : Number(values.workers),
    ...(values.broken === undefined ? {} : { broken: values.broken }),
    // One is enough to know that a mistake is caught.
    failuresMax: values.broken === undefined ? FAILURES_MAX : 1,
    onProgress: ({ seeds, failures }) => {
      if (performance.now() - saidMs < PROGRESS_MS) return;
      saidMs = performance.now();
      progress(`${seeds} seeds, ${failures.length} violations`);
    },
  });
  const [first] = sum.failures;
  const shown = first === undefined ? undefined : await traced(first.seed);
  conclude(verdictOf(sum, (performance.now() - startedMs) / 1000, shown), values.output);
}

/** Those that failed once come first. */
function* allSeeds(first: number, count: number): Iterable<number> {
  if (values.broken === undefined) for (const { seed } of keptSeeds()) yield seed;
  for (let i = 0; i < count; i++) yield first + i;
}

function traced(seed: number): Promise<SeedResult> {
  const broken = breaking === undefined ? {} : { breaking };
  return runSeed(seed, { coverage: new Map(), tracing: true, ...broken });
}

if (values.broken !== undefined && breaking === undefined) {
  progress(`--broken is one of: ${breakingNames().join(', ')}`);
  process.exitCode = 2;
} else if (values.seed === undefined) {
  await runMany();
} else {
  await runOne(Number(values.seed));
}
