import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes what was written to `path` (a file or a directory) durable. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a JSON file that is seen either whole or not at all. */
export async function writeJson(path: string, unique: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const half = `${path}.${unique}.half`;
  const handle = await open(half, 'wx', 0o644);
  try {
    await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    await handle.sync();
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(half, path);
}

/** The content of a JSON file; undefined when it is absent, unreadable or no JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** The error code of the platform (`EACCES`, `ENOSPC`, …), or the message where there is none. */
export function errnoOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** True for what the file system refused; anything else that is thrown is a bug of ours. */
export const isSystemError = (error: unknown): error is Error =>
  error instanceof Error && 'syscall' in error && 'code' in error;
