import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const run = promisify(execFile);
const MAIN = '.tmp/safety/test/safety/simulate/main.js';

/** Its verdict, whether or not it holds. */
async function simulate(...args: readonly string[]): Promise<string> {
  const options = { maxBuffer: 64 * 1024 * 1024 };
  try {
    return (await run(process.execPath, [MAIN, ...args], options)).stdout;
  } catch (error) {
    return String((error as { readonly stdout?: unknown }).stdout ?? error);
  }
}

interface Verdict {
  readonly seeds: number;
  readonly violations: number;
  readonly converged: number;
  readonly failures: readonly { readonly seed: number; readonly rule: string }[];
  readonly coverage: Readonly<Record<string, number>>;
}
const verdict = async (...args: readonly string[]): Promise<Verdict> =>
  JSON.parse(await simulate(...args, '-o', 'json')) as Verdict;

/** What a run must have met, or it proves less than it seems to. */
const MUST_HAPPEN = [
  ...['start-member', 'stop-member', 'add-learner', 'promote-learner', 'move-leader'].map(
    (step) => `step: ${step}`,
  ),
  ...['start-gateway', 'stop-gateway'].map((step) => `step: ${step}`),
  ...['remove-member', 'update-peer-urls', 'set-aside-data', 'record-birth'].map(
    (step) => `step: ${step}`,
  ),
  ...['applied', 'refused', 'unknown'].map((outcome) => `outcome: ${outcome}`),
  ...['applied', 'refused'].map((end) => `unknown resolved: ${end}`),
  'requests: land late',
  'requests: answer lost',
  'requests: lost on the way',
  'lock: kept off',
  'lock: taken over from a dead one',
  'controllers ended: killed between two instructions',
  'controllers ended: the machine lost its power',
  'controllers ended: its run ended: lock-lost',
  'quorum lost',
  'quorum regained',
  'end: converged',
  'end: blocked: quorum-lost',
];

test('2000 worlds: nothing forbidden happens, and every one comes to its end', async () => {
  const { seeds, violations, converged, failures, coverage } = await verdict('--seeds', '2000');
  expect(failures).toEqual([]);
  expect(violations).toBe(0);
  expect(seeds).toBeGreaterThanOrEqual(2000);
  expect(converged).toBeGreaterThan(seeds / 2);
  expect(MUST_HAPPEN.filter((what) => (coverage[what] ?? 0) === 0)).toEqual([]);
});

test('the same seed is the same world, to the last byte', async () => {
  const [once, again] = await Promise.all([
    simulate('--seed', '11', '--trace'),
    simulate('--seed', '11', '--trace'),
  ]);
  expect(once).toContain('seed 11');
  expect(once.split('\n').length).toBeGreaterThan(30);
  expect(again).toBe(once);
});

describe('a mistake in the controller is noticed', () => {
  test.each([
    'forgets-the-quiet-period',
    'takes-silence-for-refusal',
    'never-looks-at-its-lock',
    'acts-without-its-journal',
    'forgets-whom-it-told-new',
  ])('%s', async (mistake) => {
    const { violations } = await verdict('--seeds', '400', '--broken', mistake);
    expect(violations).toBeGreaterThan(0);
  });
});
