import type { HostName } from '../../core/cluster/index.js';
import type { JournalEntry } from '../../engine/ports/index.js';
import { parseEntry } from '../records/index.js';

/**
 * A line as the hosts keep it: the entry, and a mark that says under which lock it was written and as the how-manieth.
 * The same line is on several hosts, and a host may lack some; the mark is what they are joined by. Lines that were
 * written without the lock have a mark that nobody else has.
 */
export const markedLine = (mark: string, entry: JournalEntry): string =>
  JSON.stringify({ mark, ...entry });

export const holdersMark = (fence: number, count: number): string => `${fence}.${count}`;
export const othersMark = (hex: string): string => `x${hex}`;

interface Marked {
  readonly line: string;
  readonly mark: string;
  readonly entry: JournalEntry;
  /** Of the lock under which it was written, and its place among those. */
  readonly place: readonly [fence: number, count: number] | undefined;
}

/** Joins what several hosts have, oldest first. What is no whole line of ours is left out. */
export function merged(
  journals: ReadonlyMap<HostName, readonly string[]>,
): readonly { readonly line: string; readonly entry: JournalEntry }[] {
  const byMark = new Map<string, Marked>();
  for (const lines of journals.values()) {
    for (const line of lines) {
      const marked = readLine(line);
      if (marked !== undefined && !byMark.has(marked.mark)) byMark.set(marked.mark, marked);
    }
  }
  const all = [...byMark.values()];
  // The lock orders its holders and each of them his lines, whatever their clocks say; the others come in between by time.
  const ordered = all
    .filter(({ place }) => place !== undefined)
    .toSorted((a, b) => compare(a.place, b.place));
  const loose = all
    .filter(({ place }) => place === undefined)
    .toSorted((a, b) => a.entry.at - b.entry.at);
  const joined: Marked[] = [];
  for (const marked of ordered) {
    while (loose[0] !== undefined && loose[0].entry.at <= marked.entry.at) {
      joined.push(...loose.splice(0, 1));
    }
    joined.push(marked);
  }
  return [...joined, ...loose];
}

const compare = (
  [fenceA, countA]: readonly [number, number] = [0, 0],
  [fenceB, countB]: readonly [number, number] = [0, 0],
): number => fenceA - fenceB || countA - countB;

function readLine(line: string): Marked | undefined {
  const entry = parseEntry(line);
  if (entry === undefined) return undefined;
  const { mark, ...rest } = entry as JournalEntry & { readonly mark?: unknown };
  if (typeof mark !== 'string') return undefined;
  const [, fence, count] = /^(\d+)\.(\d+)$/.exec(mark) ?? [];
  const place = fence === undefined ? undefined : ([Number(fence), Number(count)] as const);
  return { line, mark, entry: rest, place };
}
