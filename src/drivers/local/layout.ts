import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Result, err, ok } from '../../base/index.js';
import { errnoOf } from '../../disk/index.js';
import { type ClusterName, type HostName, parseClusterName } from '../../core/cluster/index.js';
import { directoryProblem } from './problems.js';

/** Where everything local lives: `$QUORATE_HOME`, else `$XDG_STATE_HOME/quorate`, else `~/.local/state/quorate`. */
export function stateHome(env: Readonly<Record<string, string | undefined>>): string {
  const own = env['QUORATE_HOME'];
  if (own !== undefined && own !== '') return own;
  const xdg = env['XDG_STATE_HOME'];
  if (xdg !== undefined && xdg.startsWith('/')) return join(xdg, 'quorate');
  return join(env['HOME'] ?? homedir(), '.local', 'state', 'quorate');
}

export const clusterDirectory = (home: string, name: ClusterName): string =>
  join(home, 'clusters', name);

/** The clusters that have a directory in this home, by name; a home that does not exist yet has none. */
export async function listClusters(home: string): Promise<Result<readonly ClusterName[]>> {
  const directory = join(home, 'clusters');
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const names: ClusterName[] = [];
    for (const entry of entries) {
      const name = entry.isDirectory() ? parseClusterName(entry.name) : undefined;
      if (name?.ok === true) names.push(name.value);
    }
    return ok(names.sort());
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return ok([]);
    return err(directoryProblem('list the clusters', directory, error));
  }
}

/** The paths of one host's member inside its cluster's state directory. */
export interface MemberPaths {
  readonly directory: string;
  readonly dataDir: string;
  readonly log: string;
  readonly olderLog: string;
  readonly process: string;
  readonly aside: string;
}

export const membersDirectory = (stateDir: string): string => join(stateDir, 'members');

export function memberPaths(stateDir: string, host: HostName): MemberPaths {
  const directory = join(membersDirectory(stateDir), host);
  return {
    directory,
    dataDir: join(directory, 'data'),
    log: join(directory, 'etcd.log'),
    olderLog: join(directory, 'etcd.1.log'),
    process: join(directory, 'process.json'),
    aside: join(directory, 'aside'),
  };
}

/** The same for the gateway on a host. It keeps no data; its directory only tells its process from others. */
export function gatewayPaths(stateDir: string, host: HostName): MemberPaths {
  const directory = join(membersDirectory(stateDir), host);
  return {
    directory,
    dataDir: join(directory, 'gateway'),
    log: join(directory, 'gateway.log'),
    olderLog: join(directory, 'gateway.1.log'),
    process: join(directory, 'gateway.json'),
    aside: join(directory, 'aside'),
  };
}

/** The state directories of the other clusters of the same home. */
export async function siblingDirectories(stateDir: string): Promise<readonly string[]> {
  const parent = dirname(stateDir);
  const names = await readdir(parent).catch(() => []);
  return names.filter((name) => name !== basename(stateDir)).map((name) => join(parent, name));
}
