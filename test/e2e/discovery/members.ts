import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '../../../src/etcd/index.js';
import { type Lab, etcdOf, until } from '../../lab/index.js';

/** A member that a person starts with the flags of discovery. */
export interface HandMember {
  readonly name: string;
  readonly pid: number;
  readonly clientURL: string;
  readonly peerURL: string;
  readonly dataDir: string;
  /** How it ended, when it ends: the exit code, or the signal. */
  readonly ended: Promise<number | string>;
  /** Everything it has logged so far. */
  log(): Promise<string>;
  /** It has logged this; fails when it ends before. */
  says(pattern: RegExp): Promise<void>;
}

export interface HandOptions {
  readonly name: string;
  /** A minor, or the path of a binary. */
  readonly etcd: string;
  /** Flags that all members have alike. */
  readonly flags: readonly string[];
  readonly clientURL?: string;
  readonly peerURL?: string;
  /** Of a member that ran before. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
}

let started = 0;

/** Starts a member as the seed does: name, its own URLs, and the flags of discovery. Its lab ends it. */
export async function startMember(it: Lab, options: HandOptions): Promise<HandMember> {
  const { name, etcd, flags } = options;
  const peerURL = options.peerURL ?? (await it.freeURL());
  const clientURL = options.clientURL ?? (await it.freeURL());
  const serial = ++started;
  const dataDir = options.dataDir ?? join(it.home, 'by-hand', `${name}-${serial}`);
  await mkdir(join(it.home, 'by-hand'), { recursive: true });
  const path = etcd.startsWith('/') ? etcd : etcdOf(etcd).path;
  const args = [
    '--name',
    name,
    '--initial-advertise-peer-urls',
    peerURL,
    '--listen-peer-urls',
    peerURL,
    '--listen-client-urls',
    clientURL,
    '--advertise-client-urls',
    clientURL,
    `--data-dir=${dataDir}`,
    ...flags,
  ];
  const logPath = join(it.home, 'by-hand', `${name}-${serial}.log`);
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: options.env ?? {} });
  if (child.pid === undefined) throw new Error(`Could not start ${path}`);
  const file = createWriteStream(logPath);
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  let end: number | string | undefined;
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      end = code ?? signal ?? 'nothing';
      file.end(() => resolve(end ?? 'nothing'));
    });
  });
  const log = () => readFile(logPath, 'utf8').catch(() => '');
  return {
    name,
    pid: child.pid,
    clientURL,
    peerURL,
    dataDir,
    ended,
    log,
    says: (pattern) =>
      until(`${name} says ${pattern}`, async () => {
        const text = await log();
        if (pattern.test(text)) return { done: undefined };
        if (end !== undefined) throw new Error(`${name} ended with ${end}:\n${lastLines(text)}`);
        return { seen: lastLines(text) };
      }),
  };
}

export const lastLines = (text: string, count = 6): string =>
  text.trimEnd().split('\n').slice(-count).join('\n');

/** They are one cluster of exactly these members, and each of them answers a read through quorum. */
export async function areOneCluster(members: readonly HandMember[]): Promise<string> {
  const names = members.map(({ name }) => name).toSorted();
  const ids = new Set<string>();
  for (const member of members) {
    const client = createClient({ endpoints: [member.clientURL] });
    try {
      ids.add(
        await until(`${member.name} is one of ${names.join(', ')}`, async () => {
          const list = await client.cluster.memberList({ deadlineMs: 2_000 });
          if (!list.ok) return { seen: `${list.error.message}\n${lastLines(await member.log())}` };
          const { members: listed, header } = list.value;
          const seen = listed.map(({ name }) => name).toSorted();
          const put = await client.kv.put(`from-${member.name}`, 'here', { deadlineMs: 2_000 });
          return seen.join() === names.join() && put.ok
            ? { done: header.clusterID }
            : { seen: { seen, put } };
        }),
      );
    } finally {
      await client.close();
    }
  }
  if (ids.size !== 1) throw new Error(`They are ${ids.size} clusters: ${[...ids].join(', ')}`);
  return [...ids][0] ?? '';
}

/** As when its disk was replaced. */
export async function wipe({ dataDir }: HandMember): Promise<void> {
  await rm(dataDir, { recursive: true, force: true });
}
