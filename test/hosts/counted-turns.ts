import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type ClusterName, parseClusterName } from '../../src/core/cluster/index.js';
import { keepingOf } from '../../src/main/keepings.js';
import { thisMachine } from '../../src/main/machine.js';
import { managedCluster } from '../../src/main/managed-cluster.js';
import { closeShells } from '../../src/main/shells.js';

export interface CountedTurns {
  readonly turns: number;
  /** Sessions in all turns together and the pauses between them, by host. */
  readonly sessions: ReadonlyMap<string, number>;
}

/**
 * The loop that keeps a converged cluster, for so many turns, with an ssh that counts how often it is started for a
 * script: one session is one round trip. Requests to the connection's own process on this machine do not count. The first
 * turn, which has to learn what is looked at, is not among them.
 */
export async function countedTurns(
  home: string,
  named: string,
  turns: number,
): Promise<CountedTurns> {
  const counting = await countingSSH(home);
  const machine = thisMachine();
  const env = { ...machine.env, QUORATE_HOME: home, PATH: counting.path };
  const counted = { ...machine, env };
  const cluster = clusterNamed(named);
  try {
    const keeping = keepingOf(counted, home, cluster, undefined);
    const after: (readonly string[])[] = [];
    const run = await managedCluster(counted, cluster, keeping).run({
      purpose: 'counting',
      interrupt: new AbortController().signal,
      until: ({ kind }) => {
        if (kind !== 'converged') throw new Error(`A turn was ${kind}, not converged.`);
        after.push(counting.sessions());
        return after.length > turns;
      },
    });
    if (!run.ok) throw new Error(run.error.summary);
    const [first = [], ...others] = after;
    const sessions = new Map<string, number>();
    for (const host of (others.at(-1) ?? []).slice(first.length)) {
      sessions.set(host, (sessions.get(host) ?? 0) + 1);
    }
    return { turns, sessions };
  } finally {
    await closeShells();
  }
}

function clusterNamed(name: string): ClusterName {
  const parsed = parseClusterName(name);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** An `ssh` that writes down the host of each session, and is the real one in everything else. */
async function countingSSH(
  home: string,
): Promise<{ readonly path: string; readonly sessions: () => readonly string[] }> {
  const directory = join(home, 'counting');
  const log = join(directory, 'sessions');
  const path = process.env['PATH'] ?? '';
  // The host is what comes before the command.
  const script = `#!/bin/sh
case " $* " in *' -O '* | *' -N '*) ;; *) for word in "$@"; do host=$last; last=$word; done; echo "$host" >> '${log}' ;; esac
PATH='${path}' exec ssh "$@"
`;
  await mkdir(directory);
  await writeFile(log, '');
  await writeFile(join(directory, 'ssh'), script);
  await chmod(join(directory, 'ssh'), 0o755);
  return {
    path: `${directory}${delimiter}${path}`,
    // At once: the next session may begin while anything is awaited.
    sessions: () => readFileSync(log, 'utf8').split('\n').slice(0, -1),
  };
}
