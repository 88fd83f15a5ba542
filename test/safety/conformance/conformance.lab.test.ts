import { expect, test } from 'vitest';
import { runProof } from '../real/command.js';

interface Document {
  readonly versions: readonly string[];
  readonly cases: number;
  readonly modelAllowsLess: number;
  readonly unexplained: number;
  readonly goldens: { readonly played: number; readonly same: number };
}

/** The oldest rules and the newest; all four are compared by `npm run conformance`. */
const MINORS = ['3.4', '3.7'];

test(
  `etcd ${MINORS.join(' and ')} answer as the model does, or less and for a known reason`,
  { timeout: 600_000 },
  async () => {
    const versions = MINORS.map((minor) => `--version=${minor}`);
    const said = await runProof<Document>('conformance', ['--short', ...versions]);
    expect(said.versions).toHaveLength(MINORS.length);
    expect(said.cases).toBeGreaterThanOrEqual(40 * MINORS.length);
    expect(said).toMatchObject({ modelAllowsLess: 0, unexplained: 0 });
    expect(said.goldens.played).toBeGreaterThan(0);
    expect(said.goldens.same).toBe(said.goldens.played);
  },
);
