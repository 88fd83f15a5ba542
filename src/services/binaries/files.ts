import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf as codeOf, writeWhole } from '../../disk/index.js';

/** Writes a JSON file that is seen either whole or not at all; others may read it. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const text = `${JSON.stringify(value, null, 2)}\n`;
  await writeWhole(path, text, { durable: true, mode: 0o644 });
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
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code !== '') return code;
  return error instanceof Error ? error.message : String(error);
}

/** True for what the file system refused; anything else that is thrown is a bug of ours. */
export const isSystemError = (error: unknown): error is Error =>
  error instanceof Error && 'syscall' in error && 'code' in error;
