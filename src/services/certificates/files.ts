import { dirname } from 'node:path';
import { makeDirectory, writeWhole } from '../../disk/index.js';

/** Whole and durable; nobody else on this machine reads it, nor lists its directory. */
export async function writePrivate(path: string, content: string): Promise<void> {
  await makeDirectory(dirname(path));
  await writeWhole(path, content, { durable: true });
}
