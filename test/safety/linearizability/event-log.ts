/** One change of one key as a watch tells it; `value` null: deleted. */
export interface Change {
  readonly revision: bigint;
  readonly key: string;
  readonly value: string | null;
}

/** What a client asked to be written; `value` null: a deletion. */
export interface Write {
  readonly key: string;
  readonly value: string | null;
  readonly end:
    /** `revision` undefined: acknowledged as having changed nothing, say a deletion of nothing. */
    | { readonly kind: 'acknowledged'; readonly revision: bigint | undefined }
    | { readonly kind: 'unknown' }
    /** The client was told that it certainly had no effect. */
    | { readonly kind: 'no-effect' };
}

export interface LogFaults {
  /** Acknowledged, and not where its acknowledgement says. */
  readonly lost: readonly string[];
  /** In the log, and nobody asked for it, or its client was told that it had no effect. */
  readonly fromNowhere: readonly string[];
  /** In the log more than once, though asked for once. */
  readonly twice: readonly string[];
}

/** The whole log of a cluster against what its clients were told. Every value is written once. */
export function compareWithWrites(log: readonly Change[], writes: readonly Write[]): LogFaults {
  const at = new Map(log.map((change) => [placeOf(change.revision, change.key), change]));
  const lost = writes.flatMap(({ key, value, end }) => {
    if (end.kind !== 'acknowledged' || end.revision === undefined) return [];
    const found = at.get(placeOf(end.revision, key));
    return found !== undefined && found.value === value
      ? []
      : [`${value ?? 'a deletion'} of ${key} at ${end.revision}`];
  });
  const possible = writes.filter(({ end }) => end.kind !== 'no-effect');
  const values = new Set(possible.map(({ value }) => value));
  const seen = new Set<string>();
  const twice: string[] = [];
  const fromNowhere: string[] = [];
  const acknowledgedDeletions = new Set<string>();
  const unknownDeletions = new Map<string, number>();
  for (const { key, value, end } of possible) {
    if (value !== null) continue;
    if (end.kind === 'unknown') unknownDeletions.set(key, (unknownDeletions.get(key) ?? 0) + 1);
    else if (end.kind === 'acknowledged' && end.revision !== undefined) {
      acknowledgedDeletions.add(placeOf(end.revision, key));
    }
  }
  for (const { revision, key, value } of log) {
    const text = `${value ?? 'a deletion'} of ${key} at ${revision}`;
    if (value === null) {
      if (acknowledgedDeletions.has(placeOf(revision, key))) continue;
      const left = unknownDeletions.get(key) ?? 0;
      if (left === 0) fromNowhere.push(text);
      unknownDeletions.set(key, left - 1);
      continue;
    }
    if (!values.has(value)) fromNowhere.push(text);
    if (seen.has(value)) twice.push(text);
    seen.add(value);
  }
  return { lost, fromNowhere, twice };
}

/** What a watch saw against the log from its first revision on: every change once, in order. Answers what differs first. */
export function compareWithLog(
  seen: readonly Change[],
  log: readonly Change[],
): string | undefined {
  const length = Math.max(seen.length, log.length);
  for (let index = 0; index < length; index++) {
    const [mine, right] = [seen[index], log[index]];
    if (mine === undefined && right !== undefined) return `${textOf(right)} is missing at the end`;
    if (mine !== undefined && right === undefined) return `${textOf(mine)} comes after the end`;
    if (mine === undefined || right === undefined || isSame(mine, right)) continue;
    return `${textOf(mine)} where ${textOf(right)} is due`;
  }
  return undefined;
}

const placeOf = (revision: bigint, key: string): string => `${revision} ${key}`;
const textOf = ({ revision, key, value }: Change): string => `${revision} ${key}=${value ?? '∅'}`;
const isSame = (a: Change, b: Change): boolean =>
  a.revision === b.revision && a.key === b.key && a.value === b.value;
