import { expect, test } from 'vitest';
import { runProof } from '../real/command.js';

interface Document {
  readonly operations: readonly { readonly operation: string; readonly points: number }[];
  readonly points: number;
  readonly resumed: number;
}

test(
  'a controller that is killed anywhere is followed by one that comes to the same end',
  { timeout: 600_000 },
  async () => {
    const { operations, points, resumed } = await runProof<Document>('kill-everywhere', [
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
    expect(points).toBeGreaterThanOrEqual(12);
    expect(resumed).toBe(points);
  },
);

test(
  'so is one that is killed while a cluster turns to TLS, or exchanges its authorities',
  { timeout: 600_000 },
  async () => {
    const words = ['--operation', 'to-tls', '--operation', 'rotate-ca', '--points', '2'];
    const { operations, points, resumed } = await runProof<Document>('kill-everywhere', words);
    expect(operations.map(({ operation }) => operation)).toEqual(['to-tls', 'rotate-ca']);
    for (const { points: own } of operations) expect(own).toBeGreaterThan(0);
    expect(resumed).toBe(points);
  },
);
