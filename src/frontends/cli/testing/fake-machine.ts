/**
 * For tests only: a machine whose clusters are worlds of core/model, driven by the real planner. Time passes only where
 * somebody sleeps. Everything a command prints is kept as text.
 */
import {
  type Clock,
  type Instant,
  type Problem,
  type Result,
  applied,
  defineProblem,
  err,
  instantOf,
  ok,
  seededRandom,
  unsafeBrand,
} from '../../../base/index.js';
import { resolveTarget } from '../../../core/bootstrap/index.js';
import {
  type ClusterName,
  type ClusterRecord,
  type ClusterToken,
  type EtcdVersion,
  type HostAddresses,
  type Observation,
  type Target,
  standingOf,
} from '../../../core/cluster/index.js';
import { type World, applyStep, observe, settle, worldOf } from '../../../core/model/index.js';
import { type PlanInput, plan } from '../../../core/planner/index.js';
import type { ClusterSpec } from '../../../core/spec/index.js';
import type { TurnResult } from '../../../engine/controller/index.js';
import type { JournalEntry, LockHolder, Wish } from '../../../engine/ports/index.js';
import type { CliIO } from '../io.js';
import type { CliPorts, Look, ManagedCluster, RunOptions } from '../ports.js';
import { runCLI } from '../run.js';
import { fakeAdmin } from './fake-admin.js';
import { fakeDiscovery } from './fake-discovery.js';
import { type FakeDNS, fakeDNS } from './fake-dns.js';
import { type FakeAdoption, fakeAdoption } from './fake-adoption.js';
import { type FakeHosts, fakeHosts } from './fake-hosts.js';
import { fakeJoin } from './fake-join.js';

const TURN_MS = 250;
const NOON = instantOf(Date.UTC(2030, 0, 1, 12));

