import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, systemRandom } from '../../../src/base/index.js';
import { type ClusterSpec, withSize } from '../../../src/core/spec/index.js';
import { SHORT_LIFE_MS } from '../../../src/drivers/evidence/index.js';
import { clusterDirectory, createLocalStore } from '../../../src/drivers/local/index.js';
import type { ClusterStore, Wish } from '../../../src/engine/ports/index.js';
import type { TLSOptions } from '../../../src/etcd/index.js';
import { pkiDirectory, tlsOf } from '../../../src/main/machine.js';
import { askForRotation, seatFiles } from '../../../src/services/certificates/index.js';
import { type JournalLine, readJournal } from '../../lab/journal.js';
import { freeURL } from '../../lab/ports.js';
import { type LabProcess, killHard, processesOf, signalTo } from '../../lab/processes.js';
import type { Writer } from '../../lab/writer.js';
import { endProcesses } from '../real/scratch.js';
import type { ReportLine } from './points.js';

const CONTROLLER = fileURLToPath(new URL('./controller.js', import.meta.url));
/** A controller that neither ends nor dies within this is ended, and the point is not resumed. */
const CONTROLLER_MS = 150_000;

/** A little more than what counts as a short life, because starting a process takes a moment. */
const LIFE_MS = SHORT_LIFE_MS + 500;
/** The unit of the kernel's process times, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const LINK =
  /"ts":"([^"]+)".*"msg":"(peer became active|peer became inactive[^"]*|ready to serve client requests|raft\.node: [^"]*leader[^"]*)"(?:.*"peer-id":"([0-9a-f]+)")?/;
/** The health interval is counted from connections that are older than the operation. */
const LINKS_BEFORE_MS = 10_000;

/** A line of a member's log about its connection to another one, or about who leads. */
export interface Link {
  readonly at: number;
  readonly host: string;
  readonly message: string;
  readonly peer: string;
}

export interface ControllerRun {
  /** Absent: it came to its own end. */
  readonly killedAt?: string;
  readonly points: readonly string[];
  /** Hosts whose member was started with `new`. */
  readonly toldNew: readonly string[];
  /** 0: it converged. */
  readonly code: number | undefined;
  readonly stderr: string;
}

export interface ControllerOptions {
  readonly killAt?: string;
  readonly everyLook?: boolean;
}

/** One cluster of one home: who acts on it is started here and killed here; its members outlive them. */
export class Stage {
  readonly name: string;
  readonly home: string;
  readonly directory: string;
  readonly store: ClusterStore;
  /** Writers whose acknowledged writes are still to be read back. */
  readonly writers: Writer[] = [];
  readonly #spec: ClusterSpec;
  readonly #specFile: string;
  #runs = 0;

  constructor(base: string, spec: ClusterSpec, store?: ClusterStore) {
    this.name = spec.name;
    this.home = base;
    this.directory = clusterDirectory(base, spec.name);
    this.store = store ?? createLocalStore({ stateDir: this.directory, clock: systemClock });
    this.#spec = spec;
    this.#specFile = join(base, `${spec.name}.json`);
  }

