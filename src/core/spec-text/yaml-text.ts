import {
  type Document,
  LineCounter,
  type Node,
  type Pair,
  type YAMLError,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  visit,
} from 'yaml';
import { type Result, err, ok } from '../../base/index.js';
import { type SpecPlace, type SpecProblem, specProblems } from '../spec/index.js';

export type Path = readonly (string | number)[];

/** A readable text: its value, and where each part of it stands. */
export interface SpecText {
  readonly value: unknown;
  /** The place of the value at `path`, or of the nearest part around it that is there. */
  readonly placeOf: (path: Path) => SpecPlace;
  /** The place of the key itself. */
  readonly placeOfKey: (path: Path) => SpecPlace;
  /** How a plain value was written: `3.10` of what YAML reads as 3.1. */
  readonly sourceOf: (path: Path) => string | undefined;
}

/** `spec.members[1].name`; the empty path is the whole document. */
export const pathText = (path: Path): string =>
  path.length === 0
    ? 'document'
    : path
        .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
        .join('');

/** More aliases than this in one spec are an attack or a mistake ("billion laughs"). */
const ALIASES_MAX = 100;
const FOUND_LENGTH_MAX = 60;
const ALLOWED = 'YAML or JSON, indented with spaces';

/** Our own words for what people run into; the rest are the parser's. */
const REASONS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'this alias has no name',
  BAD_DQ_ESCAPE: 'this escape means nothing in double quotes',
  BAD_INDENT: 'the indentation does not fit what stands above',
  BLOCK_IN_FLOW: 'a comma or a closing bracket is missing here',
  BLOCK_AS_IMPLICIT_KEY: 'a nested key must begin on a line of its own',
  DUPLICATE_KEY: 'this key is given twice',
  MISSING_CHAR: 'a quote, bracket, comma or space is missing here',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; is a colon missing?',
  TAB_AS_INDENT: 'a tab indents this line, and YAML indents with spaces only',
  TAG_RESOLVE_FAILED: 'this tag (!…) is not known here',
};

/** One YAML document with every syntax error at once. JSON is YAML. */
export function readYAML(text: string): Result<SpecText, readonly SpecProblem[]> {
  const lines = new LineCounter();
  const documents = [
    ...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true }),
  ].filter(hasContent);
  const placeAt = (offset: number): SpecPlace => {
    const { line, col } = lines.linePos(offset);
    return { path: 'document', line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
  if (faults.length > 0) {
    const inOrder = [...faults].sort((a, b) => a.pos[0] - b.pos[0]);
    return err(inOrder.map((fault) => syntaxProblem(fault, text, placeAt)));
  }
  const [document, second] = documents;
  if (document === undefined) {
    const allowed = 'a spec with apiVersion, kind, metadata and spec';
    return err([specProblems.empty({ ...placeAt(0), found: 'nothing', allowed })]);
  }
  if (second !== undefined) {
    const found = `${documents.length} documents`;
    const place = placeAt(second.contents?.range?.[0] ?? 0);
    return err([specProblems.severalDocuments({ ...place, found, allowed: 'one document' })]);
  }
  const read = valueOf(document, placeAt);
  return read.ok ? ok(specText(document, read.value, placeAt)) : read;
}

const hasContent = (document: Document.Parsed): boolean =>
  document.errors.length > 0 ||
  (document.contents !== null &&
    !(isScalar(document.contents) && document.contents.value === null));

function valueOf(
  document: Document.Parsed,
  placeAt: (offset: number) => SpecPlace,
): Result<unknown, readonly SpecProblem[]> {
  const problems: SpecProblem[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const because = 'no anchor of that name stands above';
      const place = placeAt(alias.range?.[0] ?? 0);
      problems.push(
        specProblems.syntax({ ...place, found: `*${alias.source}`, allowed: ALLOWED, because }),
      );
    },
  });
  if (problems.length > 0) return err(problems);
  try {
    return ok(document.toJS({ maxAliasCount: ALIASES_MAX }));
  } catch (error) {
    // The parser throws only for aliases that multiply beyond the limit.
    const because = 'its aliases multiply';
    const found = error instanceof Error ? error.message : 'too many aliases';
    return err([
      specProblems.syntax({
        ...placeAt(0),
        found,
        allowed: `at most ${ALIASES_MAX} aliases`,
        because,
      }),
    ]);
  }
}

function syntaxProblem(
  fault: YAMLError,
  text: string,
  placeAt: (offset: number) => SpecPlace,
): SpecProblem {
  // A bracket or quote that nobody closed is noticed at the end, where there is nothing to show: point at the last line.
  const isAtEnd = text.slice(fault.pos[0]).trim() === '';
  const place = placeAt(isAtEnd ? Math.max(0, text.trimEnd().length - 1) : fault.pos[0]);
  const line = (text.split('\n')[(place.line ?? 1) - 1] ?? '').slice(0, FOUND_LENGTH_MAX);
  const because = isAtEnd
    ? 'the text ends while a bracket or a quote is still open'
    : (REASONS[fault.code] ?? fault.message);
  return specProblems.syntax({ ...place, found: JSON.stringify(line), allowed: ALLOWED, because });
}

function specText(
  document: Document.Parsed,
  value: unknown,
  placeAt: (offset: number) => SpecPlace,
): SpecText {
  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const child = (node: unknown, key: string | number): { pair?: Pair; value: unknown } => {
    const parent = resolved(node);
    if (isSeq(parent) && typeof key === 'number') return { value: parent.items[key] };
    if (!isMap(parent)) return { value: undefined };
    const pair = parent.items.find(
      (each) => isScalar(each.key) && String(each.key.value) === String(key),
    );
    return pair === undefined ? { value: undefined } : { pair, value: pair.value };
  };
  const offsetOf = (node: unknown): number | undefined => (node as Node | undefined)?.range?.[0];
  const walk = (path: Path) => {
    let node: unknown = document.contents;
    let keyOffset = offsetOf(node) ?? 0;
    let valueOffset = keyOffset;
    for (const key of path) {
      const next = child(node, key);
      if (next.value === undefined && next.pair === undefined)
        return { keyOffset, valueOffset: keyOffset };
      keyOffset = offsetOf(next.pair?.key) ?? offsetOf(next.value) ?? keyOffset;
      valueOffset = offsetOf(next.value) ?? keyOffset;
      node = next.value;
    }
    return { keyOffset, valueOffset, node: resolved(node) };
  };
  return {
    value,
    placeOf: (path) => ({ ...placeAt(walk(path).valueOffset), path: pathText(path) }),
    placeOfKey: (path) => ({ ...placeAt(walk(path).keyOffset), path: pathText(path) }),
    sourceOf: (path) => {
      const { node } = walk(path);
      return isScalar(node) ? node.source : undefined;
    },
  };
}
