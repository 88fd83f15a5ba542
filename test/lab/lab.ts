import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TLSOptions } from '../../src/etcd/index.js';
import { auditJournal } from './audit.js';
import { EXIT, type MemberJSON, type StatusJSON } from './contract.js';
import {
  type Deed,
  type JournalLine,
  deedsOf,
  readJournal,
  tellDeed,
  tellJournal,
} from './journal.js';
import { leaderAt, reignsOf } from './leaders.js';
import { freeURL } from './ports.js';
import { type LabProcess, keepersFirst, killHard, processesOf } from './processes.js';
import { type Ran, type RunOptions, type Running, start } from './run.js';
import { type WaitOptions, until } from './wait.js';
import { Writer } from './writer.js';

/** Set to 1: the state directory of each test stays behind, for looking at. Processes never do. */
const KEEP = process.env['QUORATE_LAB_KEEP'] === '1';
/** Lines of the journal that a failed test shows. */
const TOLD_LINES = 60;
const TOLD_LOG_LINES = 8;

export interface LabOptions {
  /** etcd's minor; what every command of this lab uses. */
  readonly version: string;
  readonly name?: string;
  /** The test provokes a refusal by etcd or a `new` on purpose, and checks the journal itself. */
  readonly audit?: boolean;
}

/**
 * One QUORATE_HOME with one cluster in it, and the real command. Whatever happens in the test, at its end every
 * process that belongs to the home is ended, by pid, and the test fails if one cannot be.
 */
export async function lab(options: LabOptions): Promise<Lab> {
  const base = process.env['QUORATE_LAB_BASE'] ?? tmpdir();
  const home = await realpath(await mkdtemp(join(base, 'lab-')));
  const it = new Lab(home, options);
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') await it.tell();
    await it.close();
  });
  return it;
}

/** Its ports are taken from a place that depends on its name, and tests run side by side. */
const randomName = (): string => `lab-${randomBytes(4).toString('hex')}`;

export class Lab {
  readonly home: string;
  readonly name: string;
  readonly version: string;
  readonly #audit: boolean;
  readonly #running = new Set<Running>();
  readonly #writers: Writer[] = [];
  readonly #cleanups: (() => Promise<void>)[] = [];
  #isClosed = false;

  constructor(home: string, { version, name = randomName(), audit = true }: LabOptions) {
    this.home = home;
    this.version = version;
    this.name = name;
    this.#audit = audit;
  }

  /** The cluster's state directory. */
  get directory(): string {
    return join(this.home, 'clusters', this.name);
  }

  get membersDirectory(): string {
    return join(this.directory, 'members');
  }

  memberDirectory(host: string): string {
    return join(this.membersDirectory, host);
  }

  dataDirectory(host: string): string {
    return join(this.memberDirectory(host), 'data');
  }

