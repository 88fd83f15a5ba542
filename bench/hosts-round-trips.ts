import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { parseClusterName } from '../src/core/cluster/index.js';
import { keepingOf } from '../src/main/keepings.js';
import { thisMachine } from '../src/main/machine.js';
import { managedCluster } from '../src/main/managed-cluster.js';
import { closeShells } from '../src/main/shells.js';
import type { HostsLab } from '../test/lab/hosts/index.js';
import { newSeat } from './hosts-apply.js';
import type { Members } from './hosts-by-script.js';

/** Turns that are counted; before the first of them everything has been looked up once. */
const TURNS = 5;

/**
 * A converged cluster and the loop that keeps it, with an ssh that counts how often it is started for a script: one
 * session is one round trip. Requests to the connection's own process on this machine do not count.
 */
export async function roundTripsPerTurn(
  lab: HostsLab,
  members: Members,
): Promise<{ readonly turns: number; readonly perTurnAndHost: number }> {
  const { home, spec, name } = await newSeat(lab, members);
  try {
    await home.quorate('apply', '-f', spec);
    const counting = await countingSSH(home.dir);
    const machine = thisMachine();
    const env = { ...machine.env, QUORATE_HOME: home.dir, PATH: counting.path };
    const parsed = parseClusterName(name);
    if (!parsed.ok) throw new Error(parsed.error);
    const counted = { ...machine, env };
    const keeping = keepingOf(counted, home.dir, parsed.value, undefined);
    const counts: Promise<number>[] = [];
    const run = await managedCluster(counted, parsed.value, keeping).run({
      purpose: 'bench',
      interrupt: new AbortController().signal,
      until: ({ kind }) => {
        if (kind !== 'converged') throw new Error(`A turn was ${kind}, not converged.`);
        counts.push(counting.sessions());
        return counts.length > TURNS;
      },
    });
    if (!run.ok) throw new Error(run.error.summary);
    const [first = 0, ...others] = await Promise.all(counts);
    const sessions = (others.at(-1) ?? Number.NaN) - first;
    return { turns: TURNS, perTurnAndHost: sessions / TURNS / members.length };
  } finally {
    await closeShells();
    await rm(home.dir, { recursive: true, force: true });
  }
}

/** An `ssh` that writes a line for each session, and is the real one in everything else. */
async function countingSSH(
  home: string,
): Promise<{ readonly path: string; readonly sessions: () => Promise<number> }> {
  const directory = join(home, 'counting');
  const log = join(directory, 'sessions');
  const path = process.env['PATH'] ?? '';
  const script = `#!/bin/sh
case " $* " in *' -O '* | *' -N '*) ;; *) echo session >> '${log}' ;; esac
PATH='${path}' exec ssh "$@"
`;
  await mkdir(directory);
  await writeFile(log, '');
  await writeFile(join(directory, 'ssh'), script);
  await chmod(join(directory, 'ssh'), 0o755);
  return {
    path: `${directory}${delimiter}${path}`,
    sessions: async () => (await readFile(log, 'utf8')).split('\n').length - 1,
  };
}