export interface Typed {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** A cluster of the fake machine, laid open for tests. */
export interface FakeCluster extends ManagedCluster {
  wish: Wish | undefined;
  record: ClusterRecord | undefined;
  world: World | undefined;
  readonly journal: JournalEntry[];
  /** Who holds the lock, when not this command. */
  holder: LockHolder | undefined;
  supervisors: number;
  /** Who holds the lock acts on it, one turn a look: a supervisor. */
  holderActs: boolean;
}

export interface FakeMachine {
  readonly ports: CliPorts;
  readonly clusters: Map<string, FakeCluster>;
  readonly files: Map<string, string>;
  readonly written: string[];
  cluster(name: string): FakeCluster;
  /** Runs one command line as a person would type it. */
  type(...args: readonly string[]): Promise<Typed>;
  /** The same with a terminal where a person answers. */
  typeAt(terminal: Partial<Terminal>, ...args: readonly string[]): Promise<Typed>;
  /** Everything that was asked of etcd directly. */
  readonly asked: string[];
  /** What the world of `quorate dns` is. */
  readonly dns: FakeDNS;
  /** What the hosts are found to be. */
  readonly hosts: FakeHosts;
  /** What a cluster to adopt is found to be. */
  readonly adoption: FakeAdoption;
}

interface Terminal {
  readonly answer: string;
  readonly colour: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** Gets the handler of Ctrl-C. */
  readonly onListen: (interrupt: () => void) => void;
}

export function fakeMachine(): FakeMachine {
  const clock = virtualClock();
  const clusters = new Map<string, FakeCluster>();
  const gone = new Set<string>();
  const files = new Map<string, string>();
  const written: string[] = [];
  const asked: string[] = [];
  const admin = fakeAdmin(clusters, asked);
  const known: FakeDNS = { listed: undefined, records: undefined, outcome: undefined };
  const hosts: FakeHosts = { verdicts: [] };
  const adoption: FakeAdoption = { found: undefined };
  const ports: CliPorts = {
    clock,
    random: seededRandom(1),
    files: {
      exists: async (path) => files.has(path),
      read: async (path) => {
        const text = files.get(path);
        return text === undefined ? err(fileProblem({ path })) : ok(text);
      },
      write: async (path, text, { replace }) => {
        if (files.has(path) && !replace) return err(fileProblem({ path }));
        files.set(path, text);
        written.push(path);
        return ok(undefined);
      },
    },
    clusters: {
      list: async () =>
        [...clusters.values()].filter(({ wish }) => wish !== undefined).map(({ name }) => name),
      open: (name) => {
        const known = clusters.get(name);
        if (known !== undefined && !gone.has(name)) return known;
        const made = fakeCluster(name, clock, () => clusters.delete(name));
        clusters.set(name, made);
        return made;
      },
    },
    versions: {
      atHand: async () => [
        { program: 'etcd', version: '3.6.15', path: '/opt/etcd/3.6.15/etcd', source: 'cache' },
      ],
      available: async () => [
        { source: 'crate', versions: ['3.6.15', '3.5.34'] },
        { source: 'go', versions: [], problem: fileProblem({ path: 'go' }) },
      ],
      fetch: async (version) =>
        ok({ program: 'etcd', version, path: `/opt/etcd/${version}/etcd`, source: 'crate' }),
    },
    admin: async () => admin,
    gateway: async (settings) => {
      const { tell, ...given } = settings;
      asked.push(`gateway ${JSON.stringify(given)}`);
      tell('http://a:2379 is out: it takes connections and answers nothing');
      return ok({
        report: () => ({
          listening: settings.listen,
          metrics: settings.metrics,
          backends: [
            {
              endpoint: 'http://a:2379',
              in: true,
              condition: 'well',
              reason: 'It leads.',
              leader: true,
            },
          ],
        }),
        drain: async () => void asked.push('gateway drained'),
      });
    },
    discovery: async () => fakeDiscovery(asked),
    join: async () => fakeJoin(asked),
    dns: async () => fakeDNS(asked, known),
    hosts: async () => fakeHosts(asked, hosts),
    adoption: async () => fakeAdoption(asked, adoption),
    bootHook: (kind) => `hook for ${kind}\n`,
    programVersion: '9.9.9',
  };
  const typeAt = (terminal: Partial<Terminal>, ...args: readonly string[]) =>
    typeInto(ports, terminal, args);
  return {
    ports,
    dns: known,
    hosts,
    adoption,
    clusters,
    files,
    written,
    asked,
    cluster: (name) => {
      const found = clusters.get(name);
      if (found === undefined) throw new Error(`no cluster ${name} in this test`);
      return found;
    },
    type: (...args) => typeAt({}, ...args),
    typeAt,
  };
}

const fileProblem = defineProblem('fake-file', (d: { path: string }) => ({
  summary: `no use with ${d.path}`,
  detail: '',
  hint: '',
}));

async function typeInto(
  ports: CliPorts,
  { answer, colour = false, env = {}, onListen }: Partial<Terminal>,
  args: readonly string[],
): Promise<Typed> {
  let out = '';
  let errText = '';
  const io: CliIO = {
    out: (text) => void (out += text),
    err: (text) => void (errText += text),
    outIsTerminal: colour,
    errIsTerminal: colour,
    canAsk: answer !== undefined,
    columns: undefined,
    env,
    ask: async (question) => {
      errText += question;
      return answer ?? '';
    },
    onInterrupt: (handler) => {
      onListen?.(handler);
      return () => undefined;
    },
  };
  const exit = await runCLI(args, io, ports, { exitNow: () => undefined });
  return { exit, out, err: errText };
}

function virtualClock(): Clock {
  let now = NOON as number;
  return {
    now: () => instantOf(now),
    monotonicMs: () => now,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      now += ms;
      await Promise.resolve();
    },
    // Nothing here is late.
    after: () => () => undefined,
  };
}

