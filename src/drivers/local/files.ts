import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from './problems.js';

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

/**
 * Replaces the file as a whole: a reader, or a crash, sees the old text or the new one. With `durable` it also
 * survives a power cut once this has resolved; without, only a crash of this process.
 */
export async function writeWhole(
  path: string,
  text: string,
  options: { readonly durable: boolean },
): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      if (options.durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  if (options.durable) await syncDirectory(dirname(path));
}

/** Makes a rename inside the directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
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
