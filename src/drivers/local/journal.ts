import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalEntry } from '../../engine/ports/index.js';
import { parseEntry } from '../records/index.js';
import { makeDirectory, readIfPresent, readSlice } from '../../disk/index.js';

/** A journal longer than this becomes the older one; one older one is kept. */
export const JOURNAL_BYTES_MAX = 4 * 1024 * 1024;

export interface JournalFiles {
  readonly current: string;
  readonly older: string;
}

export const journalFiles = (stateDir: string): JournalFiles => ({
  current: join(stateDir, 'journal.jsonl'),
  older: join(stateDir, 'journal.1.jsonl'),
});

/** Appends one line with one write, so that lines of two processes never mix. */
export async function appendEntry(
  stateDir: string,
  entry: JournalEntry,
  options: { readonly durable: boolean; readonly mayRotate: boolean },
): Promise<void> {
  const files = journalFiles(stateDir);
  await makeDirectory(stateDir);
  const file = await open(files.current, 'a+', 0o600);
  try {
    const { size } = await file.stat();
    // A crash in the middle of a line must cost that line and not the next one too.
    const lastByte = size === 0 ? '\n' : (await readSlice(file, size - 1, 1)).toString();
    const line = `${lastByte === '\n' ? '' : '\n'}${JSON.stringify(entry)}\n`;
    await file.write(line);
    if (options.durable) await file.datasync();
    if (options.mayRotate && size + line.length > JOURNAL_BYTES_MAX) {
      await rename(files.current, files.older);
    }
  } finally {
    await file.close();
  }
}

/** The newest entries, oldest first, from both files; what is no whole entry is skipped. */
export async function newestEntries(
  stateDir: string,
  entryCount: number,
): Promise<readonly JournalEntry[]> {
  const newestFirst: JournalEntry[] = [];
  const files = journalFiles(stateDir);
  for (const path of [files.current, files.older]) {
    const lines = ((await readIfPresent(path)) ?? '').split('\n').reverse();
    for (const line of lines) {
      if (newestFirst.length >= entryCount) break;
      const entry = parseEntry(line);
      if (entry !== undefined) newestFirst.push(entry);
    }
  }
  return newestFirst.reverse();
}
