import { access, constants } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type EtcdVersion, type StartFlags, parseEtcdVersion } from '../../core/cluster/index.js';

/** One patch of every supported minor, as the lab has them. */
export const LAB_VERSIONS: readonly EtcdVersion[] = ['3.4.45', '3.5.34', '3.6.15', '3.7.2'].flatMap(
  (text) => parseEtcdVersion(text) ?? [],
);

/** The etcd of the shared cache. A test that needs one and finds none fails, and says what is missing. */
export async function labEtcd(version: EtcdVersion): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const path = join(cache, 'quorate', 'etcd', `v${version}`, 'etcd');
  await access(path, constants.X_OK).catch(() => {
    throw new Error(`these tests need a real etcd ${version} at ${path}, and it is not there`);
  });
  return path;
}

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
