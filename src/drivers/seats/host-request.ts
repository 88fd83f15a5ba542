import type { ClusterName } from '../../core/cluster/index.js';
import { type LockWho, type RecordCopy, type WishCopy, recordText, wishText } from './copies.js';
import { HOST_SCRIPT } from './host-script.js';

export const STATE_ROOT = '/var/lib/quorate';
export const stateDirectory = (cluster: ClusterName): string => `${STATE_ROOT}/${cluster}`;

/** A journal longer than this becomes the older one; one older one is kept. */
export const JOURNAL_BYTES_MAX = 4 * 1024 * 1024;

/** How long a script waits on the host for another one there. */
const WAIT_S = 3;

/**
 * What one host is asked in one round trip. What changes something is done in the order below, and after one of them was
 * refused the others are not done; the look comes last.
 */
export interface HostRequest {
  /** Of which state, and of which set, whoever asks believes that the host is. */
  readonly founding?: string;
  readonly set?: number;
  /** `found`: only where nothing is yet. `seed`: a host that lacks the state is given it. */
  readonly mode?: 'found' | 'seed';
  /** Refuses what follows when the host has seen a higher fence. */
  readonly guard?: number;
  /** Takes the lease, or renews it. */
  readonly grant?: Grant;
  readonly release?: string;
  /** With `grant`'s lease: everything that the host lacks. */
  readonly seed?: Seed;
  readonly append?: { readonly lines: readonly string[]; readonly durable: boolean };
  readonly record?: RecordCopy;
  /** Refuses from now on every wish with a lower ballot. */
  readonly promise?: number;
  readonly wish?: WishCopy;
  readonly look?: boolean;
  /** The newest lines of the journal. */
  readonly journal?: number;
}

export interface Grant {
  readonly fence: number;
  readonly token: string;
  readonly leaseMs: number;
  readonly who: LockWho;
  /** The holder whose living lease may be taken from him. */
  readonly takeOver?: string;
}

export interface Seed {
  readonly record: RecordCopy;
  readonly wish: WishCopy | undefined;
  readonly ballot: number;
  readonly journal: readonly string[];
}

/** The order in which a host does them. */
export type HostOp = 'grant' | 'seed' | 'append' | 'record' | 'promise' | 'wish' | 'release';

export interface HostCall {
  readonly script: string;
  readonly stdin: Uint8Array;
}

export function hostCall(cluster: ClusterName, request: HostRequest): HostCall {
  const { grant, seed, append, promise } = request;
  const lines: string[] = [];
  const line = (text: string): number => lines.push(text);
  const ops: HostOp[] = [];
  const record = seed?.record ?? request.record;
  const wish = seed?.wish ?? request.wish;
  const whoLine = grant === undefined ? 0 : line(JSON.stringify(grant.who));
  // A seed takes the lease by itself.
  if (grant !== undefined && seed === undefined) ops.push('grant');
  if (seed !== undefined) ops.push('seed');
  const journal = seed?.journal ?? append?.lines ?? [];
  const journalFrom = journal.length === 0 ? 0 : lines.length + 1;
  for (const text of journal) line(text);
  if (append !== undefined) ops.push('append');
  const recordLine = record === undefined ? 0 : line(recordText(record));
  if (request.record !== undefined) ops.push('record');
  if (promise !== undefined) ops.push('promise');
  const wishLine = wish === undefined ? 0 : line(wishText(wish));
  if (request.wish !== undefined) ops.push('wish');
  if (request.release !== undefined) ops.push('release');
  const stdin = new TextEncoder().encode(lines.map((text) => `${text}\n`).join(''));

  // Names of clusters, hex and numbers: nothing here needs quoting.
  const variables: Readonly<Record<string, string | number>> = {
    d: stateDirectory(cluster),
    ops: `'${ops.join(' ')}'`,
    mode: request.mode ?? 'plain',
    founding: request.founding ?? '',
    set: request.set ?? 0,
    guard: request.guard ?? '',
    fence: grant?.fence ?? 0,
    token: grant?.token ?? request.release ?? '',
    lease: grant?.leaseMs ?? 0,
    // A token that nobody has.
    take_over: grant?.takeOver ?? 'none',
    who_line: whoLine,
    record_line: recordLine,
    new_fence: record?.fence ?? 0,
    new_sequence: record?.sequence ?? 0,
    wish_line: wishLine,
    new_ballot: wish?.ballot ?? promise ?? 0,
    seed_ballot: seed?.ballot ?? 0,
    journal_from: journalFrom,
    journal_to: journalFrom + journal.length - 1,
    is_durable: append?.durable === true || seed !== undefined ? 1 : 0,
    journal_max: JOURNAL_BYTES_MAX,
    journal_count: request.journal ?? 0,
    is_look: request.look === true ? 1 : 0,
    bytes: stdin.length,
    wait_s: WAIT_S,
  };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return { script: `${assignments.join('\n')}\n${HOST_SCRIPT}`, stdin };
}
