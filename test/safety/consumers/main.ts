/**
 * Do a real kube-apiserver and a real flanneld follow when every member is exchanged, and are they given back what they had
 * when they are told something that does not work?
 *
 *   npm run consumers -- [--version 3.6] [--untold] [-o text|json]
 *
 * --untold: they are not in the spec. Such a run must find that they are left behind; it shows that the proof sees.
 *
 * Needs root and namespaces, and the two programs (test/lab/kube/build.sh).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runInside, whyNoNetwork } from '../../lab/isolation.js';
import { kubePrograms } from '../../lab/kube/programs.js';
import { until } from '../../lab/wait.js';
import { conclude, machine, progress } from '../command.js';
import { realEtcd } from '../real/etcd.js';
import { Stage } from './stage.js';

const { values } = parseArgs({
  options: {
    version: { type: 'string', default: '3.6' },
    untold: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
    /** For the program itself, when it has put itself into a network of its own. */
    etcd: { type: 'string' },
    directory: { type: 'string' },
  },
});

if (values.directory === undefined) await outside();
else await inside(values.directory, values.etcd ?? '');

async function outside(): Promise<void> {
  const programs = await kubePrograms();
  const why = (typeof programs === 'string' ? programs : undefined) ?? (await whyNoNetwork());
  if (why !== undefined) {
    conclude({ json: { skipped: why }, text: `skipped: ${why}`, ok: true }, values.output);
    return;
  }
  const base = process.env['QUORATE_LAB_BASE'] ?? tmpdir();
  const directory = await mkdtemp(join(base, 'quorate-kube-'));
  try {
    const { version, path } = await realEtcd(values.version);
    process.exitCode = await runInside([
      process.execPath,
      fileURLToPath(import.meta.url),
      `--directory=${directory}`,
      `--etcd=${version}=${path}`,
      `--output=${values.output}`,
      ...(values.untold ? ['--untold'] : []),
    ]);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function inside(directory: string, etcd: string): Promise<void> {
  const programs = await kubePrograms();
  if (typeof programs === 'string') throw new Error(programs);
  const [version = '', path = ''] = etcd.split('=');
  const stage = await Stage.open({ directory, etcd: { version, path }, programs });
  const told: string[] = [];
  const say = (line: string) => {
    told.push(line);
    progress(line);
  };
  let failed: unknown;
  try {
    await proof(stage, say);
  } catch (error) {
    failed = error;
    const log = await readFile(join(directory, 'kube-apiserver.log'), 'utf8').catch(() => '');
    progress(log.split('\n').slice(-15).join('\n'));
  }
  await stage.close();
  const fault = failed === undefined ? undefined : String(failed);
  conclude(
    {
      json: { etcd: version, told, failed: fault ?? null },
      text: [`consumers on ${machine()}, etcd ${version}`, ...told, fault ?? 'holds'].join('\n'),
      ok: fault === undefined,
    },
    values.output,
  );
  process.exit();
}

async function proof(stage: Stage, say: (line: string) => void): Promise<void> {
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const value = await work();
    say(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return value;
  };
  await stage.want(stage.spec(['m1', 'm2', 'm3'], false));
  await timed('three members', () => stage.converge());
  await stage.startConsumers();
  await timed('kube-apiserver and flanneld with one endpoint each', () => stage.untilConnected());

  await stage.want(stage.spec(['m1', 'm2', 'm3'], true));
  const learned = await timed('both learn all three', () => stage.converge());
  say(`  ${learned.join(', ')}`);
  await works(stage, say);

  const before = await stage.endpoints();
  await stage.want(stage.spec(['m4', 'm5', 'm6'], !values.untold));
  const steps = await timed('every member is exchanged', () => stage.converge());
  say(`  ${steps.join(', ')}`);
  if (values.untold) {
    say(`  flanneld's /healthz says ${await stage.flannelHealthz()}`);
    await works(stage, say);
  }
  inOrder(steps);
  const now = await stage.endpoints();
  for (const text of [await stage.manifest(), await stage.unit()]) {
    if (!text.includes(now.join(',')) || before.some((url) => text.includes(url))) {
      throw new Error(`it does not name the members of now:\n${text}`);
    }
  }
  await works(stage, say);

  for (const kind of ['flannel', 'kubeApiserver'] as const) {
    const nobody = ['http://127.0.0.1:9'];
    const { id, end } = await timed(`${kind} is told an address where nobody is`, () =>
      stage.tell(kind, nobody, kind === 'flannel' ? 5_000 : 30_000),
    );
    if (end.kind !== 'refused' || end.problem.code !== 'consumer-put-back') {
      throw new Error(`${id}: ${JSON.stringify(end)}`);
    }
    say(`  ${end.problem.detail}`);
    if (end.problem.data['isBack'] !== true) throw new Error(`${id} is not well again`);
  }
  await works(stage, say);
  if (stage.pods.strays.size > 0) {
    throw new Error(`a kubelet would have run ${[...stage.pods.strays].join(', ')} too`);
  }
  say(`kube-apiserver was started ${stage.pods.starts} times`);
}

async function works(stage: Stage, say: (line: string) => void): Promise<void> {
  const route = await stage.routeAppears();
  const write = await until('the API server writes', async () => {
    try {
      return { done: await stage.apiWrites() };
    } catch (error) {
      return { seen: String(error) };
    }
  });
  say(`  a new subnet is a route after ${route} ms, the API server writes in ${write} ms`);
}

/** Added, told, removed: nobody goes before both were told. */
function inOrder(steps: readonly string[]): void {
  const last = (kind: string) => steps.findLastIndex((step) => step.startsWith(kind));
  const first = (kind: string) => steps.findIndex((step) => step.startsWith(kind));
  const told = steps.filter((step) => step.startsWith('update-consumer'));
  if (told.length !== 2) throw new Error(`told ${told.length} times, and twice is enough`);
  if (last('promote-learner') > first('update-consumer'))
    throw new Error('told before all had come');
  if (last('update-consumer') > first('remove-member'))
    throw new Error('a member went before all were told');
}
