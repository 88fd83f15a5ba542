import { open, rename, stat } from 'node:fs/promises';
import type { LifeLog } from '../evidence/index.js';
import type { MemberPaths } from './layout.js';
import { errnoOf, readSlice } from '../../disk/index.js';

/** A log longer than this is moved aside at the next start; one older log is kept. */
export const LOG_BYTES_MAX = 16 * 1024 * 1024;
/** How much of a life's beginning and of its end is read to learn how it went. */
const HEAD_BYTES = 256 * 1024;
const TAIL_BYTES = 128 * 1024;

/** The log since `offset`, or undefined when it is gone or was cut since. Its last write is by the file's own time. */
export async function readLifeLog(path: string, offset: number): Promise<LifeLog | undefined> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const { size, mtimeMs } = await file.stat();
    if (size < offset) return undefined;
    const tailFrom = Math.max(offset, size - TAIL_BYTES);
    return {
      head: (await readSlice(file, offset, Math.min(HEAD_BYTES, size - offset))).toString('utf8'),
      tail: (await readSlice(file, tailFrom, size - tailFrom)).toString('utf8'),
      lastWriteMs: mtimeMs,
    };
  } finally {
    await file.close();
  }
}

/** The last lines, newest last. A log that is not there has none. */
export async function lastLines(path: string, lineCount: number): Promise<readonly string[]> {
  const log = await readLifeLog(path, 0);
  const lines = (log?.tail ?? '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lineCount <= 0 ? [] : lines.slice(-lineCount);
}

/** Makes room if needed and answers where the next life's log begins. */
export async function beginLog(paths: MemberPaths): Promise<number> {
  const size = await stat(paths.log).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= LOG_BYTES_MAX) return size;
  await rename(paths.log, paths.olderLog);
  return 0;
}
