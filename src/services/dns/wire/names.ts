/** A name as bytes: labels with their lengths, and the root. In lower case, which is its canonical form. */
export function encodeName(name: string): Buffer {
  const labels = name
    .toLowerCase()
    .split('.')
    .filter((label) => label !== '');
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]),
    Buffer.from([0]),
  ]);
}

export interface ReadName {
  /** In lower case; a dot inside a label stands as a NUL, so that it never looks like two labels. */
  readonly name: string;
  /** Where each label begins, in the order of the labels; the root is not among them. */
  readonly labelsAt: readonly number[];
  /** The first byte after the name. */
  readonly end: number;
}

const NAME_BYTES_MAX = 255;

/** A name that stands whole at `offset`, as in a question; undefined when it does not, or goes beyond the bytes. */
export function readPlainName(bytes: Buffer, offset: number): ReadName | undefined {
  const labels: string[] = [];
  const labelsAt: number[] = [];
  let at = offset;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63 || at - offset + length + 1 > NAME_BYTES_MAX) {
      return undefined;
    }
    if (length === 0) return { name: labels.join('.'), labelsAt, end: at + 1 };
    const end = at + 1 + length;
    if (end > bytes.length) return undefined;
    labelsAt.push(at);
    labels.push(
      bytes
        .toString('latin1', at + 1, end)
        .toLowerCase()
        .replaceAll('.', '\0'),
    );
    at = end;
  }
}

/** The first byte after a name that may end in a pointer; undefined when there is none. */
export function skipName(bytes: Buffer, offset: number): number | undefined {
  for (let at = offset; at < bytes.length;) {
    const length = bytes[at] ?? 0;
    if (length >= 0xc0) return at + 2 <= bytes.length ? at + 2 : undefined;
    if (length > 63) return undefined;
    if (length === 0) return at + 1;
    at += 1 + length;
  }
  return undefined;
}