/** A cluster that does not exist until it is founded. */
function fakeCluster(name: ClusterName, clock: Clock, forget: () => void): FakeCluster {
  const fake: FakeCluster = {
    name,
    place: `/state/clusters/${name}`,
    exists: async () => ok(fake.wish !== undefined),
    wish: undefined,
    record: undefined,
    world: undefined,
    journal: [],
    holder: undefined,
    holderActs: false,
    supervisors: 0,
    store: {
      readRecord: async () => ok(fake.record),
      writeRecord: async (record) => {
        fake.record = record;
        return ok(undefined);
      },
      readWish: async () => ok(fake.wish),
      writeWish: async (wish, basedOn) => {
        fake.wish = { ...wish, generation: basedOn + 1 };
        return ok(fake.wish);
      },
      appendJournal: async (entry) => {
        fake.journal.push(entry);
        return ok(undefined);
      },
      readJournal: async (count) => ok(fake.journal.slice(-count)),
      lock: async () => ok({ stillHeld: async () => true, release: async () => undefined }),
      lockHolder: async () => fake.holder,
    },
    prepare: async (spec) => ok(exactVersion(spec)),
    found: async (spec) => {
      fake.record = recordFor(name, spec);
      fake.wish = { generation: 1, spec, state: 'up', paused: false, retire: [] };
      return ok(fake.record);
    },
    adopt: async (spec, record) => {
      fake.record = record;
      fake.wish = { generation: 1, spec, state: 'up', paused: false, retire: [] };
      return ok(undefined);
    },
    look: async () => {
      if (fake.holderActs) turnOf(fake, clock, (entry) => fake.journal.push(entry));
      const { wish } = fake;
      const input = inputOf(fake, clock);
      if (wish === undefined || !input.ok) return err(input.ok ? [] : input.error);
      const holder = fake.holder === undefined ? {} : { controller: fake.holder };
      return ok({ wish, input: input.value, plan: plan(input.value), ...holder });
    },
    imagine: async (look, imagined) => {
      const base = look?.wish ?? { generation: 0, state: 'up', paused: false, retire: [] };
      const wish: Wish = { ...base, ...imagined };
      const record = fake.record ?? recordFor(name, imagined.spec);
      const input = inputOf({ ...fake, wish, record }, clock);
      return input.ok && look !== undefined ? ok(asLooked(input.value, look)) : input;
    },
    run: (options) => runFake(fake, clock, options),
    firstWrite: async (endpoints, signal) => {
      for (;;) {
        signal.throwIfAborted();
        const [endpoint] = endpoints();
        const list = fake.world === undefined ? undefined : observe(fake.world).memberList;
        if (endpoint !== undefined && list?.kind === 'linearizable') return { endpoint };
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    certificates: () => Promise.reject(new Error('no certificates here')),
    supervise: async () => {
      fake.supervisors++;
      return ok({ pid: 4711 });
    },
    discard: async ({ deleteData }) => {
      forget();
      return ok(deleteData ? {} : { movedTo: `/state/destroyed/${name}` });
    },
  };
  return fake;
}

const exactVersion = ({ version }: ClusterSpec): string =>
  version.split('.').length === 3 ? version : `${version}.15`;

const recordFor = (name: ClusterName, spec: ClusterSpec): ClusterRecord => ({
  formatVersion: 1,
  name,
  token: unsafeBrand<ClusterToken>(`${name}-token`),
  version: unsafeBrand<EtcdVersion>(exactVersion(spec)),
  issuedNew: [],
  addresses: {},
  retire: [],
});

function targetFor(wish: Wish, record: ClusterRecord): Result<Target, readonly Problem[]> {
  const version = unsafeBrand<EtcdVersion>(exactVersion(wish.spec));
  return resolveTarget({
    spec: wish.spec,
    record: { ...record, version },
    state: wish.state,
    firstLife: 'plain',
    retire: wish.retire,
  });
}

/** Three ports for each host, in the order in which the hosts come. */
function withAddresses(record: ClusterRecord, spec: ClusterSpec): ClusterRecord {
  const addresses: Record<string, HostAddresses> = { ...record.addresses };
  for (const { host, start, peerURLs } of spec.members) {
    if (addresses[host] !== undefined) continue;
    const base = 21000 + 10 * Object.keys(addresses).length;
    const url = (offset: number) => `http://127.0.0.1:${base + offset}`;
    addresses[host] = {
      peerURLs: start === 'by-hand' ? (peerURLs ?? []) : [unsafeBrand(url(1))],
      clientURLs: [unsafeBrand(url(0))],
      listenPeerURLs: [url(1)],
      listenClientURLs: [url(0)],
      listenMetricsURLs: [url(2)],
      dataDir: `/state/${host}/data`,
    };
  }
  return { ...record, addresses };
}

type Seen = Pick<FakeCluster, 'wish' | 'record' | 'world'>;

function inputOf(fake: Seen, clock: Clock): Result<PlanInput, readonly Problem[]> {
  const { wish, record, world } = fake;
  if (wish === undefined || record === undefined) return err([]);
  const settled = withAddresses(record, wish.spec);
  const target = targetFor(wish, settled);
  if (!target.ok) return target;
  const now: Instant = clock.now();
  const empty = {
    at: now,
    hosts: [],
    memberList: { kind: 'unseen', because: 'nobody answers' },
  } as const;
  const seen = { target: target.value, record: settled, observation: empty, now };
  // A host that is new in the wish is seen as stopped and empty.
  const base = world === undefined ? worldOf(seen) : widened({ ...world, now }, target.value);
  return ok({ ...seen, observation: seenFrom(base) });
}

/** What a look saw stays as it saw it, also where a test made it see something else; hosts that are new to it are added. */
function asLooked(input: PlanInput, look: Look): PlanInput {
  const { at, hosts, memberList } = look.input.observation;
  const added = input.observation.hosts.filter(({ host }) => hosts.every((it) => it.host !== host));
  return {
    ...input,
    observation: { ...input.observation, at, hosts: [...hosts, ...added], memberList },
  };
}

/** Where nothing runs, nobody has a list to give. */
function seenFrom(world: World): Observation {
  const observation = observe(world);
  const silent = world.hosts.every(({ process }) => process.kind === 'stopped');
  const memberList = { kind: 'unseen', because: 'nobody answers' } as const;
  return silent ? { ...observation, memberList } : observation;
}

function widened(world: World, target: Target): World {
  const known = new Set(world.hosts.map(({ host }) => host));
  const added = target.members.flatMap(({ host, byHand }) =>
    known.has(host)
      ? []
      : [
          {
            host,
            process: byHand ? ({ kind: 'by-hand' } as const) : ({ kind: 'stopped' } as const),
            data: { kind: 'empty' } as const,
          },
        ],
  );
  return { ...world, target, hosts: [...world.hosts, ...added] };
}

/** One turn of a controller on the world. */
function turnOf(fake: FakeCluster, clock: Clock, tell: (entry: JournalEntry) => void): TurnResult {
  const input = inputOf(fake, clock);
  if (!input.ok) return { kind: 'blocked', problems: input.error };
  const { target, record, observation } = input.value;
  fake.record = record;
  const before =
    fake.world === undefined
      ? worldOf(input.value)
      : widened({ ...fake.world, now: clock.now() }, target);
  const next = plan(input.value);
  if (fake.wish === undefined) throw new Error('a turn without a wish');
  const standing = standingOf(target, observation, record.addresses);
  const { wish } = fake;
  const view = { wish, target, record, observation, standing, clientURLs: new Map(), plan: next };
  const at = clock.now();
  switch (next.kind) {
    case 'step': {
      if (fake.wish?.paused === true) return { kind: 'paused', plan: next, view };
      const { step, because, margin } = next;
      tell({ kind: 'decided', at, id: 'x', step, because, margin });
      const result = applyStep(before, step);
      fake.world = settle(result.world);
      fake.record = { ...fake.world.record };
      tell({ kind: 'outcome', at, id: 'x', outcome: result.outcome, step: step.kind, tookMs: 5 });
      return { kind: 'step', step, outcome: applied(), view };
    }
    case 'wait':
      fake.world = settle(before);
      return { kind: 'wait', plan: next, view };
    case 'blocked':
      return { kind: 'blocked', problems: [next.problem], view };
    case 'converged':
      tell({ kind: 'plan', at, plan: 'converged', because: 'converged' });
      return { kind: 'converged', view };
  }
}

const TURNS_MAX = 500;

async function runFake(
  fake: FakeCluster,
  clock: Clock,
  options: RunOptions,
): ReturnType<ManagedCluster['run']> {
  const endMs = clock.monotonicMs() + (options.deadlineMs ?? Number.POSITIVE_INFINITY);
  for (let i = 0; i < TURNS_MAX; i++) {
    if (options.interrupt.aborted) return ok({ kind: 'cancelled' });
    const turn = turnOf(fake, clock, (entry) => {
      fake.journal.push(entry);
      options.onEntry?.(entry);
    });
    const { until } = options;
    if (typeof until === 'function' && until(turn)) return ok({ kind: 'done', turn });
    if (clock.monotonicMs() >= endMs) return ok({ kind: 'deadline', turn });
    const wait = turn.kind === 'blocked' ? 3000 : turn.kind === 'wait' ? 1000 : TURN_MS;
    await clock.sleep(wait, new AbortController().signal);
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('the run of this test does not end');
}
