import { type Result, err, ok } from '../../base/index.js';
import {
  type LockCopy,
  type RecordCopy,
  type WishCopy,
  readLockCopy,
  readRecordCopy,
  readWishCopy,
} from './copies.js';
import type { HostOp } from './host-request.js';

/** How a host answered one thing it was asked to do. */
export type OpAnswer =
  | 'ok'
  /** Somebody's lease lasts. */
  | 'held'
  /** It has seen a higher fence, or a higher ballot. */
  | 'low'
  | 'fenced'
  /** It has a newer record. */
  | 'old'
  /** It knows a newer set of hosts. */
  | 'stale'
  /** It holds nothing, something damaged, another state of the same name, or one where none was expected. */
  | 'blank'
  | 'damaged'
  | 'foreign'
  | 'founded'
  /** What came before it was refused. */
  | 'skipped';

/** A file on a host. Damaged: its checksum is wrong. Unread: it is whole, and this Quorate cannot read it. */
export type FileSight<T> =
  | { readonly kind: 'whole'; readonly value: T }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'unread'; readonly because: string };

export interface HostReply {
  readonly ops: ReadonlyMap<HostOp, OpAnswer>;
  /** With a lease that was taken from somebody: how long he may still believe in it. */
  readonly takenLeftMs: number;
  readonly fence: number;
  readonly ballot: number;
  readonly set: number;
  /** How long the lease lasts there that is in force, if one is. */
  readonly leftMs: number;
  readonly kind: 'blank' | 'holding' | 'damaged';
  readonly lock?: FileSight<LockCopy>;
  readonly record?: FileSight<RecordCopy>;
  readonly wish?: FileSight<WishCopy>;
  readonly journal?: readonly string[];
}

const ANSWERS: ReadonlySet<string> = new Set<OpAnswer>([
  'ok',
  'held',
  'low',
  'fenced',
  'old',
  'stale',
  'blank',
  'damaged',
  'foreign',
  'founded',
  'skipped',
]);

/** The error says what is no answer of ours. */
export function parseReply(stdout: Uint8Array): Result<HostReply, string> {
  const lines = new TextDecoder().decode(stdout).split('\n');
  if (lines[0] !== 'quorate-state 1') return err('it answered something else than its state');
  const ops = new Map<HostOp, OpAnswer>();
  let takenLeftMs = 0;
  let numbers: readonly number[] | undefined;
  let kind: HostReply['kind'] | undefined;
  const files: {
    lock?: FileSight<LockCopy>;
    record?: FileSight<RecordCopy>;
    wish?: FileSight<WishCopy>;
  } = {};
  let journal: readonly string[] | undefined;
  for (const [i, line] of lines.entries()) {
    const [word = '', second = ''] = line.split(' ', 2);
    const rest = line.slice(word.length + second.length + 2);
    if (word === 'op') {
      const [answer = '', left = '0'] = rest.split(' ');
      if (!ANSWERS.has(answer)) return err(`it answered "${line}"`);
      ops.set(second as HostOp, answer as OpAnswer);
      if (second === 'grant') takenLeftMs = Number(left);
    } else if (word === 'seen') {
      numbers = line.split(' ').slice(1).map(Number);
    } else if (word === 'kind') {
      if (second !== 'blank' && second !== 'holding' && second !== 'damaged') {
        return err(`it answered "${line}"`);
      }
      kind = second;
    } else if (word === 'lock') files.lock = fileSight(second, rest, readLockCopy);
    else if (word === 'record') files.record = fileSight(second, rest, readRecordCopy);
    else if (word === 'wish') files.wish = fileSight(second, rest, readWishCopy);
    else if (word === 'journal') {
      journal = lines.slice(i + 1);
      break;
    }
  }
  const [fence, ballot, set, , leftMs] = numbers ?? [];
  const isWhole = [fence, ballot, set, leftMs].every((n) => Number.isSafeInteger(n));
  if (kind === undefined || !isWhole) return err('its answer is not whole');
  return ok({
    ops,
    takenLeftMs,
    fence: fence ?? 0,
    ballot: ballot ?? 0,
    set: set ?? 0,
    leftMs: leftMs ?? 0,
    kind,
    ...files,
    ...(journal === undefined ? {} : { journal }),
  });
}

function fileSight<T>(
  state: string,
  content: string,
  read: (content: string) => Result<T, string>,
): FileSight<T> {
  if (state !== 'whole') return { kind: 'damaged' };
  const value = read(content);
  return value.ok
    ? { kind: 'whole', value: value.value }
    : { kind: 'unread', because: value.error };
}
