import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.js';
import { until } from './wait.js';

/** The built client, as a program that depends on us has it. */
const CLIENT = fileURLToPath(new URL('../../dist/etcd/index.js', import.meta.url));

/** Writes and reads back, one after the other, for ever; one line for each that came back as it was written. */
const PROGRAM = `
const { createClient, textOf } = await import(process.argv[1]);
const client = createClient(JSON.parse(process.argv[2]));
for (let i = 0; ; i++) {
  const put = await client.kv.put(process.argv[3], String(i), { deadlineMs: 3000 });
  const got = await client.kv.get(process.argv[3], { deadlineMs: 3000 });
  if (put.ok && got.ok && textOf(got.value.value) === String(i)) console.log('well');
  else await new Promise((resolve) => setTimeout(resolve, 50));
}
`;

/** A program outside of us that was started once, with names, and is told nothing more. */
export interface NameUser {
  readonly what: string;
  /** Waits for so many more rounds that went well. */
  flows(rounds: number): Promise<void>;
}

/** Our client in a process of its own, whose resolver is that of `within`. */
export const ourClient = (
  it: Lab,
  within: readonly string[],
  what: string,
  options: Readonly<Record<string, unknown>>,
): NameUser =>
  running(it, what, [
    ...within,
    process.execPath,
    '--input-type=module',
    '-e',
    PROGRAM,
    CLIENT,
    JSON.stringify(options),
    what,
  ]);

/** etcdctl, which looks the endpoints up each time that it is run. */
export const etcdctlUser = (
  it: Lab,
  within: readonly string[],
  { path, domain }: { readonly path: string; readonly domain: string },
): NameUser => {
  const ctl = `${path} --discovery-srv=${domain} --command-timeout=3s`;
  const round = `${ctl} put ctl $i >/dev/null && [ "$(${ctl} get ctl --print-value-only)" = $i ] && echo well`;
  const loop = `i=0; while :; do i=$((i+1)); ${round} || sleep 0.1; done`;
  return running(it, 'etcdctl --discovery-srv', [...within, 'sh', '-c', loop]);
};

function running(it: Lab, what: string, words: readonly string[]): NameUser {
  const [command = '', ...args] = words;
  const child = spawn(command, args, {
    // Nothing in it names the home: whoever ends what belongs to the lab would end a stranger's program.
    env: { ...process.env, ETCDCTL_API: '3' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  it.atEnd(async () => void child.kill('SIGKILL'));
  let rounds = 0;
  let complaint = '';
  child.stdout.on('data', (text: Buffer) => (rounds += text.toString().split('well').length - 1));
  child.stderr.on('data', (text: Buffer) => (complaint = text.toString().slice(-300)));
  return {
    what,
    flows: async (more) => {
      const goal = rounds + more;
      await until(`${what} goes on`, async () =>
        rounds >= goal ? { done: true } : { seen: `${rounds} rounds; ${complaint}` },
      );
    },
  };
}
