import { sightOfKept, writtenAt } from './record.js';
import type { TokenRecord, TokenSight } from './store.js';

/** A change of ours that is not answered yet: the watch often tells of it before. */
export interface OwnChange {
  readonly value: string;
  readonly next: TokenRecord;
  /** Undefined: it makes the token. */
  readonly createdIndex: bigint | undefined;
}

/** What it makes of the token, once it is done at that version. */
export const sightOfOwn = ({ next, createdIndex }: OwnChange, version: bigint): TokenSight =>
  sightOfKept(version, {
    record: writtenAt(next, version),
    createdIndex: createdIndex ?? version,
    version,
  });
