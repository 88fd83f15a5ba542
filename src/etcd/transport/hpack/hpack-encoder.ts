import type { HeaderField } from './header-field.js';
import { STATIC_TABLE } from './static-table.js';

/** A field as we send it: `isSecret` ones no proxy may keep in a table (RFC 7541 §6.2.3). */
export interface OutgoingField extends HeaderField {
  readonly isSecret?: boolean;
}

/**
 * A header block that says every field in full or by the static table, and so means the same at any time on any
 * connection: it can be made once and sent often, and no table of ours can get out of step with the server's.
 */
export function encodeHeaderBlock(fields: readonly OutgoingField[]): Buffer {
  return Buffer.concat(fields.map(encodeField));
}

/** Says that we use no dynamic table. It must follow a change of what the server allows (RFC 7541 §4.2). */
export const NO_TABLE: Buffer = Buffer.from([0x20]);

function encodeField({ name, value, isSecret = false }: OutgoingField): Buffer {
  const whole = STATIC_TABLE.findIndex((each) => each.name === name && each.value === value);
  if (whole >= 0) return encodeInteger(0x80, 7, whole + 1);
  const pattern = isSecret ? 0x10 : 0;
  const nameIndex = STATIC_TABLE.findIndex((each) => each.name === name) + 1;
  const head = encodeInteger(pattern, 4, nameIndex);
  return Buffer.concat(
    nameIndex > 0 ? [head, encodeText(value)] : [head, encodeText(name), encodeText(value)],
  );
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([encodeInteger(0, 7, bytes.length), bytes]);
}

/** RFC 7541 §5.1. */
function encodeInteger(pattern: number, prefixBits: number, value: number): Buffer {
  const mask = 2 ** prefixBits - 1;
  if (value < mask) return Buffer.from([pattern | value]);
  const bytes = [pattern | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
