import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { deadlineSignal, isOk, unsafeBrand } from '../../base/index.js';
import {
  type ClusterRecord,
  type ClusterToken,
  type EtcdVersion,
  type HostAddresses,
  SUPPORTED_MINORS,
  type StartFlags,
  argumentsOf,
  compareVersions,
  minorOf,
  parseClientURL,
  parseClusterName,
  parseEtcdVersion,
  parsePeerURL,
} from '../cluster/index.js';
import {
  type FlagInfo,
  defaultSpec,
  flagInfo,
  flagsOf,
  gatesOf,
  readFlags,
  whyReserved,
} from '../spec/index.js';
import { birthFlags, checkFlags, resolveTarget, restartFlags, withFastTimings } from './index.js';

// The table and the flags we make, asked of the real binaries: the newest of each minor in the cache.
const UP_MS = 20_000;
const PORTS_FROM = 20_000;
const PORTS_TO = 31_000;

const cacheDir = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'quorate', 'etcd');

const binaryOf = (version: string): string => join(cacheDir, `v${version}`, 'etcd');

function newestInCache(minor: string): EtcdVersion {
  const directories = existsSync(cacheDir) ? readdirSync(cacheDir) : [];
  const newest = directories
    .map(parseEtcdVersion)
    .filter((version) => version !== undefined)
    .filter((version) => minorOf(version) === minor && existsSync(binaryOf(version)))
    .sort(compareVersions)
    .at(-1);
  if (newest !== undefined) return newest;
  throw new Error(
    `No etcd ${minor} is in the cache. Fetch it, then run this test again:\n  npm run quorate -- versions fetch ${SUPPORTED_MINORS.join(' ')}`,
  );
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly log: string;
}

/** etcd refuses a setting given as flag and as variable, so that it starts with an environment of its own. */
function run(
  version: string,
  args: readonly string[],
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(binaryOf(version), args, { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, log }));
  });
  return { child, ended };
}

describe.each(SUPPORTED_MINORS)('etcd %s', (minor) => {
  const version = newestInCache(minor);

  test('a birth comes up, ends by SIGTERM, comes up again with its restart flags, and never without its data', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'quorate-flags-'));
    try {
      const target = await targetOf(version, directory);
      const [member] = target.members;
      if (member === undefined) throw new Error('no member');
      const birth = birthFlags(member, target);
      const metricsURL = member.flags['listen-metrics-urls'] ?? '';
      for (const flags of [withFastTimings(birth), restartFlags(member.flags)]) {
        expect(checkFlags(flags, version)).toEqual([]);
        await lives(version, flags, metricsURL);
      }
      await rm(join(directory, 'data'), { recursive: true });
      const { code } = await run(version, argumentsOf(restartFlags(member.flags))).ended;
      expect(code).toBe(1);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('it knows every flag of its minor in our table', async () => {
    const args = flagsOf(minor)
      .filter(({ name }) => name !== 'version')
      .map((info) => `--${info.name}=${sampleOf(info)}`);
    const { code, log } = await run(version, [...args, '--version']).ended;
    expect(log).toContain(`etcd Version: ${version}`);
    expect(code).toBe(0);
  });

  test('it accepts what we make of every flag that a spec may set', async () => {
    const settable = flagsOf(minor).filter(
      ({ name, type, replacedBy, deprecated }) =>
        type !== 'ignored' &&
        whyReserved(name) === undefined &&
        // The old spelling beside the new one is refused, by us and by etcd.
        !(deprecated === true && replacedBy !== undefined),
    );
    const etcd = Object.fromEntries(settable.map((info) => [info.name, asInSpec(info)]));
    const { flags, problems } = readFlags(minor, etcd);
    expect(problems).toEqual([]);
    expect(Object.keys(flags)).toHaveLength(settable.length);
    expect(checkFlags(flags, version)).toEqual([]);
    const { code, log } = await run(version, [...argumentsOf(flags), '--version']).ended;
    expect({ code, log }).toMatchObject({ code: 0 });
  });

  test('it refuses every flag that our table gives to other minors only', async () => {
    const others = ['3.4', '3.5', '3.6', '3.7'].flatMap((each) =>
      flagsOf(each).map(({ name }) => name),
    );
    const absent = [...new Set(others)].filter((name) => flagInfo(minor, name) === undefined);
    expect(absent.length).toBeGreaterThan(0);
    const accepted: string[] = [];
    for (const name of absent) {
      const { code, log } = await run(version, [`--${name}=1`, '--version']).ended;
      if (code !== 2 || !log.includes('flag provided but not defined')) accepted.push(name);
      expect(checkFlags({ [name]: '1' }, version)).toHaveLength(1);
    }
    expect(accepted).toEqual([]);
  });

  test('it knows exactly our feature gates', async () => {
    if (flagInfo(minor, 'feature-gates') === undefined) return;
    const known = gatesOf(minor);
    const all = known.map((gate) => `${gate}=true`).join(',');
    expect((await run(version, [`--feature-gates=${all}`, '--version']).ended).code).toBe(0);
    for (const gate of gatesOf('3.7').filter((each) => !known.includes(each))) {
      expect((await run(version, [`--feature-gates=${gate}=true`, '--version']).ended).code).toBe(
        2,
      );
    }
  });
});

