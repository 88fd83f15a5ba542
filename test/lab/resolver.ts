import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Why a process cannot be given a DNS server of its own here, or undefined when it can. etcd asks the servers of
 * /etc/resolv.conf on port 53 and nothing else: that takes root twice. Say it aloud and skip, or fail.
 */
export async function whyNoResolver(): Promise<string | undefined> {
  if (process.platform !== 'linux')
    return `mount namespaces are Linux’s, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'a private /etc/resolv.conf and port 53 need root';
  const trial = await run('unshare', [
    ...NAMESPACE,
    'mount --bind /dev/null /etc/resolv.conf',
  ]).catch((error: Error) => error);
  if (trial instanceof Error) return `/etc/resolv.conf cannot be mounted over: ${trial.message}`;
  const socket = createSocket('udp4');
  try {
    socket.bind(53, nextAddress());
    await once(socket, 'listening');
    return undefined;
  } catch (error) {
    return `port 53 of a loopback address cannot be taken: ${(error as Error).message}`;
  } finally {
    socket.close();
  }
}

/** In a mount namespace of its own: nothing is seen of it outside. */
const NAMESPACE = ['--mount', '--propagation', 'private', 'sh', '-c'] as const;

let taken = 0;

/** A loopback address that no other test of this or another worker uses: for port 53, which is the only one there is. */
export const nextAddress = (): string =>
  `127.${100 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 250}.${++taken}`;

/** The words before a command whose process is to ask this server, and no other, for names. */
export async function askingOnly(
  directory: string,
  nameserver: string,
): Promise<readonly string[]> {
  const path = join(directory, `resolv.conf-${nameserver}`);
  await writeFile(path, `nameserver ${nameserver}\noptions timeout:1 attempts:2\n`);
  // `exec`, so that the process is the command's own and can be ended by its pid.
  return ['unshare', ...NAMESPACE, `mount --bind '${path}' /etc/resolv.conf && exec "$@"`, 'sh'];
}
