import { access, constants, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  type EtcdVersion,
  type StartFlags,
  compareVersions,
  minorOf,
  parseEtcdVersion,
} from '../../core/cluster/index.js';

export interface LabEtcd {
  readonly version: EtcdVersion;
  readonly path: string;
}

/** The newest etcd of a minor in the shared cache. A test that needs one and finds none fails, and says what is missing. */
export async function labEtcd(minor: string): Promise<LabEtcd> {
  const cache = join(cacheDir(), 'etcd');
  const names = await readdir(cache).catch(() => []);
  const versions = names
    .flatMap((name) => parseEtcdVersion(name) ?? [])
    .filter((version) => minorOf(version) === minor)
    .sort((a, b) => compareVersions(b, a));
  for (const version of versions) {
    const path = join(cache, `v${version}`, 'etcd');
    if (await isExecutable(path)) return { version, path };
  }
  throw new Error(`these tests need a real etcd ${minor} in ${cache}, and there is none`);
}

/** Where services/binaries keeps what it fetched; a driver's test cannot import a service to ask. */
function cacheDir(): string {
  const { QUORATE_CACHE: own = '', XDG_CACHE_HOME: xdg = '' } = process.env;
  if (own !== '') return own;
  return join(xdg === '' ? join(homedir(), '.cache') : xdg, 'quorate');
}

const isExecutable = async (path: string): Promise<boolean> =>
  await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 31_000;
const TRIES_MAX = 100;

/** Neighbouring ports that nobody listens on, below every system's ephemeral range. */
export async function freePorts(count: number): Promise<readonly number[]> {
  for (let i = 0; i < TRIES_MAX; i++) {
    const base = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT - count));
    const ports = Array.from({ length: count }, (_, k) => base + k);
    if (!(await Promise.all(ports.map(isFree))).includes(false)) return ports;
  }
  throw new Error(`found no ${count} neighbouring free ports in ${TRIES_MAX} tries`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

/** The flags of one member on three neighbouring ports: client, peer, metrics. */
export function memberFlags(
  version: EtcdVersion,
  name: string,
  dataDir: string,
  port: number,
): StartFlags {
  const url = (offset: number) => `http://127.0.0.1:${port + offset}`;
  return {
    name,
    'data-dir': dataDir,
    'listen-client-urls': url(0),
    'advertise-client-urls': url(0),
    'listen-peer-urls': url(1),
    'initial-advertise-peer-urls': url(1),
    'listen-metrics-urls': url(2),
    'initial-cluster': `${name}=${url(1)}`,
    'initial-cluster-token': `lab-${port}`,
    'initial-cluster-state': 'new',
    ...(version.startsWith('3.4.') ? { logger: 'zap' } : {}),
  };
}
