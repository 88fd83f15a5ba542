import type { Path } from './yaml-text.js';

const FOUND_LENGTH_MAX = 60;

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What stands there, in a few words. `source` is how a plain value was written. */
export function show(value: unknown, source?: string): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return cut(JSON.stringify(value));
  if (typeof value === 'number') return `the number ${source ?? String(value)}`;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  const keys = isRecord(value) ? Object.keys(value) : [];
  return keys.length === 0 ? 'an empty map' : cut(`a map with ${keys.join(', ')}`);
}

const cut = (text: string): string =>
  text.length <= FOUND_LENGTH_MAX ? text : `${text.slice(0, FOUND_LENGTH_MAX - 1)}…`;

/** The part of a plain value at a path; undefined when it is not there. */
export const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Readonly<Record<string | number, unknown>>)[key]
        : undefined,
    root,
  );
