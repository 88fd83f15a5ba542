import { SUPPORTED_MINORS } from '../../cluster/index.js';
import { FLAG_MEANINGS } from './meanings.js';
import { FLAG_ROWS, type FlagFacts, type FlagRow } from './rows.js';

/** In what a bare number of the flag counts; the spec may also say it with a unit (`100ms`, `8GiB`). */
export type FlagUnit = 'ms' | 's' | 'bytes' | 'MiB';

/** One flag as one minor of etcd has it. */
export interface FlagInfo extends FlagFacts {
  readonly name: string;
  readonly default: string;
  readonly unit?: FlagUnit;
  /** Our own sentence; absent for the seldom used. */
  readonly meaning?: string;
}

const UNITS: Readonly<Record<string, FlagUnit>> = {
  'heartbeat-interval': 'ms',
  'election-timeout': 'ms',
  'auth-token-ttl': 's',
  'quota-backend-bytes': 'bytes',
  'max-request-bytes': 'bytes',
  'bootstrap-defrag-threshold-megabytes': 'MiB',
  'experimental-bootstrap-defrag-threshold-megabytes': 'MiB',
};

/** Values that etcd checks only when it starts, so that its help does not list them as an enumeration. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'auto-compaction-mode': ['periodic', 'revision'],
  'backend-bbolt-freelist-type': ['array', 'map'],
  'experimental-backend-bbolt-freelist-type': ['array', 'map'],
  'log-level': ['debug', 'info', 'warn', 'error', 'panic', 'fatal'],
  metrics: ['basic', 'extensive'],
  'tls-max-version': ['TLS1.2', 'TLS1.3'],
  'tls-min-version': ['TLS1.2', 'TLS1.3'],
};

/** The flag in that minor (`3.6`); undefined when that minor does not have it. */
export function flagInfo(minor: string, name: string): FlagInfo | undefined {
  const row = Object.hasOwn(FLAG_ROWS, name) ? FLAG_ROWS[name] : undefined;
  if (row === undefined || !isIn(row, minor)) return undefined;
  const { since: _since, until: _until, changes, ...first } = row;
  const facts = SUPPORTED_MINORS.filter((each) => each <= minor).reduce<FlagFacts>(
    (known, each) => ({ ...known, ...changes?.[each] }),
    first,
  );
  const { [name]: unit } = UNITS;
  const { [name]: allowed } = ALLOWED;
  const { [name]: meaning } = FLAG_MEANINGS;
  return {
    default: '',
    ...facts,
    name,
    ...(allowed === undefined ? {} : { allowed }),
    ...(unit === undefined ? {} : { unit }),
    ...(meaning === undefined ? {} : { meaning }),
  };
}

/** Every flag of that minor, by name. Empty for a minor we do not know. */
export const flagsOf = (minor: string): readonly FlagInfo[] =>
  Object.keys(FLAG_ROWS)
    .map((name) => flagInfo(minor, name))
    .filter((info) => info !== undefined);

/** The minors that have the flag, oldest first. */
export const minorsWith = (name: string): readonly string[] =>
  SUPPORTED_MINORS.filter((minor) => flagInfo(minor, name) !== undefined);

/** The old spelling of a flag that a later minor has, if there was one: `corrupt-check-time` → `experimental-…`. */
export const olderNameOf = (minor: string, name: string): string | undefined =>
  flagsOf(minor).find(({ replacedBy }) => replacedBy === name)?.name;

/** Minors compare as text while they are one digit each: 3.4 … 3.9. */
const isIn = (row: FlagRow, minor: string): boolean =>
  (SUPPORTED_MINORS as readonly string[]).includes(minor) &&
  (row.since === undefined || row.since <= minor) &&
  (row.until === undefined || minor <= row.until);
