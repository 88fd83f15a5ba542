import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** The lines the client is held against, each by the newest version in the cache. */
export const LAB_LINES = ['3.4', '3.5', '3.6', '3.7'] as const;

const FETCH = 'npm run quorate -- versions fetch 3.4 3.5 3.6 3.7';
/** Member ports stay below the range from which the kernel takes ports for outgoing connections. */
const PORT_MIN = 20_000;
const PORT_MAX = 31_000;
const STOP_MS = 15_000;

export interface LabMember {
  readonly name: string;
  readonly clientURL: string;
  readonly peerURL: string;
  readonly dataDir: string;
  /** Resolves when every thread of the process stands still. */
  pause(): Promise<void>;
  resume(): void;
  kill(): Promise<void>;
  /** As a supervisor stops it: with time to finish what is under way. */
  stop(): Promise<void>;
  /** On the same data. */
  restart(): void;
}

export interface LabCluster {
  readonly version: string;
  readonly members: readonly LabMember[];
  readonly endpoints: readonly string[];
  /** Starts one more process that joins; the member must have been added before. */
  join(name: string, peerURL: string): Promise<LabMember>;
  freePeerURL(): Promise<string>;
  destroy(): Promise<void>;
}

/** Starts a cluster of real members on loopback; it may not have a leader yet. */
export async function startCluster(
  line: string,
  size: number,
  extraFlags: readonly string[] = [],
  clientScheme: 'http' | 'https' = 'http',
): Promise<LabCluster> {
  const { binary, version } = newestOf(line);
  const root = mkdtempSync(join(tmpdir(), 'quorate-etcd-client-'));
  const members: ProcessMember[] = [];
  const newMember = async (name: string, peerURL: string) =>
    new ProcessMember({
      binary,
      name,
      dataDir: join(root, name),
      clientURL: `${clientScheme}://127.0.0.1:${await freePort()}`,
      peerURL,
    });
  for (let index = 0; index < size; index++) {
    members.push(await newMember(`m${index}`, await freePeerURL()));
  }
  const urls = members.map(({ name, peerURL }) => `${name}=${peerURL}`).join(',');
  for (const member of members) {
    member.start([`--initial-cluster=${urls}`, '--initial-cluster-state=new', ...extraFlags]);
  }
  return {
    version,
    members,
    endpoints: members.map(({ clientURL }) => clientURL),
    freePeerURL,
    join: async (name, peerURL) => {
      const member = await newMember(name, peerURL);
      members.push(member);
      member.start([
        `--initial-cluster=${urls},${name}=${peerURL}`,
        '--initial-cluster-state=existing',
        ...extraFlags,
      ]);
      return member;
    },
    destroy: async () => {
      await Promise.all(members.map((member) => member.kill()));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function newestOf(line: string): { readonly binary: string; readonly version: string } {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const directory = join(cache, 'quorate', 'etcd');
  const patchOf = (name: string) => Number(name.slice(`v${line}.`.length));
  const [newest] = (existsSync(directory) ? readdirSync(directory) : [])
    .filter((name) => name.startsWith(`v${line}.`) && existsSync(join(directory, name, 'etcd')))
    .toSorted((a, b) => patchOf(b) - patchOf(a));
  if (newest === undefined) {
    throw new Error(`No etcd ${line} is in the cache (${directory}). Run \`${FETCH}\` first.`);
  }
  return { binary: join(directory, newest, 'etcd'), version: newest.slice(1) };
}

type MemberSettings = Pick<LabMember, 'name' | 'dataDir' | 'clientURL' | 'peerURL'> & {
  readonly binary: string;
};

class ProcessMember implements LabMember {
  readonly name: string;
  readonly dataDir: string;
  readonly clientURL: string;
  readonly peerURL: string;
  readonly #binary: string;
  #flags: readonly string[] = [];
  #process: ChildProcess | undefined;

  constructor(settings: MemberSettings) {
    this.#binary = settings.binary;
    this.name = settings.name;
    this.dataDir = settings.dataDir;
    this.clientURL = settings.clientURL;
    this.peerURL = settings.peerURL;
  }

  start(flags: readonly string[]): void {
    this.#flags = flags;
    this.restart();
  }

  restart(): void {
    const flags = [
      `--name=${this.name}`,
      `--data-dir=${this.dataDir}`,
      `--listen-client-urls=${this.clientURL}`,
      `--advertise-client-urls=${this.clientURL}`,
      `--listen-peer-urls=${this.peerURL}`,
      `--initial-advertise-peer-urls=${this.peerURL}`,
      '--logger=zap',
      '--unsafe-no-fsync',
      ...this.#flags,
    ];
    // A scrubbed environment: etcd refuses a setting that is given as a flag and as ETCD_* too.
    this.#process = spawn(this.#binary, flags, { stdio: 'ignore', env: {} });
  }

  async pause(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    child.kill('SIGSTOP');
    // The signal is only delivered when kill returns: threads that run go on for a moment.
    const end = performance.now() + STOP_MS;
    while (!isStopped(child.pid ?? 0)) {
      if (performance.now() > end) throw new Error(`${this.name} did not stand still`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(how: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.name} did not end`)), STOP_MS);
      child.once('exit', () => {
        clearTimeout(late);
        resolve();
      });
    });
    child.kill(how);
    await exited;
  }
}

/** Reads the state of each thread, the first word after the name in parentheses (Linux). */
function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).every((task) => {
    const stat = readFileSync(`${tasks}/${task}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  });
}

const freePeerURL = async (): Promise<string> => `http://127.0.0.1:${await freePort()}`;

const given = new Set<number>();

async function freePort(): Promise<number> {
  for (;;) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
