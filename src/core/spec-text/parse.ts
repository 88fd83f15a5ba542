import { type Result, err, ok } from '../../base/index.js';
import { type ClusterSpec, type SpecProblem } from '../spec/index.js';
import { problemsOfShape } from './shape-problems.js';
import { problemsOfRules } from './rules.js';
import { type SpecFile, fileSchema } from './schema.js';
import { toDomain } from './to-domain.js';
import { isRecord } from './values.js';
import { type SpecText, readYAML } from './yaml-text.js';

export interface ParsedSpec {
  readonly spec: ClusterSpec;
  /** Accepted, but worth a look. */
  readonly warnings: readonly SpecProblem[];
}

/**
 * A spec file, YAML or JSON, as the domain knows it; or every problem at once, in the order of the text, each with its
 * path, line and column, what was found, what is allowed, and the nearest valid spelling.
 */
export function parseSpec(text: string): Result<ParsedSpec, readonly SpecProblem[]> {
  const read = readYAML(text);
  if (!read.ok) return read;
  const source: SpecText = { ...read.value, value: withoutNulls(read.value.value) };
  const shape = fileSchema.safeParse(source.value);
  const shapeProblems = shape.success ? [] : problemsOfShape(shape.error.issues, source);
  // The rules read what they can of a text whose shape is wrong, so that nothing is told only in a second round.
  const { problems, warnings } = problemsOfRules(source);
  const all = inTextOrder([...shapeProblems, ...problems]);
  if (!shape.success || all.length > 0) return err(all);
  return ok({ spec: toDomain(shape.data satisfies SpecFile), warnings: inTextOrder(warnings) });
}

const inTextOrder = (problems: readonly SpecProblem[]): readonly SpecProblem[] =>
  [...problems].sort(
    ({ data: a }, { data: b }) =>
      (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );

/** Sections in which a key without a value names a kind: `static:` is `static: {}`. */
const KIND_SECTIONS = new Set(['bootstrap', 'driver', 'tls']);

/**
 * A key without a value is as good as absent, as in Kubernetes: a section whose lines are all commented out. Flags
 * keep theirs, because there it is a value that somebody forgot.
 */
function withoutNulls(value: unknown, key?: string): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutNulls(each));
  if (!isRecord(value) || key === 'etcd') return value;
  const isKindSection = key !== undefined && KIND_SECTIONS.has(key);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null || isKindSection)
      .map(([name, each]) => [name, each === null ? {} : withoutNulls(each, name)]),
  );
}
