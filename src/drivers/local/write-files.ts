import { dirname, resolve, sep } from 'node:path';
import { type Outcome, applied, refused } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostFile } from '../../engine/ports/index.js';
import { type Context, unlessCancelled } from './context.js';
import { makeDirectory, writeWhole } from '../../disk/index.js';
import { memberPaths } from './layout.js';
import { cancelled, directoryProblem, fileOutside } from './problems.js';

/** Each file as a whole, in order; a reader sees the old one or the new one, also after a power cut. */
export function writeHostFiles(
  context: Context,
  host: HostName,
  files: readonly HostFile[],
  signal: AbortSignal,
): Promise<Outcome> {
  const doing = 'writing files';
  return unlessCancelled(doing, host, signal, async () => {
    const { directory } = memberPaths(context.stateDir, host);
    const outside = files.find(({ path }) => !resolve(path).startsWith(directory + sep));
    if (outside !== undefined) return refused(fileOutside({ host, path: outside.path, directory }));
    for (const file of files) {
      if (signal.aborted) return refused(cancelled({ doing, host }));
      try {
        await makeDirectory(dirname(file.path));
        const { path, content, mode } = file;
        await writeWhole(path, content, { durable: true, mode });
      } catch (error) {
        return refused(directoryProblem(`write a file for ${host}`, file.path, error));
      }
    }
    return applied();
  });
}
