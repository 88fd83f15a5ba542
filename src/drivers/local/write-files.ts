import { chmod, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { type Outcome, applied, refused } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostFile } from '../../engine/ports/index.js';
import { type Context, unlessCancelled } from './context.js';
import { makeDirectory, syncDirectory, temporaryBeside } from './files.js';
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
        await writeOne(file);
      } catch (error) {
        return refused(directoryProblem(`write a file for ${host}`, file.path, error));
      }
    }
    return applied();
  });
}

async function writeOne({ path, content, mode }: HostFile): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}
