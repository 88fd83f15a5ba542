import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Outcome, applied, refused } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { NotAMemberProof } from '../../core/planner/index.js';
import { dataInWords, isDataOf, proofInWords } from '../evidence/index.js';
import { type Context, unlessCancelled } from './context.js';
import { lookAtData } from './data-sight.js';
import { makeDirectory, syncPath } from '../../disk/index.js';
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
      if (!isDataOf(proof, data)) {
        return refused(
          notTheProofsData({
            host,
            found: dataInWords(data),
            expected: proofInWords(proof),
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
      await syncPath(paths.aside);
      await syncPath(paths.directory);
      return applied({ movedTo });
    } catch (error) {
      return refused(directoryProblem(`move the data on ${host} aside`, paths.dataDir, error));
    }
  });
}
