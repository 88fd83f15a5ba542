import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok, silentLogger, systemClock, systemRandom } from '../../base/index.js';
import { errnoOf } from '../../disk/index.js';
import { type HostName, parseHostName } from '../../core/cluster/index.js';
import type { Launch } from '../../core/planner/index.js';
import type { HostDriver } from '../../engine/ports/index.js';
import { type DriverRig, freePorts, labEtcd, memberFlags } from '../conformance/index.js';
import { createLocalDriver } from './driver.js';
import { memberPaths } from './layout.js';
import { linuxProcessTable } from './process-table-linux.js';

/** The test bench of the local driver; for tests only. */
export interface LocalRig extends DriverRig {
  readonly stateDir: string;
  takePort(port: number): Promise<() => Promise<void>>;
  /** Ends every process of this rig and keeps its files. */
  end(): Promise<void>;
}

const hostNamed = (text: string): HostName => {
  const host = parseHostName(text);
  if (!host.ok) throw new Error(host.error);
  return host.value;
};

export async function makeLocalRig(minor: string): Promise<LocalRig> {
  const { version, path: binary } = await labEtcd(minor);
  const home = await mkdtemp(join(tmpdir(), 'quorate-local-'));
  const stateDir = join(home, 'clusters', 'lab');
  const hosts = [hostNamed('m1'), hostNamed('m2')] as const;
  const ports = await freePorts(hosts.length * 3 + 1);
  const nobodysPort = ports.at(-1) ?? 0;
  const portOf = (host: HostName): number => ports[hosts.indexOf(host) * 3] ?? 0;
  const pathsOf = (host: HostName) => memberPaths(stateDir, host);
  const makeDriver = (): HostDriver =>
    createLocalDriver({
      gatewayCommand: [],
      stateDir,
      binaryFor: () => Promise.resolve(ok(binary)),
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
  const strangers: (() => void)[] = [];

  const walFile = async (host: HostName): Promise<string> => {
    const wal = join(pathsOf(host).dataDir, 'member', 'wal');
    const [first = ''] = (await readdir(wal)).filter((name) => name.endsWith('.wal')).sort();
    return join(wal, first);
  };

  const end = async () => {
    for (const endStranger of strangers.splice(0)) endStranger();
    await endAllUnder(home);
  };

  return {
    stateDir,
    driver: makeDriver(),
    hosts,
    anotherDriver: () => Promise.resolve(makeDriver()),
    launchFor: (host, purpose): Launch => {
      const flags = memberFlags(version, host, pathsOf(host).dataDir, portOf(host));
      const joining = {
        'initial-cluster': `${flags['initial-cluster'] ?? ''},other=http://127.0.0.1:${nobodysPort}`,
        'initial-cluster-state': 'existing',
      };
      return { purpose, version, flags: purpose === 'join' ? { ...flags, ...joining } : flags };
    },
    wipe: (host) => rm(pathsOf(host).dataDir, { recursive: true }),
    loseLog: (host) => rm(join(pathsOf(host).dataDir, 'member', 'wal'), { recursive: true }),
    scribble: async (host) => {
      const file = await open(await walFile(host), 'r+');
      await file.write(Buffer.alloc(64, 0x5a), 0, 64, 0);
      await file.close();
    },
    signalMember: async (host, signal) => {
      process.kill(await recordedPid(pathsOf(host).process), signal);
    },
    takeClientPort: (host) => takePort(portOf(host)),
    takePort,
    reusePid: async (host) => {
      const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
      strangers.push(() => stranger.kill('SIGKILL'));
      await once(stranger, 'spawn');
      const path = pathsOf(host).process;
      const life = JSON.parse(await readFile(path, 'utf8')) as object;
      await writeFile(path, JSON.stringify({ ...life, pid: stranger.pid }));
      return { strangerLives: () => stranger.exitCode === null && stranger.signalCode === null };
    },
    hideState: async () => {
      const members = join(stateDir, 'members');
      await rename(members, `${members}.hidden`);
      await writeFile(members, 'not a directory');
      return async () => {
        await rm(members);
        await rename(`${members}.hidden`, members);
      };
    },
    stillKept: (movedTo) =>
      access(join(movedTo, 'member', 'wal')).then(
        () => true,
        () => false,
      ),
    end,
    dispose: async () => {
      await end();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function takePort(port: number): Promise<() => Promise<void>> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return () => new Promise((resolve) => server.close(() => resolve()));
}

export const recordedPid = async (path: string): Promise<number> =>
  (JSON.parse(await readFile(path, 'utf8')) as { pid: number }).pid;

/** Ends the members that this rig started: those whose data directory lies under its own home. */
export async function endAllUnder(home: string): Promise<void> {
  const table = linuxProcessTable(systemClock);
  for (let round = 0; round < 500; round++) {
    const left = (await table.withDataDir()).filter((seen) => seen.dataDir.startsWith(`${home}/`));
    if (left.length === 0) return;
    for (const { pid } of left) killIfThere(pid);
    await systemClock.sleep(10, new AbortController().signal);
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
