import { type FileHandle, chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

let temporaryCount = 0;

/** A name beside `path` that no other process and no other call uses. */
export const temporaryBeside = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}.${++temporaryCount}.tmp`);

/**
 * Private directories: what a member holds is nobody else's business, and etcd warns about any wider mode.
 * Node's own `recursive` hides why it failed: on a read-only file system it says ENOENT, and where a directory can
 * never be made it does not come back at all.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if (errnoOf(error) !== 'ENOENT' || parent === path) throw error;
    // Somebody else may have made the parent since: then once more says whether that was it.
    if (!(await isDirectory(parent))) await makeDirectory(parent);
    await makeOne(path);
  }
}

/** One that is there already, because somebody else made it at the same moment, is as good. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST' || !(await isDirectory(path))) throw error;
  }
}

const isDirectory = async (path: string): Promise<boolean> =>
  await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** The platform's code of what the file system refused (`ENOENT`, `ENOSPC`, …); empty for anything else. */
export const errnoOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

export interface WriteOptions {
  /** Whether it also survives a power cut once it is written; without, only a crash of this process. */
  readonly durable: boolean;
  /** Default 0600. */
  readonly mode?: number;
}

/** Replaces the file as a whole: a reader, or a crash, sees the old content or the new one. Its directory exists. */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  { durable, mode }: WriteOptions,
): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    if (mode !== undefined) await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  if (durable) await syncPath(dirname(path));
}

/** Makes a file's content durable, or what was renamed inside a directory. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file's text, or undefined when there is none. Throws for anything else. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** At most `length` bytes from `offset`. */
export async function readSlice(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, length));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
  return buffer.subarray(0, bytesRead);
}
