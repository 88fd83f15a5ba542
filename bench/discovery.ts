import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedEtcd } from './cached-etcd.js';
import { debianDiscovery } from './debian-discovery.js';
import { type Asking, type Work, makeToken, pace } from './discovery-asker.js';
import { HTTPLane } from './http-lane.js';
import { type Report, type Row, machine, median, pairedAtLeast, within } from './harness.js';
import { processorMicros } from './processor.js';

const PROGRAM = fileURLToPath(new URL('../../../dist/main/quorate.js', import.meta.url));
const ONLY_ANSWERS = fileURLToPath(new URL('only-answers.js', import.meta.url));
const OURS = 'http://127.0.0.1:18087';
const ETCD_34 = 'http://127.0.0.1:18079';
const STORAGE = 'http://127.0.0.1:18179';
const DEBIAN_PORT = 18_088;
const BOUND_PORT = 18_089;
/** Tokens made at the same time, or clusters born at the same time. */
const LANES = 64;
const MEASURE_MS = 2_000;
const WARM_UP_MS = 2_000;
const OPEN_TOKENS = 10_000;
const RSS_MAX_MIB = 200;
/** What is asked of the service, as a multiple of the peer's. */
const FACTOR_MIN = 2;
const READY_MS = 60_000;
const WORKS: readonly Work[] = ['tokens', 'births'];

/** One who is measured. The figures of all rounds, in their order. */
interface Side {
  readonly name: string;
  readonly asking: Asking;
  /** Every process that works for it. */
  readonly pids: readonly number[];
  readonly perSecond: Readonly<Record<Work, number[]>>;
  readonly serverMicros: Readonly<Record<Work, number[]>>;
  readonly askerMicros: Readonly<Record<Work, number[]>>;
}

/**
 * The discovery service, before an etcd 3.6 of its own, beside the v2 API of an etcd 3.4 and beside Debian's build of the
 * public service, before that same 3.4: tokens a second, whole births a second (every request of three members, without
 * the members), and the memory of the service while members of ten thousand tokens wait. Each makes tokens in its own way:
 * ours through /new, where a token carries its size and is written when its first member registers; etcd's under a name
 * of the asker, which is also measured of ours. All have durably what they have answered. Rounds alternate, after one that does not count. How fast a server that does nothing is, with the
 * same asker, shows what any server could reach here.
 */
