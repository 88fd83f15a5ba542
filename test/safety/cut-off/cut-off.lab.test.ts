import { expect, test } from 'vitest';
import { LONG, MINORS } from '../../lab/matrix.js';
import { runProof } from '../real/command.js';

interface Document {
  readonly rows: readonly {
    readonly client: string;
    readonly cut: string;
    readonly failedFirstSecond: number;
    readonly callsAfter: number;
    readonly failedAfter: number;
  }[];
  readonly cannotRunBecause: string | null;
}

const RUN = LONG ? MINORS : (['3.6'] as const);

test(
  'a follower is cut off from its peers, its clients still connected: healthy fails nothing after the first second',
  { timeout: 300_000 },
  async ({ skip }) => {
    const said = await runProof<Document>(
      'cut-off',
      RUN.map((minor) => `--version=${minor}`),
    );
    if (said.cannotRunBecause !== null) skip(`nobody can be cut off: ${said.cannotRunBecause}`);
    const rows = said.rows.filter(({ cut }) => cut === 'a follower');
    const healthy = rows.filter(({ client }) => client === 'healthy');
    expect(healthy).toHaveLength(RUN.length);
    for (const { callsAfter, failedAfter } of healthy) {
      expect(callsAfter).toBeGreaterThan(100);
      expect(failedAfter).toBe(0);
    }
    // The cut is a real one: others met it.
    const others = rows
      .filter(({ client }) => client !== 'healthy')
      .map((row) => ({ failed: row.failedFirstSecond + row.failedAfter }));
    expect(others.some(({ failed }) => failed > 0)).toBe(true);
  },
);
