import { spawn } from 'node:child_process';
import { readlink } from 'node:fs/promises';

/** Names the network that a run was given, so that no inherited variable can make a lab in the machine's own. */
const VARIABLE = 'QUORATE_HOSTS_NETWORK';
/** Why this machine has no hosts: the run goes on outside, and its tests are skipped with this reason. */
const WHY_NOT = 'QUORATE_HOSTS_NOT_HERE';

/** Whether this process runs in a network that was made for tests of hosts. */
export async function isInsideNetwork(): Promise<boolean> {
  const wanted = process.env[VARIABLE];
  return wanted !== undefined && wanted === (await readlink('/proc/self/ns/net'));
}

/** The reason for which the runner could not make a network, in a program that it started; else undefined. */
export const whySkipped = (): string | undefined => process.env[WHY_NOT];

/** Whether this process was started by the runner, inside a network or skipping. */
export const isRunOfHosts = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env[VARIABLE] !== undefined || env[WHY_NOT] !== undefined;

/** Runs a program in a network of its own with nothing in it, with this program's output; answers its exit code. */
export async function runInNetwork(program: readonly string[]): Promise<number> {
  const prepare = `ip link set lo up && ${VARIABLE}=$(readlink /proc/self/ns/net) exec "$@"`;
  return await runAs(['unshare', '--net', 'sh', '-c', prepare, 'sh', ...program], {});
}

/** Runs a program whose tests of hosts are skipped with this reason. */
export const runWithout = async (program: readonly string[], reason: string): Promise<number> =>
  await runAs(program, { [WHY_NOT]: reason });

async function runAs(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const end = () => void child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 130));
  });
}