export async function benchDiscovery(options: {
  readonly runs: number;
  readonly progress: (line: string) => void;
}): Promise<Report> {
  const { runs, progress } = options;
  const directory = await mkdtemp(join(tmpdir(), 'quorate-bench-'));
  const children: ChildProcess[] = [];
  const start = (path: string, args: readonly string[]): number => {
    const child = spawn(path, args, { stdio: 'ignore', env: { PATH: process.env['PATH'] ?? '' } });
    child.on('error', () => undefined);
    children.push(child);
    return child.pid ?? 0;
  };
  try {
    const etcd34 = start(await cachedEtcd('3.4'), [
      ...etcdFlags(ETCD_34, join(directory, 'etcd34')),
      '--enable-v2',
    ]);
    const storage = start(await cachedEtcd('3.6'), etcdFlags(STORAGE, join(directory, 'ours')));
    const serve = (base: string): number => {
      const options = ['--listen', base.replace('http://', ''), '--endpoints', STORAGE];
      return start(process.execPath, [PROGRAM, 'discovery', 'serve', ...options]);
    };
    const service = serve(OURS);
    const bound = start(process.execPath, [ONLY_ANSWERS, String(BOUND_PORT)]);
    await Promise.all([ready(`${OURS}/health`), ready(`${ETCD_34}/health`)]);

    const ours = sideOf('quorate, /new', { base: OURS, makes: 'new' }, [service, storage]);
    const named = sideOf('quorate, named', { base: OURS, makes: 'named' }, [service, storage]);
    const theirs = sideOf('etcd 3.4, v2 API', { base: ETCD_34, makes: 'named' }, [etcd34]);
    const nothing = sideOf(
      'a server that only answers',
      { base: `http://127.0.0.1:${BOUND_PORT}`, makes: 'named' },
      [bound],
    );
    const debianDirectory = join(directory, 'debian');
    await mkdir(debianDirectory);
    const debian = await debianDiscovery(debianDirectory, { port: DEBIAN_PORT, etcdURL: ETCD_34 });
    const sides = [ours, named, theirs, nothing];
    let pair: { readonly debian: Side } | { readonly because: string };
    if ('because' in debian) pair = debian;
    else {
      const base = `http://127.0.0.1:${DEBIAN_PORT}`;
      const pid = start(debian.path, debian.args);
      pair = await ready(`${base}/health`).then(
        () => ({
          debian: sideOf('Debian etcd-discovery', { base, makes: 'new' }, [pid, etcd34]),
        }),
        (error: unknown) => ({ because: String(error) }),
      );
    }
    if ('because' in pair) progress(`Debian's etcd-discovery is NOT measured: ${pair.because}`);
    else sides.push(pair.debian);

    for (const side of sides) {
      await round(side, 'warm', WARM_UP_MS);
    }
    for (let run = 1; run <= runs; run++) {
      for (const side of run % 2 === 0 ? sides : sides.toReversed()) {
        const figures = await round(side, `r${run}`, MEASURE_MS);
        for (const work of WORKS) {
          side.perSecond[work].push(figures[work].perSecond);
          side.serverMicros[work].push(figures[work].serverMicros);
          side.askerMicros[work].push(figures[work].askerMicros);
        }
        const { tokens, births } = figures;
        progress(
          `${run}/${runs}  ${side.name}: ${tokens.perSecond.toFixed(0)} tokens/s, ${births.perSecond.toFixed(0)} births/s`,
        );
      }
    }
    const waiting = await memoryOf(service, progress);
    const rows: Row[] = [
      ...against(ours, theirs, ', each in its own way', FACTOR_MIN),
      ...against(named, theirs, ', under names of the asker', undefined),
      ...('because' in pair
        ? []
        : against(ours, pair.debian, ', through /new, beside Debian’s etcd-discovery', FACTOR_MIN)),
      within(
        `memory, ${OPEN_TOKENS} open tokens with a member waiting at each`,
        waiting,
        RSS_MAX_MIB,
        'MiB',
      ),
    ];
    const lines = sides.map(lineOf);
    if ('because' in pair) lines.push(["Debian's etcd-discovery", `NOT measured: ${pair.because}`]);
    return {
      name: `discovery, ${LANES} at a time, beside the v2 API of etcd 3.4`,
      machine: machine(),
      rows,
      table: { columns: COLUMNS, lines },
    };
  } finally {
    await Promise.all(children.map((child) => end(child)));
    await rm(directory, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function sideOf(name: string, asking: Asking, pids: readonly number[]): Side {
  const none = (): Record<Work, number[]> => ({ tokens: [], births: [] });
  return {
    name,
    asking,
    pids,
    perSecond: none(),
    serverMicros: none(),
    askerMicros: none(),
  };
}

interface Figures {
  readonly perSecond: number;
  readonly serverMicros: number;
  readonly askerMicros: number;
}

async function round(side: Side, prefix: string, ms: number): Promise<Record<Work, Figures>> {
  const measured = async (work: Work): Promise<Figures> => {
    const before = await processorMicros(side.pids);
    const kept = { prefix: `${prefix}-${work}`, lanes: LANES, ms };
    const { done, perSecond, askerMicros } = await pace(side.asking, work, kept);
    const spent = (await processorMicros(side.pids)) - before;
    return { perSecond, askerMicros, serverMicros: spent / done };
  };
  return { tokens: await measured('tokens'), births: await measured('births') };
}

const against = (
  ours: Side,
  theirs: Side,
  more: string,
  factorMin: number | undefined,
): readonly Row[] => [
  pairedAtLeast(`tokens${more}`, ours.perSecond.tokens, theirs.perSecond.tokens, factorMin),
  pairedAtLeast(
    `births of three${more}`,
    ours.perSecond.births,
    theirs.perSecond.births,
    factorMin,
  ),
];

/** Processor time of all of a side's processes, and of the asker, in µs. */
const COLUMNS = ['', 'tokens/s', 'server µs', 'asker µs', 'births/s', 'server µs', 'asker µs'];

const lineOf = ({ name, perSecond, serverMicros, askerMicros }: Side): string[] => [
  name,
  ...WORKS.flatMap((work) =>
    [perSecond[work], serverMicros[work], askerMicros[work]].map((all) => median(all).toFixed(0)),
  ),
];

const etcdFlags = (clientURL: string, dataDir: string): string[] => {
  const peerURL = clientURL.replace(/\d+$/, (port) => String(Number(port) + 1));
  return [
    `--data-dir=${dataDir}`,
    `--listen-client-urls=${clientURL}`,
    `--advertise-client-urls=${clientURL}`,
    `--listen-peer-urls=${peerURL}`,
    `--initial-advertise-peer-urls=${peerURL}`,
    `--initial-cluster=default=${peerURL}`,
  ];
};

/** Resident memory of the service in MiB while a member waits at each of so many tokens. */
async function memoryOf(pid: number, progress: (line: string) => void): Promise<number> {
  const names = Array.from({ length: OPEN_TOKENS }, (_, i) => `w-${i}`);
  const left = [...names];
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      const lane = new HTTPLane(OURS);
      for (let name = left.pop(); name !== undefined; name = left.pop())
        await makeToken(lane, { base: OURS, makes: 'named' }, name);
      lane.close();
    }),
  );
  const polls = new AbortController();
  const pending = [...names];
  const open = async (): Promise<void> => {
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      await begin(
        OURS,
        `/v2/keys/discovery/${name}?recursive=true&wait=true&waitIndex=999999999`,
        polls.signal,
      );
    }
  };
  await Promise.all(Array.from({ length: LANES }, open));
  const body = await (await fetch(`${OURS}/metrics`)).text();
  progress(/quorate_discovery_polls \d+/.exec(body)?.[0] ?? 'no metrics');
  if (!body.includes(`quorate_discovery_polls ${OPEN_TOKENS}\n`)) throw new Error('Not all wait.');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  polls.abort();
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

/** Opens a poll on a connection of its own, and answers when it waits. */
function begin(base: string, path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(base, { path, agent: false }, (response) => {
      response.on('error', () => undefined).resume();
      resolve();
    });
    // One listener for all of them would be too many on one signal.
    OPEN.add(sent);
    sent.on('error', (error) => (signal.aborted ? undefined : reject(error)));
    sent.end();
    if (OPEN.size === OPEN_TOKENS) {
      signal.addEventListener('abort', () => OPEN.forEach((each) => each.destroy()), {
        once: true,
      });
    }
  });
}

const OPEN = new Set<ReturnType<typeof request>>();

async function ready(url: string): Promise<void> {
  const endMs = performance.now() + READY_MS;
  while (performance.now() < endMs) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} was not ready in time`);
}
