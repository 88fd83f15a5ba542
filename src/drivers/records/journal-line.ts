import type { JournalEntry } from '../../engine/ports/index.js';

const KINDS: ReadonlySet<string> = new Set<JournalEntry['kind']>([
  'controller-started',
  'controller-ended',
  'decided',
  'outcome',
  'plan',
  'wish',
]);

/** One line of a journal; undefined for what is no whole entry: a crash may have cut it. */
export function parseEntry(line: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(line) as { readonly kind?: unknown; readonly at?: unknown } | null;
    const isEntry =
      typeof entry?.kind === 'string' && KINDS.has(entry.kind) && Number.isFinite(entry.at);
    return isEntry ? (entry as unknown as JournalEntry) : undefined;
  } catch {
    return undefined;
  }
}
