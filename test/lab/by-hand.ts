import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { etcdOf } from './etcd.js';
import { freeURL } from './ports.js';
import { until } from './wait.js';

/** What a person would start beside, or instead of, what Quorate starts. */
export interface ByHand {
  readonly pid: number;
  readonly peerURL: string;
  readonly clientURL: string;
}

/**
 * Starts etcd as a person would, with these flags over the usual ones, and waits until its peer port answers. Its data
 * lies in the lab's home, so the lab ends it with everything else.
 */
export async function startByHand(
  minor: string,
  dataDir: string,
  flags: Readonly<Record<string, string>> = {},
): Promise<ByHand> {
  const peerURL = flags['listen-peer-urls'] ?? (await freeURL());
  const clientURL = flags['listen-client-urls'] ?? (await freeURL());
  const name = flags['name'] ?? 'byhand';
  const all = {
    name,
    'data-dir': dataDir,
    'listen-peer-urls': peerURL,
    'initial-advertise-peer-urls': peerURL,
    'listen-client-urls': clientURL,
    'advertise-client-urls': clientURL,
    'initial-cluster': `${name}=${peerURL}`,
    'initial-cluster-token': 'by-hand',
    logger: 'zap',
    ...flags,
  };
  const args = Object.entries(all).map(([flag, value]) => `--${flag}=${value}`);
  const child = spawn(etcdOf(minor).path, args, { stdio: 'ignore', detached: true });
  child.unref();
  if (child.pid === undefined) throw new Error(`Could not start etcd ${minor} by hand.`);
  let ended: string | undefined;
  child.once('exit', (code, signal) => (ended = `${code ?? signal}`));
  await until(`the peer port of ${name} answers`, async () => {
    if (ended !== undefined) throw new Error(`etcd by hand ended with ${ended}: ${args.join(' ')}`);
    const answer = await fetch(`${peerURL}/version`).catch((error: Error) => error);
    return answer instanceof Error ? { seen: answer.message } : { done: true };
  });
  return { pid: child.pid, peerURL, clientURL };
}

/** A program called `etcd` that says it is that version and runs another minor's. Answers its directory, for PATH. */
export async function lyingEtcd(
  directory: string,
  { says, is }: { readonly says: string; readonly is: string },
): Promise<string> {
  const real = etcdOf(is);
  const script = `#!/bin/sh
for argument in "$@"; do
  case "$argument" in
    --version|-version)
      ${real.path} --version | sed 's/^etcd Version: .*/etcd Version: ${says}/'
      exit 0 ;;
  esac
done
exec ${real.path} "$@"
`;
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'etcd');
  await writeFile(path, script);
  await chmod(path, 0o755);
  return directory;
}