/** A value of the flag's type. */
function sampleOf(info: FlagInfo): string {
  if (info.type === 'ignored') return info.name.startsWith('test.') ? '' : '1';
  if (info.default !== '') return info.default;
  return info.allowed?.at(-1) ?? '';
}

/** As a person would write it: with units wherever there are some. */
function asInSpec(info: FlagInfo): string {
  const samples: Partial<Record<NonNullable<FlagInfo['unit']> | FlagInfo['type'], string>> = {
    ms: info.name === 'election-timeout' ? '2s' : '200ms',
    s: '10m',
    bytes: '1.5MiB',
    MiB: '200MiB',
    duration: '1d',
    urls: 'https://example.com:443',
    featureGates: 'CompactHashCheck=true',
  };
  return samples[info.unit ?? info.type] ?? sampleOf(info);
}

async function lives(version: string, flags: StartFlags, metricsURL: string): Promise<void> {
  const { child, ended } = run(version, argumentsOf(flags));
  try {
    const first = await Promise.race([healthy(metricsURL, deadlineSignal(UP_MS)), ended]);
    if (first !== 'up') throw new Error(first === 'late' ? 'etcd did not come up' : first.log);
  } finally {
    child.kill('SIGTERM');
  }
  // etcd raises the signal on itself once it has shut down.
  expect(await ended).toMatchObject({ code: null, signal: 'SIGTERM' });
}

async function healthy(metricsURL: string, signal: AbortSignal): Promise<'up' | 'late'> {
  try {
    while (!(await isHealthy(`${metricsURL}/health`, signal)))
      await sleep(20, undefined, { signal });
    return 'up';
  } catch {
    return 'late';
  }
}

/** False also while the port is closed. */
const isHealthy = (url: string, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    get(url, { signal }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.once('end', () => resolve(body.includes('"true"')));
    }).once('error', () => resolve(false));
  });

async function targetOf(version: EtcdVersion, directory: string) {
  const [peer, client, metrics] = await freePorts(3);
  const peerURL = parsePeerURL(`http://127.0.0.1:${peer}`);
  const clientURL = parseClientURL(`http://127.0.0.1:${client}`);
  const name = parseClusterName('lab');
  if (!isOk(peerURL) || !isOk(clientURL) || !isOk(name)) throw new Error('bad names');
  const addresses: HostAddresses = {
    peerURLs: [peerURL.value],
    clientURLs: [clientURL.value],
    listenPeerURLs: [peerURL.value],
    listenClientURLs: [clientURL.value],
    listenMetricsURLs: [`http://127.0.0.1:${metrics}`],
    dataDir: join(directory, 'data'),
  };
  const record: ClusterRecord = {
    formatVersion: 1,
    name: name.value,
    token: unsafeBrand<ClusterToken>('lab-token'),
    version,
    issuedNew: [],
    addresses: { m1: addresses },
    retire: [],
  };
  const spec = {
    ...defaultSpec({ name: name.value, memberCount: 1, version: minorOf(version) }),
    etcd: {
      'heartbeat-interval': '100ms',
      'election-timeout': '1s',
      'quota-backend-bytes': '8GiB',
      'auto-compaction-retention': '1h',
      'grpc-keepalive-interval': '1d',
      'pre-vote': true,
      cors: 'https://example.com:443',
    },
  };
  const target = resolveTarget({ spec, record, state: 'up', firstLife: 'fast', retire: [] });
  if (!target.ok) throw new Error(JSON.stringify(target.error));
  return target.value;
}

async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = PORTS_FROM + Math.floor(Math.random() * (PORTS_TO - PORTS_FROM));
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
