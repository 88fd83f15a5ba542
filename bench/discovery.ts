import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memberIDFrom } from '../src/services/discovery/identity.js';
import { cachedEtcd } from './cached-etcd.js';
import { type Asked, HTTPLane } from './http-lane.js';
import { type Report, type Row, machine, pairedAtLeast, within } from './harness.js';

const PROGRAM = fileURLToPath(new URL('../../../dist/main/quorate.js', import.meta.url));
const OURS = 'http://127.0.0.1:18087';
const THEIRS = 'http://127.0.0.1:18079';
const STORAGE = 'http://127.0.0.1:18179';
const PREFIX = '/v2/keys/discovery';
/** Tokens made at the same time, or clusters born at the same time. */
const LANES = 32;
const MEASURE_MS = 4_000;
const MEMBERS = 3;
const OPEN_TOKENS = 10_000;
const RSS_MAX_MIB = 200;
/** What is asked of the service, as a multiple of the peer's. */
const FACTOR_MIN = 2;
const READY_MS = 60_000;

/**
 * The discovery service, before an etcd 3.6 of its own, beside the v2 API of an etcd 3.4: tokens a second, whole births
 * a second (every request of three members, without the members), and the memory of the service while members of
 * ten thousand tokens wait. Both write each change durably before they answer. Rounds alternate.
 */
export async function benchDiscovery(options: {
  readonly runs: number;
  readonly progress: (line: string) => void;
}): Promise<Report> {
  const { runs, progress } = options;
  const directory = await mkdtemp(join(tmpdir(), 'quorate-bench-'));
  const children: ChildProcess[] = [];
  const start = (path: string, args: readonly string[]): ChildProcess => {
    const child = spawn(path, args, { stdio: 'ignore', env: { PATH: process.env['PATH'] ?? '' } });
    children.push(child);
    return child;
  };
  try {
    start(await cachedEtcd('3.4'), [
      ...etcdFlags(THEIRS, join(directory, 'theirs')),
      '--enable-v2',
    ]);
    start(await cachedEtcd('3.6'), etcdFlags(STORAGE, join(directory, 'ours')));
    const listen = OURS.replace('http://', '');
    const serve = ['discovery', 'serve', '--listen', listen, '--endpoints', STORAGE];
    const service = start(process.execPath, [PROGRAM, ...serve]);
    await Promise.all([ready(`${OURS}/health`), ready(`${THEIRS}/health`)]);

    const tokens = { ours: [] as number[], theirs: [] as number[] };
    const births = { ours: [] as number[], theirs: [] as number[] };
    for (let run = 1; run <= runs; run++) {
      for (const side of run % 2 === 0
        ? (['ours', 'theirs'] as const)
        : (['theirs', 'ours'] as const)) {
        const base = side === 'ours' ? OURS : THEIRS;
        const made = await rate(base, oneToken, `t${run}`);
        const born = await rate(base, (members, name) => birth(base, members, name), `b${run}`);
        tokens[side].push(made);
        births[side].push(born);
        progress(
          `${run}/${runs}  ${side}: ${made.toFixed(0)} tokens/s, ${born.toFixed(0)} births/s`,
        );
      }
    }
    const waiting = await memoryOf(service.pid ?? 0, progress);
    const rows: Row[] = [
      pairedAtLeast('tokens', tokens.ours, tokens.theirs, FACTOR_MIN),
      pairedAtLeast('births of three', births.ours, births.theirs, FACTOR_MIN),
      within(
        `memory, ${OPEN_TOKENS} open tokens with a member waiting at each`,
        waiting,
        RSS_MAX_MIB,
        'MiB',
      ),
    ];
    return { name: 'discovery beside the v2 API of etcd 3.4', machine: machine(), rows };
  } finally {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }),
    );
    await rm(directory, { recursive: true, force: true });
  }
}

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

/** How often a second it is done in all lanes together. */
async function rate(
  base: string,
  work: (members: readonly HTTPLane[], name: string) => Promise<void>,
  prefix: string,
): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  const lane = async (at: number): Promise<void> => {
    const members = Array.from({ length: MEMBERS }, () => new HTTPLane(base));
    for (let i = 0; performance.now() - startedAt < MEASURE_MS; i++) {
      await work(members, `${prefix}-${at}-${i}`);
      done++;
    }
    for (const member of members) member.close();
  };
  await Promise.all(Array.from({ length: LANES }, (_, at) => lane(at)));
  return (done * 1000) / (performance.now() - startedAt);
}

async function makeToken(lane: HTTPLane, name: string): Promise<void> {
  const { status } = await lane.ask('PUT', `${PREFIX}/${name}/_config/size`, `value=${MEMBERS}`);
  if (status !== 201) throw new Error(`No token was made: ${status}`);
}

const oneToken = async ([lane]: readonly HTTPLane[], name: string): Promise<void> => {
  if (lane !== undefined) await makeToken(lane, name);
};

/** Every request of three members that start one after the other (etcd-facts 2.1). */
async function birth(base: string, members: readonly HTTPLane[], name: string): Promise<void> {
  const [first] = members;
  if (first === undefined) return;
  await makeToken(first, name);
  const path = `${PREFIX}/${name}`;
  const waits: Promise<Asked>[] = [];
  for (const [i, member] of members.entries()) {
    const get = (query: string, at = path) => member.ask('GET', `${at}?${query}`);
    const peerURL = `http://10.0.0.${i}:2380`;
    const id = memberIDFrom([peerURL], `${base}${path}`);
    await get(PLAIN, `${path}/_config/size`);
    await get(PLAIN);
    const value = encodeURIComponent(`m${i}=${peerURL}`);
    const put = await member.ask('PUT', `${path}/${id}?prevExist=false`, `value=${value}`);
    if (put.status !== 201) throw new Error(`Nobody was registered: ${put.status} ${put.body}`);
    const { node } = JSON.parse(put.body) as { readonly node: { readonly createdIndex: number } };
    await get(`recursive=false&wait=true&waitIndex=${node.createdIndex}`, `${path}/${id}`);
    await get(PLAIN, `${path}/_config/size`);
    await get(PLAIN);
    if (i < members.length - 1)
      waits.push(get(`recursive=true&wait=true&waitIndex=${node.createdIndex + 1}`));
  }
  for (const event of await Promise.all(waits)) {
    if (!event.body.includes('createdIndex'))
      throw new Error('A member that waits was told nothing.');
  }
}

const PLAIN = 'quorum=false&recursive=false&sorted=false';

/** Resident memory of the service in MiB while a member waits at each of so many tokens. */
async function memoryOf(pid: number, progress: (line: string) => void): Promise<number> {
  const names = Array.from({ length: OPEN_TOKENS }, (_, i) => `w-${i}`);
  const left = [...names];
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      const lane = new HTTPLane(OURS);
      for (let name = left.pop(); name !== undefined; name = left.pop())
        await makeToken(lane, name);
      lane.close();
    }),
  );
  const polls = new AbortController();
  const pending = [...names];
  const open = async (): Promise<void> => {
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      await begin(
        OURS,
        `${PREFIX}/${name}?recursive=true&wait=true&waitIndex=999999999`,
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
