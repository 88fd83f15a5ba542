import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSight } from '../../core/cluster/index.js';
import {
  WAL_HEAD_BYTES,
  logIdentityOf,
  neverReachedRaft,
  oldestLogFile,
} from '../evidence/index.js';
import { errnoOf, readSlice } from '../../disk/index.js';
import type { MemberPaths } from './layout.js';
import { readLifeLog } from './member-log.js';
import { dataUnreadable, directoryProblem } from './problems.js';
import type { Life } from './process-file.js';

/**
 * Whose data a host holds, read from the write-ahead log itself. Anything that is neither a whole log nor provably
 * nothing is `unreadable`: a database without its log is never taken for an empty directory, because etcd would
 * start a new cluster on the old database without complaint (facts sheet 10.5).
 */
export async function lookAtData(
  paths: Pick<MemberPaths, 'dataDir' | 'log'>,
  life: Life | undefined,
): Promise<DataSight> {
  const member = join(paths.dataDir, 'member');
  try {
    const before = await identityIn(join(member, 'wal'));
    if (before !== undefined) return before;
    if ((await names(join(member, 'snap'))).length === 0) return { kind: 'empty' };
    const log = life === undefined ? undefined : await readLifeLog(paths.log, life.logOffset);
    // A member that starts at this moment makes its log before it says so: looked at again after reading what it said.
    const after = await identityIn(join(member, 'wal'));
    if (after !== undefined) return after;
    // The start found the directory empty, and that life added no more than the database of a failed bootstrap.
    if (life !== undefined && neverReachedRaft(life, log)) return { kind: 'empty' };
    return unreadable(member, 'There is a database (snap) and no write-ahead log (wal)');
  } catch (error) {
    return {
      kind: 'unreadable',
      problem: directoryProblem('read the data directory', paths.dataDir, error),
    };
  }
}

/** What the oldest file of the write-ahead log says; undefined when there is none. */
async function identityIn(wal: string): Promise<DataSight | undefined> {
  const firstFile = oldestLogFile(await names(wal));
  if (firstFile === undefined) return undefined;
  const path = join(wal, firstFile);
  const identity = logIdentityOf(await headOf(path));
  return identity === undefined
    ? unreadable(path, 'It does not begin like a write-ahead log')
    : { kind: 'present', ...identity };
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    return await readSlice(file, 0, WAL_HEAD_BYTES);
  } finally {
    await file.close();
  }
}

const unreadable = (path: string, because: string): DataSight => ({
  kind: 'unreadable',
  problem: dataUnreadable({ path, because }),
});

async function names(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