  /** What the seat shows to members that speak TLS, and whom it trusts; read at each dial, so that it may come later. */
  get tls(): TLSOptions {
    return tlsOf(seatFiles(this.#pki).client);
  }

  get #pki(): string {
    return pkiDirectory(this.directory);
  }

  /** As `quorate certificates rotate-ca`. */
  async askForRotation(): Promise<void> {
    const asked = await askForRotation(this.#pki, systemRandom);
    if (!asked.ok) throw new Error(asked.error.summary);
  }

  async prepare(): Promise<void> {
    await writeFile(this.#specFile, JSON.stringify(this.#spec));
  }

  /** One life of the controller, from nothing in memory to its end or its death. */
  async controller({ killAt, everyLook }: ControllerOptions = {}): Promise<ControllerRun> {
    const report = join(this.home, `${this.name}.${++this.#runs}.report`);
    const child = spawn(
      process.execPath,
      [
        CONTROLLER,
        `--home=${this.home}`,
        `--cluster=${this.name}`,
        `--report=${report}`,
        `--found=${this.#specFile}`,
        ...(killAt === undefined ? [] : [`--kill-at=${killAt}`]),
        ...(everyLook === true ? ['--every-look'] : []),
      ],
      // What it opens on the way outlives its death, and is found here when the place is closed.
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, TMPDIR: this.home } },
    );
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      stderr += `It ran longer than ${CONTROLLER_MS} ms.`;
      child.kill('SIGTERM');
    }, CONTROLLER_MS);
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    clearTimeout(timer);
    const lines = await reportIn(report);
    await rm(report, { force: true });
    const points = lines.flatMap((line) => (line.kind === 'point' ? [line.point] : []));
    const toldNew = lines.flatMap((line) => (line.kind === 'new' ? [line.host] : []));
    const last = points.at(-1);
    return {
      ...(signal === 'SIGKILL' && last !== undefined ? { killedAt: last } : {}),
      points,
      toldNew,
      code: code ?? undefined,
      stderr,
    };
  }

  /** The spec with so many members, on hosts that are there. */
  resized(spec: ClusterSpec, size: number): ClusterSpec {
    const resized = withSize(spec, size);
    if (!resized.ok) throw new Error(resized.error.summary);
    return resized.value;
  }

  /** Another peer URL for the member on this host, at which nobody listens. */
  async sparePeerURL(_host: string): Promise<string> {
    return await freeURL();
  }

  /** The member on this host is alive and answers nobody, until the answered function lets it go on. */
  async freeze(host: string): Promise<() => Promise<void>> {
    const { pid } = await this.process(host);
    signalTo(pid, 'SIGSTOP');
    return async () => signalTo(pid, 'SIGCONT');
  }

  /** What people want from now on, as a command would write it. */
  async wish(change: (wish: Wish) => Partial<Omit<Wish, 'generation'>>): Promise<void> {
    const read = await this.store.readWish();
    if (!read.ok || read.value === undefined) throw new Error(`${this.name} has no wish`);
    const { generation, ...wish } = read.value;
    const written = await this.store.writeWish({ ...wish, ...change(read.value) }, generation);
    if (!written.ok) throw new Error(written.error.summary);
  }

  async clusterID(): Promise<string> {
    const record = await this.store.readRecord();
    return (record.ok ? record.value?.clusterID : undefined) ?? '';
  }

  /** The members' processes by host, from the kernel's own table. */
  async processes(): Promise<ReadonlyMap<string, LabProcess>> {
    const all = await processesOf(this.directory);
    return new Map(
      all.flatMap((process): readonly [string, LabProcess][] => {
        const host = /\/members\/([^/]+)\/data$/.exec(process.flags['data-dir'] ?? '')?.[1];
        return process.kind === 'member' && host !== undefined ? [[host, process]] : [];
      }),
    );
  }

  async process(host: string): Promise<LabProcess> {
    const found = (await this.processes()).get(host);
    if (found === undefined) throw new Error(`No member runs on ${host}.`);
    return found;
  }

  /** `kill -9`, of a life that is long enough to count as one: members that keep dying are started later and later. */
  async crash(host: string): Promise<void> {
    const { pid } = await this.lived(host);
    await killHard(pid);
  }

  /** The process on this host, once its life is long enough. */
  async lived(host: string): Promise<LabProcess> {
    const process = await this.process(host);
    const leftMs = LIFE_MS - (await ageMs(process.pid));
    if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
    return process;
  }

  /** Its data directory is gone at once and it dies; answers the logs that went with it, by inode. */
  async loseData(host: string): Promise<readonly number[]> {
    const logs = await this.logs();
    const data = this.#dataDirectory(host);
    const { pid } = await this.lived(host);
    // Renamed first: nobody ever sees half of it. Killed at once, because without its directory etcd may end by itself.
    const lost = join(this.home, `lost-${this.name}`);
    await rename(data, lost);
    await killHard(pid);
    await rm(lost, { recursive: true });
    return [...logs].flatMap(([inode, path]) => (path === data ? [inode] : []));
  }

  #dataDirectory(host: string): string {
    return join(this.directory, 'members', host, 'data');
  }

  /** Everything that was written to the journal since, oldest first. */
  async journalSince(at: number): Promise<readonly JournalLine[]> {
    const older = await readJournal(join(this.directory, 'journal.1.jsonl'));
    const current = await readJournal(join(this.directory, 'journal.jsonl'));
    return [...older, ...current].filter((line) => line.at >= at);
  }

  /** What the members logged since of their leader, and of their connections, by which they judge each other's health. */
  async links(since: number): Promise<readonly Link[]> {
    const members = join(this.directory, 'members');
    const found: Link[] = [];
    for (const host of await readdir(members).catch(() => [])) {
      const log = await readFile(join(members, host, 'etcd.log'), 'utf8').catch(() => '');
      found.push(...linksIn(log, host, since));
    }
    return found.sort((a, b) => a.at - b.at);
  }

  /** The write-ahead logs there are, by inode: a rename keeps it, a deletion does not. */
  async logs(): Promise<ReadonlyMap<number, string>> {
    const found = new Map<number, string>();
    const members = join(this.directory, 'members');
    for (const host of await readdir(members).catch(() => [])) {
      const aside = join(members, host, 'aside');
      const kept = (await readdir(aside).catch(() => [])).map((name) => join(aside, name));
      for (const data of [join(members, host, 'data'), ...kept]) {
        const wal = await stat(join(data, 'member', 'wal')).catch(() => undefined);
        if (wal !== undefined) found.set(wal.ino, data);
      }
    }
    return found;
  }

  /** Starts every host again, if they can be. */
  async boot(): Promise<void> {
    throw new Error('this machine cannot be started again');
  }

  /** What must be so as soon as a controller has died, whatever it was doing, in words of what is not. */
  async halfway(): Promise<readonly string[]> {
    return [];
  }

  /** What else must be so when a controller has come to its end, in words of what is not. */
  async standing(): Promise<readonly string[]> {
    return [];
  }

  /** What was moved aside has been seen to be kept; each takes 128 MB of disk. */
  async clearAside(): Promise<void> {
    const members = join(this.directory, 'members');
    for (const host of await readdir(members).catch(() => [])) {
      await rm(join(members, host, 'aside'), { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    for (const writer of this.writers.splice(0)) await writer.stop();
    await endProcesses(this.directory);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
    await rm(this.#specFile, { force: true });
  }
}

/** What one member's log says of its connections and its leader, from somewhat before `since`. */
export function linksIn(log: string, host: string, since: number): readonly Link[] {
  return log.split('\n').flatMap((line) => {
    const [, ts = '', message = '', peer = ''] = LINK.exec(line) ?? [];
    const at = Date.parse(ts);
    return at >= since - LINKS_BEFORE_MS ? [{ at, host, message, peer }] : [];
  });
}

async function ageMs(pid: number): Promise<number> {
  const [stat, uptime] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile('/proc/uptime', 'utf8'),
  ]);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startedAtS = Number(fields[19]) / TICKS_PER_SECOND;
  return (Number(uptime.split(' ')[0]) - startedAtS) * 1000;
}

async function reportIn(path: string): Promise<readonly ReportLine[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReportLine);
}
