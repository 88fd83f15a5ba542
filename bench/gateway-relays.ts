import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Below the ephemeral range, and apart from what the product and the other benches take. */
const PORTS = {
  etcd: 19_200,
  peer: 19_201,
  quorate: 19_210,
  gateway: 19_211,
  proxy: 19_212,
  haproxy: 19_213,
};
const PROGRAM = join(fileURLToPath(new URL('../../../', import.meta.url)), 'dist/main/quorate.js');
const START_MS = 20_000;

export type RelayName = 'direct' | 'quorate' | 'etcd gateway' | 'etcd grpc-proxy' | 'haproxy';

export interface RunningRelay {
  readonly name: RelayName;
  readonly endpoint: string;
  /** CPU time so far, in µs; of etcd itself for `direct`. */
  cpuUs(): number;
  rssMiB(): number;
}

/** One member of etcd and every relay that this machine has, all running side by side; idle but for the one under load. */
export interface Stage {
  readonly relays: readonly RunningRelay[];
  /** Peers that are not installed here. */
  readonly absent: readonly RelayName[];
  close(): Promise<void>;
}

export async function openStage(etcd: string, directory: string): Promise<Stage> {
  const children: ChildProcess[] = [];
  const start = (program: string, ...args: readonly string[]): ChildProcess => {
    const env = { PATH: process.env['PATH'] ?? '', GOMAXPROCS: process.env['GOMAXPROCS'] };
    const child = spawn(program, args, { stdio: 'ignore', env });
    children.push(child);
    return child;
  };
  const close = async () => {
    await Promise.all(children.map(end));
  };
  const member = `127.0.0.1:${PORTS.etcd}`;
  const peer = `http://127.0.0.1:${PORTS.peer}`;
  const relays: RunningRelay[] = [];
  const add = async (name: RelayName, port: number, child: ChildProcess) => {
    await untilOpen(port, name, child);
    relays.push({
      name,
      endpoint: `http://127.0.0.1:${port}`,
      cpuUs: () => cpuUsOf(child.pid ?? 0),
      rssMiB: () => rssMiBOf(child.pid ?? 0),
    });
  };
  try {
    await add(
      'direct',
      PORTS.etcd,
      start(
        etcd,
        '--name=bench',
        `--data-dir=${join(directory, 'data')}`,
        `--listen-client-urls=http://${member}`,
        `--advertise-client-urls=http://${member}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=bench=${peer}`,
        '--unsafe-no-fsync',
        '--log-level=error',
      ),
    );
    const ours = [
      PROGRAM,
      'gateway',
      `--endpoints=${member}`,
      `--listen=127.0.0.1:${PORTS.quorate}`,
    ];
    await add('quorate', PORTS.quorate, start(process.execPath, ...ours));
    const listen = (port: number) => `--listen-addr=127.0.0.1:${port}`;
    await add(
      'etcd gateway',
      PORTS.gateway,
      start(etcd, 'gateway', 'start', `--endpoints=${member}`, listen(PORTS.gateway)),
    );
    // It dials the address that it advertises, and ends when nobody answers there.
    const advertise = `--advertise-client-url=127.0.0.1:${PORTS.proxy}`;
    await add(
      'etcd grpc-proxy',
      PORTS.proxy,
      start(etcd, 'grpc-proxy', 'start', `--endpoints=${member}`, listen(PORTS.proxy), advertise),
    );
    const haproxy = haproxyHere();
    if (haproxy === undefined) return { relays, absent: ['haproxy'], close };
    const config = join(directory, 'haproxy.cfg');
    await writeFile(config, haproxyConfig(member));
    await add('haproxy', PORTS.haproxy, start(haproxy, '-db', '-f', config));
    return { relays, absent: [], close };
  } catch (error) {
    await close();
    throw error;
  }
}

const haproxyConfig = (member: string): string =>
  [
    'global',
    '  maxconn 4096',
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 1m',
    '  timeout server 1m',
    'listen etcd',
    `  bind 127.0.0.1:${PORTS.haproxy}`,
    `  server m1 ${member} check`,
    '',
  ].join('\n');

/** `HAPROXY` names one that is not on the PATH. */
function haproxyHere(): string | undefined {
  const program = process.env['HAPROXY'] ?? 'haproxy';
  try {
    execFileSync(program, ['-v'], { stdio: 'ignore' });
    return program;
  } catch {
    return undefined;
  }
}

async function untilOpen(port: number, name: string, child: ChildProcess): Promise<void> {
  const endMs = performance.now() + START_MS;
  while (performance.now() < endMs) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`${name} has ended: is port ${port} taken?`);
    }
    if (await isOpen(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${name} does not listen on ${port}`);
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

const TICK_US = 10_000;

/** utime and stime, fields 14 and 15, counted from behind the name in parentheses. */
function cpuUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

function rssMiBOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    }
  });
