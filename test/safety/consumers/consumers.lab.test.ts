import { expect, test } from 'vitest';
import { kubePrograms } from '../../lab/kube/programs.js';
import { whyNoNetwork } from '../../lab/isolation.js';
import { runProof } from '../real/command.js';

const programs = await kubePrograms();
const why = typeof programs === 'string' ? programs : await whyNoNetwork();
if (why !== undefined) process.stderr.write(`consumers.lab.test.ts is skipped: ${why}\n`);

test.skipIf(why !== undefined)(
  'a real kube-apiserver and a real flanneld follow when every member is exchanged',
  async () => {
    const said = await runProof<{ readonly failed: string | null }>('consumers', []);
    expect(said.failed).toBeNull();
  },
);

test.skipIf(why !== undefined)(
  'without being told they are left behind, and flanneld says that it is healthy',
  async () => {
    const run = runProof('consumers', ['--untold']);
    await expect(run).rejects.toThrow(/healthz says 200[\s\S]*Waited 10000 ms for: a route/);
  },
);
