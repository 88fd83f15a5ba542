import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Outcome, applied, refused } from '../../base/index.js';
import type { DataSight, HostName } from '../../core/cluster/index.js';
import type { NotAMemberProof } from '../../core/planner/index.js';
import { type Context, unlessCancelled } from './context.js';
import { lookAtData } from './data-sight.js';
import { makeDirectory, syncDirectory } from './files.js';
import { memberPaths } from './layout.js';
import { findProcess } from './member-process.js';
import {
  alreadyRunning,
  cancelled,
  directoryProblem,
  notTheProofsData,
  startedByHand,
} from './problems.js';
import { readLife } from './process-file.js';

/** Renames the data directory into `aside/` of the same host; nothing is ever deleted. */
export function setAside(
  context: Context,
  host: HostName,
  proof: NotAMemberProof,
  signal: AbortSignal,
): Promise<Outcome<{ readonly movedTo: string }>> {
  const paths = memberPaths(context.stateDir, host);
  return unlessCancelled('moving data aside', host, signal, async () => {
    try {
      const life = await readLife(paths.process, context.logger);
      const found = await findProcess(context.table, paths, life);
      if (found.kind !== 'none') {
        const data = { host, pid: found.process.pid, dataDir: paths.dataDir };
        return refused(found.kind === 'ours' ? alreadyRunning(data) : startedByHand(data));
      }
      const data = await lookAtData(paths, life);
      if (!isTheProofs(data, proof)) {
        return refused(
          notTheProofsData({
            host,
            found: inWords(data),
            expected: `member ${proof.memberID} of cluster ${proof.clusterID}, not in its member list`,
          }),
        );
      }
      if (signal.aborted) return refused(cancelled({ doing: 'moving data aside', host }));
      const stamp = new Date(context.clock.now()).toISOString().replaceAll(/[:.]/g, '-');
      const name = `${host}-${proof.memberID}-${stamp}-${context.random.hex(2)}`;
      const movedTo = join(paths.aside, name);
      await makeDirectory(paths.aside);
      await rename(paths.dataDir, movedTo);
      // That life was another member's: how it ended says nothing about the one that comes here next.
      await rename(paths.process, `${movedTo}.process.json`).catch(() => undefined);
      await syncDirectory(paths.aside);
      await syncDirectory(paths.directory);
      return applied({ movedTo });
    } catch (error) {
      return refused(directoryProblem(`move the data on ${host} aside`, paths.dataDir, error));
    }
  });
}

const isTheProofs = (data: DataSight, proof: NotAMemberProof): boolean =>
  data.kind === 'present' &&
  data.memberID === proof.memberID &&
  data.clusterID === proof.clusterID &&
  !proof.listed.includes(proof.memberID);

function inWords(data: DataSight): string {
  switch (data.kind) {
    case 'present':
      return `member ${data.memberID} of cluster ${data.clusterID}`;
    case 'empty':
      return 'no data';
    case 'unreadable':
      return data.problem.detail;
    case 'unseen':
      return data.because;
  }
}