  /**
   * Starts the command and leaves it running. The line's words are separated by one space; none of them holds one.
   * The lab's cluster is the one that is meant when the line names none.
   */
  start(line: string, options: Partial<RunOptions> = {}): Running {
    if (this.#isClosed) throw new Error('The test is over: no command is started any more.');
    const running = start(line.split(' '), {
      home: this.home,
      ...options,
      env: { QUORATE_CLUSTER: this.name, ...options.env },
    });
    this.#running.add(running);
    void running.done.catch(() => undefined).then(() => this.#running.delete(running));
    return running;
  }

  /** Runs the command to its end, whatever that is. */
  quorate(line: string): Promise<Ran> {
    return this.start(line).done;
  }

  /** Runs the command and demands exit code 0. */
  must(line: string): Promise<Ran> {
    return this.ends(EXIT.done, line);
  }

  /** Runs the command and demands this exit code; shows what it said when it is another. */
  async ends(code: number, line: string, options: Partial<RunOptions> = {}): Promise<Ran> {
    const ran = await this.start(line, options).done;
    assert.equal(
      ran.code ?? ran.signal,
      code,
      `quorate ${line} ended with ${ran.code ?? ran.signal}, not ${code}.\nstdout: ${ran.stdout}\nstderr: ${ran.stderr}`,
    );
    return ran;
  }

  /** `quorate up`, for so many members of this lab's version when told; answers when the cluster takes writes. */
  up(size?: number): Promise<Ran> {
    return this.must(
      size === undefined
        ? `up ${this.name}`
        : `up ${this.name} --size ${size} --version ${this.version}`,
    );
  }

  async status(): Promise<StatusJSON> {
    return (await this.quorate(`status ${this.name} -o json`)).json<StatusJSON>();
  }

  /** Waits until the cluster is healthy with nothing left to do, and answers what it looks like then. */
  settled(voters?: number, options?: WaitOptions): Promise<StatusJSON> {
    return this.untilStatus(
      `${voters ?? 'all'} voters healthy and nothing left to do`,
      (status) =>
        status.cluster.state === 'healthy' &&
        status.plan.kind === 'converged' &&
        (voters === undefined || status.cluster.voters === voters) &&
        status.members.every(({ healthy }) => healthy),
      options,
    );
  }

  untilStatus(
    what: string,
    holds: (status: StatusJSON) => boolean,
    options?: WaitOptions,
  ): Promise<StatusJSON> {
    return until(
      what,
      async () => {
        const status = await this.status();
        return holds(status) ? { done: status } : { seen: brief(status) };
      },
      { everyMs: 150, ...options },
    );
  }

  /** A spec file for this lab's cluster: members by name, or with their own fields. */
  async spec(
    members: readonly (string | Readonly<Record<string, unknown>>)[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const path = join(this.home, `${this.name}.yaml`);
    const spec = {
      apiVersion: 'quorate.dev/v1alpha1',
      kind: 'EtcdCluster',
      metadata: { name: this.name },
      spec: {
        version: this.version,
        driver: { local: {} },
        tls: 'off',
        members: members.map((member) => (typeof member === 'string' ? { name: member } : member)),
        // The tests mean the sizes that they ask for.
        ...(members.length % 2 === 0 ? { allowEvenSize: true } : {}),
        ...more,
      },
    };
    // JSON is YAML.
    await writeFile(path, JSON.stringify(spec, undefined, 2));
    return path;
  }

  journal(): Promise<readonly JournalLine[]> {
    return readJournal(join(this.directory, 'journal.jsonl'));
  }

  /** The decisions taken since the journal had `from` lines. */
  async deeds(from = 0): Promise<readonly Deed[]> {
    return deedsOf((await this.journal()).slice(from));
  }

  async record(): Promise<{ readonly clusterID?: string; readonly version: string }> {
    return JSON.parse(await readFile(join(this.directory, 'record.json'), 'utf8')) as {
      clusterID?: string;
      version: string;
    };
  }

  /** Every process that belongs to this home now. */
  processes(): Promise<readonly LabProcess[]> {
    return processesOf(this.home);
  }

  /** The members' processes by name. */
  async members(): Promise<ReadonlyMap<string, LabProcess>> {
    const all = await this.processes();
    return new Map(
      all
        .filter(({ kind }) => kind === 'member')
        .map((member) => [member.flags['name'] ?? '', member]),
    );
  }

  async member(name: string): Promise<LabProcess> {
    const found = (await this.members()).get(name);
    if (found === undefined) throw new Error(`No process runs as member ${name}.`);
    return found;
  }

  /** What stays behind of Quorate itself: supervisor and guardian, without commands this lab has started. */
  async keepers(): Promise<readonly LabProcess[]> {
    const own = new Set([...this.#running].map(({ pid }) => pid));
    return (await this.processes()).filter(
      // A guardian's shell waits with `sleep`, which keeps nothing.
      ({ kind, pid, args }) => kind !== 'member' && !own.has(pid) && args[0] !== 'sleep',
    );
  }

  /** kill -9, and the process is gone when this answers. */
  kill(pid: number): Promise<void> {
    return killHard(pid);
  }

  /** Ends everybody who acts on the cluster, so that the test decides who does; members go on. */
  async stopKeepers(): Promise<void> {
    for (let found = await this.keepers(); found.length > 0; found = await this.keepers()) {
      await Promise.all(found.map(({ pid }) => killHard(pid)));
    }
  }

  /** Everything at once, as when the machine loses power: keepers first, so that nobody brings anything back. */
  async killEverything(): Promise<void> {
    const end = performance.now() + 20_000;
    for (let quiet = 0; quiet < 2;) {
      const left = await this.processes();
      if (left.length === 0) {
        quiet++;
        continue;
      }
      quiet = 0;
      if (performance.now() > end) {
        throw new Error(
          `Cannot end: ${left.map(({ pid, args }) => `${pid} ${args.join(' ')}`).join('\n')}`,
        );
      }
      await Promise.all(keepersFirst(left).map(({ pid }) => killHard(pid)));
    }
  }

  /** Everything that belongs to this lab has ended; what was just told to end gets a moment to do so. */
  async allEnded(): Promise<void> {
    await until('every process of the cluster has ended', async () => {
      const left = await this.processes();
      return left.length === 0
        ? { done: true }
        : { seen: left.map(({ args }) => args.join(' ')).join('; ') };
    });
  }

  /** A writer at the client URLs the members have now, writing already. */
  async writer(tls?: TLSOptions): Promise<Writer> {
    const writer = new Writer(clientURLs(await this.status()), 'lab/', tls);
    this.#writers.push(writer);
    await writer.begin();
    return writer;
  }

  /**
   * Ends the writer and demands that nothing acknowledged is lost and that all voters hold the same data.
   * The gap is told, not judged: absolute times depend on the machine.
   */
  async nothingLost(writer: Writer): Promise<void> {
    const verified = await writer.verify(clientURLs(await this.status()));
    const { acknowledged, refused, unknown, longestGapMs } = verified;
    process.stderr.write(
      `    ${this.version}: ${acknowledged} writes acknowledged, ${refused} refused, ${unknown} unknown, ` +
        `longest gap ${longestGapMs} ms, ${verified.lost.length} lost\n` +
        verified.reasons.map((reason) => `      ${reason}\n`).join(''),
    );
    assert.ok(acknowledged > 0, 'no write was acknowledged');
    assert.deepEqual(verified.lost, [], 'acknowledged writes that are lost');
    const hashes = new Set(Object.values(verified.hashes));
    assert.equal(hashes.size, 1, `members differ: ${JSON.stringify(verified.hashes)}`);
  }

  /**
   * Safety rule 7, judged by what the members logged: nobody was stopped or removed while it led, unless the whole
   * cluster was asked to go down or nobody else was there to lead.
   */
  async leadersMovedFirst(): Promise<void> {
    const reigns = await reignsOf(this.membersDirectory);
    assert.ok(reigns.length > 0, 'no election is in the logs of the members');
    const ids = await this.#idsByHost();
    const deeds = (await this.deeds()).filter(
      ({ kind, because, outcome }) =>
        (kind === 'remove-member' || kind === 'stop-member') &&
        because !== 'asked-down' &&
        outcome === 'applied',
    );
    for (const deed of deeds) {
      const target = deed.kind === 'remove-member' ? deed.member : ids.get(deed.step.host ?? '');
      // None: the cluster is unborn, and its first member could not keep the lead with short timings for ten seconds.
      const isAlone = deed.margin.votersBefore <= 1;
      if (!isAlone) assert.notEqual(leaderAt(reigns, deed.at), target, `it led: ${tellDeed(deed)}`);
    }
  }

  /** Which member each host carries, from what the members said of themselves when they started. */
  async #idsByHost(): Promise<ReadonlyMap<string, string>> {
    const status = await this.status();
    return new Map(status.members.map(({ host, id }) => [host, id]));
  }

  /** A URL of this machine on a port below the ephemeral range that nobody uses now. */
  freeURL(): Promise<string> {
    return freeURL();
  }

  /** Something to undo at the end of the test, such as a mount; undone before the home is removed. */
  atEnd(cleanup: () => Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  /** For the log of a failed test: what was decided, and the last words of each member. */
  async tell(): Promise<void> {
    const journal = tellJournal((await this.journal()).slice(-TOLD_LINES));
    process.stderr.write(`\n--- ${this.home} (etcd ${this.version}), journal:\n${journal}\n`);
    for (const host of await readdir(this.membersDirectory).catch(() => [])) {
      const log = await readFile(join(this.memberDirectory(host), 'etcd.log'), 'utf8').catch(
        () => '',
      );
      const last = log.trimEnd().split('\n').slice(-TOLD_LOG_LINES);
      process.stderr.write(`--- ${host}:\n${last.map((line) => line.slice(0, 300)).join('\n')}\n`);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const faults: unknown[] = [];
    const attempt = async (work: () => Promise<unknown>) => {
      try {
        await work();
      } catch (error) {
        faults.push(error);
      }
    };
    for (const writer of this.#writers) await attempt(() => writer.stop());
    if (this.#audit) await attempt(async () => auditJournal(await this.journal()));
    await attempt(() => this.killEverything());
    for (const cleanup of this.#cleanups.reverse()) await attempt(cleanup);
    if (!KEEP) await attempt(() => rm(this.home, { recursive: true, force: true }));
    if (faults.length > 0) throw faults.length === 1 ? faults[0] : new AggregateError(faults);
  }
}

/** The client URLs of the members that vote. */
export const clientURLs = (status: StatusJSON): readonly string[] =>
  status.members.filter(({ role }) => role === 'voter').flatMap((member) => [...member.clientURLs]);

export const leaderOf = (status: StatusJSON): MemberJSON => {
  const leader = status.members.find((member) => member.leader);
  if (leader === undefined) throw new Error(`No member leads: ${JSON.stringify(brief(status))}`);
  return leader;
};

export const followersOf = (status: StatusJSON): readonly MemberJSON[] =>
  status.members.filter(({ leader, role }) => !leader && role === 'voter');

/** What a person would look at first. */
const brief = ({ cluster, members, plan }: StatusJSON): unknown => ({
  cluster,
  members: members.map(({ name, id, role, leader, healthy, problems }) => ({
    name,
    id,
    role,
    leader,
    healthy,
    problems: problems.map(({ code, detail }) => `${code}: ${detail}`),
  })),
  plan,
});

/** Makes a directory and answers it. */
export async function directory(...parts: readonly string[]): Promise<string> {
  const path = join(...parts);
  await mkdir(path, { recursive: true });
  return path;
}
