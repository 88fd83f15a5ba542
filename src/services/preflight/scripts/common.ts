/** A word of a script, whatever is in it. */
export const q = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * What every script begins with. A fact is a line `name TAB value`; a name that comes several times is a list. The last line
 * is `end`, so that half an answer is never taken for a whole one.
 */
export const PRELUDE = `export LC_ALL=C
say() { printf '%s\\t%s\\n' "$1" "$2"; }
each() { while IFS= read -r line; do printf '%s\\t%s\\n' "$1" "$line"; done; }
has() { command -v "$1" > /dev/null 2>&1; }
has timeout || timeout() { shift 3; "$@"; }
limited() { timeout -k 1 "$@"; }
`;

export const END = "say end ''\n";

/**
 * In memory, so that a full or dead disk is no obstacle; gone with the script however it ends. Where the connection is lost
 * the next word meets a closed pipe, which would end the shell without a word to its traps.
 */
export const SCRATCH = `for at in /run /dev/shm /tmp; do
  scratch=$(mktemp -d "$at/quorate-check.XXXXXX" 2> /dev/null) && break
done
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM PIPE
`;

/** What a script said, by name; undefined when it did not come to its end. */
export function readFields(output: Uint8Array): Fields | undefined {
  const fields = new Map<string, string[]>();
  for (const line of Buffer.from(output).toString('utf8').split('\n')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const name = line.slice(0, tab);
    const values = fields.get(name) ?? [];
    values.push(line.slice(tab + 1));
    fields.set(name, values);
  }
  if (!fields.has('end')) return undefined;
  return {
    all: (name) => fields.get(name) ?? [],
    one: (name) => {
      const [value] = fields.get(name) ?? [];
      return value === '' ? undefined : value;
    },
  };
}

export interface Fields {
  all(name: string): readonly string[];
  /** The first one; undefined when it is empty or absent. */
  one(name: string): string | undefined;
}
