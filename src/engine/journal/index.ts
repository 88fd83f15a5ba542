/**
 * engine/journal — what the lines of the journal mean: for people, for the console, and for the quiet period.
 *
 * Contract: pure functions over JournalEntry; no file is read or written here (that is the ClusterStore's).
 * The only decision that ever depends on the journal is `unresolvedFrom`; `unseenSinceFrom` is for texts.
 */
export { type UnresolvedDecision, unresolvedFrom, hasLanded } from './unresolved.js';
export { unseenSinceFrom } from './unseen-since.js';
export { describeStep, summariseEntry } from './summary.js';
export {
  JOURNAL_LINE_BYTES_MAX,
  decodeJournalEntry,
  encodeJournalEntry,
  isJournalEntry,
  newJournalID,
} from './entry.js';
