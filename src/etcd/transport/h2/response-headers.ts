import type { HeaderField } from '../hpack/header-field.js';

/** Fields that say something of one HTTP/1 connection and have no place here (RFC 9113 §8.2.2). */
const OF_HTTP1: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** The status of an answer; empty in trailers, and in what is no answer. */
export const statusOf = (fields: readonly HeaderField[]): string => {
  const first = fields[0];
  return first?.name === ':status' ? first.value : '';
};

/** What makes these headers, or trailers, malformed (§8.1, §8.2, §8.3), for a person; undefined when nothing does. */
export function headersFault(
  fields: readonly HeaderField[],
  isEnd: boolean,
  areTrailers: boolean,
): string | undefined {
  for (const [index, { name }] of fields.entries()) {
    if (name.startsWith(':') && (areTrailers || index > 0 || name !== ':status')) {
      return `the field “${name}” is out of place`;
    }
    if (name !== name.toLowerCase()) return `the field name “${name}” has capital letters`;
    if (OF_HTTP1.has(name)) return `the field “${name}” belongs to HTTP/1`;
  }
  if (areTrailers) return isEnd ? undefined : 'a second header list does not end the answer';
  const status = statusOf(fields);
  if (!/^[1-5]\d\d$/.test(status)) return 'its headers have no status';
  return isEnd && status.startsWith('1') ? 'an interim answer ends it' : undefined;
}
