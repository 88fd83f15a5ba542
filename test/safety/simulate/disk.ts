import type { ClusterRecord } from '../../../src/core/cluster/index.js';
import type { JournalEntry, Wish } from '../../../src/engine/ports/index.js';
import type { Life } from './life.js';

/** What lies on the disk of one cluster's state, whoever reads it. */
export interface Disk {
  record: ClusterRecord | undefined;
  wish: Wish | undefined;
  readonly journal: JournalLine[];
  /** Who holds the lock; a dead holder holds nothing. */
  holder: Life | undefined;
  /** What the disk does to whoever uses it now. */
  trouble: 'none' | 'full' | 'unreadable' | 'journal-unreadable' | 'slow';
}

/** A line without an entry is one that was half written. */
export interface JournalLine {
  readonly entry: JournalEntry | undefined;
  /** It would survive the end of the machine. */
  readonly durable: boolean;
}

export const emptyDisk = (): Disk => ({
  record: undefined,
  wish: undefined,
  journal: [],
  holder: undefined,
  trouble: 'none',
});

/** The machine lost its power: lines after the last durable one may be gone, the newest first. */
export function losePower(disk: Disk, isLost: () => boolean): void {
  while (disk.journal.length > 0 && disk.journal.at(-1)?.durable === false && isLost()) {
    disk.journal.pop();
  }
}
