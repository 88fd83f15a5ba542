import { link, rm } from 'node:fs/promises';
import { type Clock, type Instant, instantOf } from '../../base/index.js';
import { errnoOf, readIfPresent, temporaryBeside, writeWhole } from '../../disk/index.js';
import type { ProcessTable } from './process-table.js';
import { fields, text, wholeNumber } from '../records/index.js';

/** What a lock file says. The token names this one taking of it and is never used again. */
export interface LockFile {
  readonly pid: number;
  readonly startMark: string;
  readonly purpose: string;
  readonly since: Instant;
  readonly token: string;
}

/** How often a holder that changes under our eyes is looked at again. */
const TRIES_MAX = 20;
let tokenCount = 0;

/**
 * Takes the lock file, or answers who holds it. The file appears with its content at once (a hard link of a finished
 * file), so that no reader sees it half written.
 *
 * A dead holder is taken over by whoever first gets a second lock that is named after the dead one's token; only that
 * taker may replace the file, and only while it still says what the dead holder wrote. So two takers never both win.
 */
export async function takeLock(
  path: string,
  purpose: string,
  table: ProcessTable,
  clock: Clock,
): Promise<{ readonly taken: LockFile } | { readonly heldBy: LockFile }> {
  const self = await table.look(process.pid);
  const startMark = self?.startMark ?? 'unseen';
  const mine: LockFile = {
    pid: process.pid,
    startMark,
    purpose,
    since: clock.now(),
    token: `${process.pid}-${clock.now()}-${++tokenCount}`,
  };
  const heldBy = await claim(path, mine, table);
  return heldBy === undefined ? { taken: mine } : { heldBy };
}

/** Undefined: it is ours now. Otherwise its living holder. */
async function claim(
  path: string,
  mine: LockFile,
  table: ProcessTable,
): Promise<LockFile | undefined> {
  let holder: LockFile | undefined;
  for (let i = 0; i < TRIES_MAX; i++) {
    if (await linkIfAbsent(path, mine)) return undefined;
    holder = await readLock(path);
    if (holder === undefined) continue;
    if (await isHeld(holder, table)) return holder;
    const takeover = `${path}.after-${holder.token}`;
    const rival = await claim(takeover, mine, table);
    if (rival !== undefined) return rival;
    try {
      const unchanged = (await readLock(path))?.token === holder.token;
      if (!unchanged) continue;
      await writeWhole(path, asText(mine), { durable: false });
      return undefined;
    } finally {
      await rm(takeover, { force: true });
    }
  }
  return holder ?? mine;
}

/** Who holds the lock now, if anybody alive. */
export async function lockHolder(path: string, table: ProcessTable): Promise<LockFile | undefined> {
  const holder = await readLock(path);
  return holder !== undefined && (await isHeld(holder, table)) ? holder : undefined;
}

export const isStillOurs = async (path: string, mine: LockFile): Promise<boolean> =>
  (await readLock(path).catch(() => undefined))?.token === mine.token;

export async function releaseLock(path: string, mine: LockFile): Promise<void> {
  if (await isStillOurs(path, mine)) await rm(path, { force: true });
}

/** By pid and start, never by pid alone: after a reboot somebody else has that pid. */
async function isHeld(holder: LockFile, table: ProcessTable): Promise<boolean> {
  const seen = await table.look(holder.pid);
  return (
    seen !== undefined && (seen.startMark === holder.startMark || holder.startMark === 'unseen')
  );
}

async function linkIfAbsent(path: string, mine: LockFile): Promise<boolean> {
  const temporary = temporaryBeside(path);
  try {
    await writeWhole(temporary, asText(mine), { durable: false });
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

const asText = (lock: LockFile): string => `${JSON.stringify(lock)}\n`;

/** Throws a ShapeError when the file is none of ours: nobody takes over what he cannot read. */
async function readLock(path: string): Promise<LockFile | undefined> {
  const content = await readIfPresent(path);
  if (content === undefined) return undefined;
  const data = fields(JSON.parse(content), 'the lock');
  return {
    pid: wholeNumber(data['pid'], 'pid'),
    startMark: text(data['startMark'], 'startMark'),
    purpose: text(data['purpose'], 'purpose'),
    since: instantOf(wholeNumber(data['since'], 'since')),
    token: text(data['token'], 'token'),
  };
}
