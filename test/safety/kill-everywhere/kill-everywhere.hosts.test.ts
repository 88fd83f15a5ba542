import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type TestContext, expect, test } from 'vitest';
import { longFormOnly, skipWithoutHosts } from '../../lab/hosts/suite.js';

/** As `npm run test:hosts` has built it: nothing is built again under hosts that run. */
const PROOF = fileURLToPath(
  new URL('../../../.tmp/safety/test/safety/kill-everywhere/main.js', import.meta.url),
);
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

interface Row {
  readonly operation: string;
  readonly points: number;
  readonly resumed: number;
}

interface Document {
  readonly operations: readonly Row[];
  readonly points: number;
  readonly resumed: number;
}

/** Fails with all that the proof said when it ends other than well. */
async function proof(context: TestContext, ...args: readonly string[]): Promise<Document> {
  const words = [PROOF, '--driver', 'ssh', ...args, '-o', 'json'];
  const { signal } = context;
  const options = { maxBuffer: OUTPUT_BYTES_MAX, signal, killSignal: 'SIGTERM' } as const;
  const ran = await promisify(execFile)(process.execPath, words, options).catch(
    (error: Error & { readonly stdout?: string; readonly stderr?: string }) => {
      throw new Error(`${error.message}\n${error.stdout ?? ''}\n${error.stderr ?? ''}`);
    },
  );
  return JSON.parse(ran.stdout) as Document;
}

test('a controller is killed in a birth, a growth, a removal and a change of flags: the next one brings each to its end', async (context) => {
  skipWithoutHosts(context);
  const { operations } = await proof(context, '--walk');
  expect(operations).toMatchObject(
    ['birth', 'flags', 'grow', 'shrink'].map((operation) => ({
      operation,
      points: 1,
      resumed: 1,
    })),
  );
});

test(
  'on hosts too, a controller that is killed anywhere is followed by one that comes to the same end',
  { timeout: 900_000 },
  async (context) => {
    skipWithoutHosts(context);
    longFormOnly(context);
    const { operations, points, resumed } = await proof(context, '--short');
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
