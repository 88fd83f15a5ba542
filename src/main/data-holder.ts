import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataHolder } from '../services/join/index.js';

/** What a process without a parent of its own belongs to. */
const INIT = 1;

/**
 * Who holds the lock that etcd takes of its database as it starts, as the kernel's table of locks says it. Where there is
 * no such table, nobody is seen, and etcd itself waits for the lock.
 */
export async function holderOf(dataDir: string): Promise<DataHolder | undefined> {
  try {
    const { ino } = await stat(join(dataDir, 'member', 'snap', 'db'), { bigint: true });
    const locks = await readFile('/proc/locks', 'utf8');
    for (const line of locks.split('\n')) {
      // `1: FLOCK  ADVISORY  WRITE 4711 fd:00:1234567 0 EOF`; one that waits has `->` behind its number.
      const [, kind, , , pid = '', file = ''] = line.trim().split(/\s+/);
      if (kind !== 'FLOCK' || !file.endsWith(`:${ino}`)) continue;
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
      return { pid: Number(pid), isLeftOver: parent === INIT };
    }
  } catch {
    // No database, no table, or its holder has just ended.
  }
  return undefined;
}
