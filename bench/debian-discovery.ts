import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PACKAGE = 'etcd-discovery';
const PROGRAM = 'usr/bin/discovery.etcd.io';

export interface Command {
  readonly path: string;
  readonly args: readonly string[];
}

/**
 * Debian's build of the public discovery service, from its package, unpacked below `directory`, and how to start it before
 * an etcd's v2 API. It reads one file below /etc and takes no other, so it gets an /etc of its own in a mount namespace.
 * Answers why not when it cannot be had here.
 */
export async function debianDiscovery(
  directory: string,
  { port, etcdURL }: { readonly port: number; readonly etcdURL: string },
): Promise<Command | { readonly because: string }> {
  try {
    await run('apt-get', ['download', '-qq', PACKAGE], { cwd: directory, timeout: 60_000 });
    const name = (await readdir(directory)).find(
      (each) => each.startsWith(`${PACKAGE}_`) && each.endsWith('.deb'),
    );
    if (name === undefined) return { because: `apt-get brought no ${PACKAGE}.` };
    await run('dpkg-deb', ['-x', join(directory, name), directory]);
    const config = join(directory, 'etcd-discovery.conf');
    const lines = [
      '[server]',
      `prefix_url=http://127.0.0.1:${port}`,
      `web_service_address=127.0.0.1:${port}`,
      '[etcd]',
      `endpoint_location=${etcdURL}`,
    ];
    await writeFile(config, `${lines.join('\n')}\n`);
    const script =
      'mount -t tmpfs none /etc && mkdir /etc/etcd-discovery && cp "$1" /etc/etcd-discovery/ && exec "$2"';
    await run('unshare', ['-rm', 'true']);
    return {
      path: 'unshare',
      args: ['-rm', 'sh', '-c', script, 'sh', config, join(directory, PROGRAM)],
    };
  } catch (error) {
    return { because: String(error).split('\n', 1)[0] ?? '' };
  }
}
