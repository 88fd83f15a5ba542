import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { must } from './commands.js';
import { isInsideNetwork } from './network-of-run.js';

/** Where processes, mounts and, with `own`, the network of a lab live. */
export type NetworkOf = 'this process' | 'own';

/**
 * First in the keeper's namespaces. `ip netns` keeps its names under /run, which is therefore another one inside. At
 * the end it reads a pipe that this process holds: however this process ends, the pipe closes, the keeper ends, and
 * the kernel ends and unmounts everything that is in its namespaces.
 */
const PREPARE = `set -e
mount -t tmpfs -o mode=755 lab-run /run
mkdir /run/netns
ip link set lo up
echo ready
exec cat > /dev/null
`;

/** The process that owns a lab's namespaces: when it ends, they end with all that is in them. */
export class Keeper {
  readonly #child: ChildProcess;
  /** As this process sees it. */
  readonly pid: number;

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  static async start(network: NetworkOf): Promise<Keeper> {
    if (network === 'this process' && !(await isInsideNetwork())) {
      throw new Error(
        'A lab is made in the network of this process only when that is one for tests: start with "npm run test:hosts".',
      );
    }
    const own = network === 'own' ? ['--net'] : [];
    const child = spawn('unshare', [...NAMESPACES, ...own, 'bash', '-c', PREPARE], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // In a group of its own, so that Ctrl-C ends it by our hand and not in the middle of ours.
      detached: true,
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    const lines = createInterface(child.stdout);
    const ready = await Promise.race([
      once(lines, 'line').then(() => true),
      once(child, 'exit').then(() => false),
    ]);
    if (!ready || child.pid === undefined) {
      throw new Error(`The lab’s namespaces cannot be made: ${complaint.trim()}`);
    }
    return new Keeper(child, await onlyChildOf(child.pid));
  }

  /** How to run a command in the keeper's namespaces. */
  within(...command: readonly string[]): readonly string[] {
    return ['nsenter', '--target', `${this.pid}`, '--mount', '--net', '--pid', '--', ...command];
  }

  /** Runs a script there that must succeed. */
  async sh(script: string): Promise<string> {
    return await must(this.within('sh', '-e', '-c', script));
  }

  /** Ends everything inside and answers when it is gone. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    process.kill(this.pid, 'SIGKILL');
    await gone;
  }
}

const NAMESPACES = [
  '--mount',
  '--propagation',
  'private',
  '--pid',
  '--fork',
  '--kill-child=SIGKILL',
  '--mount-proc',
];

async function onlyChildOf(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return Number(children.trim());
}
