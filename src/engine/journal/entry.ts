import type { Random } from '../../base/index.js';
import type { JournalEntry } from '../ports/index.js';

/** A line that is longer was not written by us; reading stops there instead of filling memory. */
export const JOURNAL_LINE_BYTES_MAX = 256 * 1024;

const ID_BYTES = 6;

/** Ties an outcome to its decision; unique within one journal for all practical purposes. */
export const newJournalID = (random: Random): string => random.hex(ID_BYTES);

/** One line, without its line break. */
export const encodeJournalEntry = (entry: JournalEntry): string => JSON.stringify(entry);

/** The entry of one line; undefined when the line is damaged, half written or of a kind we do not know. */
export function decodeJournalEntry(line: string): JournalEntry | undefined {
  if (line.length > JOURNAL_LINE_BYTES_MAX) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isJournalEntry(value) ? value : undefined;
}

type Shape = Readonly<Record<string, 'string' | 'number' | 'object'>>;

/** The fields without which an entry cannot be used; optional ones are not listed. */
const SHAPES = {
  'controller-started': { pid: 'number', purpose: 'string' },
  'controller-ended': { pid: 'number', because: 'string' },
  decided: { id: 'string', step: 'object', because: 'string', margin: 'object' },
  outcome: { id: 'string', outcome: 'string', step: 'string', tookMs: 'number' },
  plan: { plan: 'string', because: 'string' },
  wish: { generation: 'number', by: 'string' },
} as const satisfies Record<JournalEntry['kind'], Shape>;

/** Checks the shape as far as our own code relies on it. */
export function isJournalEntry(value: unknown): value is JournalEntry {
  if (!isObject(value) || typeof value['at'] !== 'number') return false;
  const kind = value['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(SHAPES, kind)) return false;
  const shape: Shape = SHAPES[kind as JournalEntry['kind']];
  const complete = Object.entries(shape).every(
    ([field, type]) => typeof value[field] === type && value[field] !== null,
  );
  if (!complete || kind !== 'decided') return complete;
  return isObject(value['step']) && typeof value['step']['kind'] === 'string';
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
