import { expect, test } from 'vitest';
import { LONG, MINORS } from '../../lab/matrix.js';
import { runProof } from '../real/command.js';

interface Document {
  readonly versions: readonly string[];
  readonly operations: number;
  readonly changes: number;
  readonly faults: number;
  readonly cuts: boolean;
  readonly noCutsBecause: string | null;
  readonly anomalies: number;
  readonly examples: readonly string[];
}

/** The oldest and the newest; all of them, with every fault and three seeds, by QUORATE_LONG=1. */
const RUN = LONG ? MINORS : (['3.4', '3.7'] as const);
const HOW = LONG ? ['--seeds=3'] : ['--short'];

test(
  `etcd ${RUN.join(', ')} under faults: histories are linearizable, nothing acknowledged is lost, watches see all`,
  { timeout: LONG ? 3_600_000 : 300_000 },
  async () => {
    const versions = RUN.map((minor) => `--version=${minor}`);
    const said = await runProof<Document>('linearizability', [...HOW, ...versions]);
    expect(said.examples).toEqual([]);
    expect(said).toMatchObject({ anomalies: 0, undecided: 0, lost: 0, fromNowhere: 0 });
    expect(said).toMatchObject({ twice: 0, watchFaults: 0 });
    expect(said.versions).toHaveLength(RUN.length);
    expect(said.operations).toBeGreaterThan(1_000 * RUN.length);
    expect(said.changes).toBeGreaterThan(100 * RUN.length);
    // Where nobody could be cut off, the document says why, and the command said it aloud.
    expect(said.cuts).toBe(said.noCutsBecause === null);
  },
);

test('clients that read what one member has are found out', { timeout: 300_000 }, async () => {
  const run = runProof<Document>('linearizability', ['--stale', '--version=3.6']);
  await expect(run).rejects.toThrow(/"anomalies":[1-9]/);
});
