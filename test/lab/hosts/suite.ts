import { type TestContext, afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest';
import { type HostsLab, type HostsOptions, hostsLab } from './lab.js';
import { LONG } from '../matrix.js';
import { whySkipped } from './network-of-run.js';

/** Skips the test, with the reason, where there can be no hosts. For what it does before it asks for some. */
export function skipWithoutHosts({ skip }: TestContext): void {
  const reason = whySkipped();
  if (reason !== undefined) skip(reason);
}

/** Skips the test, saying so, unless the long forms are asked for: they take minutes, and lean on what the short ones show. */
export function longFormOnly({ skip }: TestContext): void {
  if (!LONG) skip('a long form: QUORATE_LONG=1 npm run test:hosts');
}

/** Hosts for one test, taken away at its end; the test is skipped, with the reason, where there can be none. */
export async function hostsFor(context: TestContext, options: HostsOptions): Promise<HostsLab> {
  skipWithoutHosts(context);
  const lab = await hostsLab(options);
  onTestFinished(async () => await lab.dispose());
  return lab;
}

/** Hosts for all tests of a file or a `describe`, which leave them as they found them. Ask for them inside a test. */
export function hostsForAll(options: HostsOptions): () => HostsLab {
  const reason = whySkipped();
  let lab: HostsLab | undefined;
  beforeAll(async () => {
    if (reason === undefined) lab = await hostsLab(options);
  });
  beforeEach(skipWithoutHosts);
  afterAll(async () => await lab?.dispose());
  return () => {
    if (lab === undefined) throw new Error('There are hosts only while a test runs.');
    return lab;
  };
}
