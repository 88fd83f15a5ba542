import { Worker } from 'node:worker_threads';
import type { CaseResult } from './case.js';
import type { Depth } from './cases.js';

/** What a worker is told and what it gives back; planners are functions, so it takes the real one itself. */
export interface Assignment {
  readonly depth: Depth;
  readonly name: string;
}

/** Spreads cases over threads, each with one case at a time; results come back in the order of the names. */
export async function exploreSideBySide(options: {
  readonly depth: Depth;
  readonly names: readonly string[];
  readonly workers: number;
  readonly onCase: (result: CaseResult) => void;
}): Promise<readonly CaseResult[]> {
  const { depth, names, onCase } = options;
  const waiting = [...names];
  const results = new Map<string, CaseResult>();
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      // A thread for each case: what it remembered of the last one is gone at once.
      const result = await exploreAlone({ depth, name });
      results.set(name, result);
      onCase(result);
    }
  };
  const threads = Math.max(1, Math.min(options.workers, names.length));
  await Promise.all(Array.from({ length: threads }, work));
  return names.flatMap((name) => results.get(name) ?? []);
}

function exploreAlone(assignment: Assignment): Promise<CaseResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.js', import.meta.url), {
      workerData: assignment,
      resourceLimits: { maxOldGenerationSizeMb: 3072 },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (code !== 0) reject(new Error(`exploring "${assignment.name}" ended with code ${code}`));
    });
  });
}
