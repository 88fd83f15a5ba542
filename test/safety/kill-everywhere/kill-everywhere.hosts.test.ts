import { expect, test } from 'vitest';
import { longFormOnly, skipWithoutHosts } from '../../lab/hosts/suite.js';
import { runProof } from '../real/command.js';

interface Document {
  readonly operations: readonly { readonly operation: string; readonly points: number }[];
  readonly points: number;
  readonly resumed: number;
}

test(
  'on hosts too, a controller that is killed anywhere is followed by one that comes to the same end',
  { timeout: 600_000 },
  async (context) => {
    skipWithoutHosts(context);
    longFormOnly(context);
    const { operations, points, resumed } = await runProof<Document>('kill-everywhere', [
      '--driver',
      'ssh',
      '--short',
    ]);
    expect(operations.map(({ operation }) => operation)).toEqual([
      'birth',
      'restart',
      'replace-lost',
      'rename',
      'down',
      'up',
    ]);
    // Not every point is met a second time; most are.
    for (const { points: own } of operations) expect(own).toBeGreaterThan(0);
    expect(resumed).toBe(points);
  },
);
