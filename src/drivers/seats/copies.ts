import type { Result } from '../../base/index.js';
import type { ClusterRecord, HostName } from '../../core/cluster/index.js';
import { parseHostName } from '../../core/cluster/index.js';
import type { Wish } from '../../engine/ports/index.js';
import {
  ShapeError,
  fields,
  flag,
  list,
  parseRecord,
  parseText,
  parseWish,
  parsed,
  text,
  wholeNumber,
} from '../records/index.js';
import type { HostSet } from './host-set.js';

/** The record as a host keeps it. Newer is what has the higher fence, then the higher sequence. */
export interface RecordCopy {
  /** The fencing number of the lock under which it was written. */
  readonly fence: number;
  readonly sequence: number;
  /** Names this state, so that what is left of a cluster of the same name is never taken for it. */
  readonly founding: string;
  /** False until every host of the first set has it. */
  readonly isFounded: boolean;
  /** Which hosts hold the state. */
  readonly set: HostSet;
  /** Absent: the state was founded, and no record written yet. */
  readonly record?: ClusterRecord;
}

/** The wish as a host keeps it. Newer is what has the higher ballot. */
export interface WishCopy {
  /** Of the agreement by which it was written. */
  readonly ballot: number;
  /** Names the one call that wrote it, so that its author recognises it. */
  readonly author: string;
  readonly wish: Wish;
}

export type Version = readonly [fence: number, sequence: number];
export const versionOf = ({ fence, sequence }: RecordCopy): Version => [fence, sequence];
export const isNewer = (a: Version, b: Version): boolean =>
  a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

/** The text of a copy behind its checksum, which the host puts before it. Its first fields are read by sh, in this order. */
export const recordText = (copy: RecordCopy): string =>
  JSON.stringify({
    fence: copy.fence,
    sequence: copy.sequence,
    set: copy.set.number,
    founding: copy.founding,
    isFounded: copy.isFounded,
    hosts: copy.set.hosts,
    ...(copy.set.before === undefined ? {} : { before: copy.set.before }),
    content: copy.record ?? null,
  }).slice(1);

export const wishText = ({ ballot, author, wish }: WishCopy): string =>
  JSON.stringify({ ballot, author, content: wish }).slice(1);

/** The error says what is wrong: the text is whole, so another Quorate wrote it. */
export const readRecordCopy = (behindSum: string): Result<RecordCopy, string> =>
  parseText(`{${behindSum}`, (value) => {
    const data = fields(value, 'the file');
    return {
      fence: wholeNumber(data['fence'], 'fence'),
      sequence: wholeNumber(data['sequence'], 'sequence'),
      founding: text(data['founding'], 'founding'),
      isFounded: flag(data['isFounded'], 'isFounded'),
      set: {
        number: wholeNumber(data['set'], 'set'),
        hosts: hostNames(data['hosts'], 'hosts'),
        ...(data['before'] === undefined ? {} : { before: hostNames(data['before'], 'before') }),
      },
      ...(data['content'] === null ? {} : { record: parseRecord(data['content']) }),
    };
  });

export const readWishCopy = (behindSum: string): Result<WishCopy, string> =>
  parseText(`{${behindSum}`, (value) => {
    const data = fields(value, 'the file');
    return {
      ballot: wholeNumber(data['ballot'], 'ballot'),
      author: text(data['author'], 'author'),
      wish: parseWish(data['content']),
    };
  });

function hostNames(value: unknown, where: string): readonly HostName[] {
  const names = list(value, where, parsed(parseHostName));
  if (names.length === 0) throw new ShapeError(`${where} is empty`);
  return names;
}

/** Who has the lock, as a host keeps it. */
export interface LockCopy {
  readonly fence: number;
  readonly token: string;
  readonly isHeld: boolean;
  readonly who?: LockWho;
}

/** What a holder says of himself. */
export interface LockWho {
  readonly seat: string;
  readonly pid: number;
  readonly purpose: string;
  readonly sinceMs: number;
  /** Names that very process on its machine, and no other anywhere; absent where it cannot be told. */
  readonly life?: string;
}

export const readLockCopy = (behindSum: string): Result<LockCopy, string> =>
  parseText(`{${behindSum}`, (value) => {
    const data = fields(value, 'the file');
    const who = data['who'] === null ? undefined : fields(data['who'], 'who');
    return {
      fence: wholeNumber(data['fence'], 'fence'),
      token: text(data['token'], 'token'),
      isHeld: flag(data['isHeld'], 'isHeld'),
      ...(who === undefined
        ? {}
        : {
            who: {
              seat: text(who['seat'], 'who.seat'),
              pid: wholeNumber(who['pid'], 'who.pid'),
              purpose: text(who['purpose'], 'who.purpose'),
              sinceMs: wholeNumber(who['sinceMs'], 'who.sinceMs'),
              ...(who['life'] === undefined ? {} : { life: text(who['life'], 'who.life') }),
            },
          }),
    };
  });
