import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Set in a program that runs inside. */
export const INSIDE = 'QUORATE_LAB_INSIDE';

/**
 * Why this machine cannot give a test a network of its own, or undefined when it can: Linux, root, and the programs
 * that make namespaces and rules.
 */
export async function whyNoNetwork(): Promise<string | undefined> {
  if (process.platform !== 'linux')
    return `network namespaces are Linux’s, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'making network namespaces needs root';
  for (const program of ['unshare', 'nsenter', 'ip', 'nft']) {
    const found = await run('sh', ['-c', `command -v ${program}`]).catch(() => undefined);
    if (found === undefined) return `there is no ${program} on this machine`;
  }
  const trial =
    'ip link set lo up && ip link add lab0 type bridge && ip link add lab1 type veth peer name lab2 && nft add table inet t';
  const tried = await run('unshare', ['--net', 'sh', '-c', trial]).catch((error: Error) => error);
  return tried instanceof Error ? `namespaces do not work here: ${tried.message}` : undefined;
}

/**
 * Runs a program of ours in namespaces of its own (network, processes, mounts), whose end ends everything in them. Its
 * output is this program's; answers its exit code.
 */
export async function runInside(program: readonly string[]): Promise<number> {
  // `ip netns` keeps its names under /run, which is therefore another one inside.
  const prepare =
    'mount -t tmpfs -o mode=755 lab /run && mkdir /run/netns && ip link set lo up && exec "$@"';
  const child = spawn('unshare', [...NAMESPACES, 'sh', '-c', prepare, 'sh', ...program], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  const end = () => void child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 130)));
  });
}

const NAMESPACES = [
  '--mount',
  '--propagation',
  'private',
  '--net',
  '--pid',
  '--fork',
  '--kill-child=SIGKILL',
  '--mount-proc',
];

/** One host of the lab's network, which can be cut off by port. For a program that runs inside. */
export class LabHost {
  readonly name: string;
  readonly address: string;
  static #made = 0;

  private constructor(name: string, address: string) {
    this.name = name;
    this.address = address;
  }

  /** The bridge that hosts are plugged into, once per program. */
  static async makeNetwork(): Promise<void> {
    await ip('link', 'add', BRIDGE, 'type', 'bridge');
    await ip('addr', 'add', `${PREFIX}.1/24`, 'dev', BRIDGE);
    await ip('link', 'set', BRIDGE, 'up');
  }

  static async make(): Promise<LabHost> {
    const index = LabHost.#made++;
    const host = new LabHost(`h${index}`, `${PREFIX}.${10 + index}`);
    const { name, address } = host;
    await ip('netns', 'add', name);
    await ip('link', 'add', `v-${name}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    await ip('link', 'set', `v-${name}`, 'master', BRIDGE, 'up');
    await ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    await ip('-n', name, 'link', 'set', 'eth0', 'up');
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    return host;
  }

  /** How to start a program on this host. */
  command(program: string): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.name}`, '--', program];
  }

  /** Drops every packet from or to this port of any host, both ways, without a word. */
  async cut(port: number): Promise<void> {
    const rules = [
      'add table inet lab',
      'add chain inet lab in { type filter hook input priority -300; }',
      'add chain inet lab out { type filter hook output priority -300; }',
      ...['in', 'out'].flatMap((chain) =>
        ['sport', 'dport'].map((side) => `add rule inet lab ${chain} tcp ${side} ${port} drop`),
      ),
    ];
    await this.#nft(rules.join('\n'));
  }

  async heal(): Promise<void> {
    await this.#nft('add table inet lab\ndelete table inet lab');
  }

  async #nft(rules: string): Promise<void> {
    const [command = '', ...args] = this.command('nft');
    const done = run(command, [...args, '-f', '-']);
    done.child.stdin?.end(rules);
    await done;
  }
}

const BRIDGE = 'br0';
/** Exists only inside. */
const PREFIX = '10.77.0';
const ip = async (...args: readonly string[]): Promise<unknown> => await run('ip', args);
