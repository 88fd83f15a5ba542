import { type Result, err, nearest, ok } from '../../base/index.js';
import { SUPPORTED_MINORS } from '../cluster/index.js';
import { type FlagInfo, flagInfo, flagsOf, minorsWith, whyReserved } from '../spec/index.js';
import { type Field, fieldAt } from './json-schema.js';
import { noSuchField } from './problems.js';
import { type Path, pathText } from './yaml-text.js';

/** What `quorate explain FIELD` shows. */
export interface FieldExplanation {
  /** Lists as `[]`: `spec.members[].name`. */
  readonly path: string;
  readonly meaning: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly default?: string;
  readonly allowed?: readonly string[];
  /** A line or two of YAML, or JSON in one line. */
  readonly example?: string;
  /** The fields in it, each with its meaning; the flags for `spec.etcd`. */
  readonly fields: readonly { readonly name: string; readonly meaning: string }[];
  /** For a flag: the minors that have it. */
  readonly minors?: readonly string[];
}

const FLAGS = 'spec.etcd';

/**
 * Explains a field (`spec.members.name`, `members[].name`) or a flag (`spec.etcd.heartbeat-interval`, or its name alone).
 *
 * @param minor for flags: the minor to explain (`3.6`); without it the newest that has the flag.
 */
export function explainField(path: string, minor?: string): Result<FieldExplanation> {
  const flag = flagNameIn(path);
  if (flag !== undefined) return explainFlag(flag, minor);
  const keys = keysOf(path);
  const field = fieldAt(keys) ?? fieldAt(['spec', ...keys]);
  if (field !== undefined) {
    const full = fieldAt(keys) === undefined ? ['spec', ...keys] : keys;
    return ok(explanationOf(full, field, minor));
  }
  return err(unknownField(path));
}

function explainFlag(name: string, minor: string | undefined): Result<FieldExplanation> {
  const minors = minorsWith(name);
  const info = flagInfo(minor ?? minors.at(-1) ?? '', name);
  if (info === undefined) {
    const known = minor === undefined ? minors : [];
    const near = nearest(name, allFlags(minor));
    return err(
      noSuchField({
        path: minor === undefined ? `${FLAGS}.${name}` : `${FLAGS}.${name} in etcd ${minor}`,
        known: known.length > 0 ? known : minors.map((each) => `in etcd ${each}`),
        ...(near === undefined ? {} : { nearest: `${FLAGS}.${near}` }),
      }),
    );
  }
  const reserved = whyReserved(name);
  const meaning = [
    info.meaning ?? `The flag --${name} of etcd.`,
    reserved === undefined ? '' : `Not to be set in a spec: ${reserved}.`,
    info.replacedBy === undefined ? '' : `Newer spelling: ${info.replacedBy}.`,
  ];
  return ok({
    path: `${FLAGS}.${name}`,
    meaning: meaning.filter((part) => part !== '').join(' '),
    type: flagTypeWords(info),
    isRequired: false,
    ...(info.default === '' ? {} : { default: withUnit(info) }),
    ...(info.allowed === undefined ? {} : { allowed: info.allowed }),
    ...(reserved === undefined ? { example: `etcd: { ${name}: ${exampleOf(info)} }` } : {}),
    fields: [],
    minors,
  });
}

function explanationOf(
  path: Path,
  { schema, isRequired, fields }: Field,
  minor?: string,
): FieldExplanation {
  const { description, default: fallback, examples, enum: allowed, const: only } = schema;
  const text = pathText(path).replaceAll('[0]', '[]');
  const [example] = Array.isArray(examples) ? (examples as readonly unknown[]) : [];
  const values = Array.isArray(allowed)
    ? allowed.map(String)
    : only === undefined
      ? undefined
      : [String(only)];
  const inner =
    text === FLAGS ? settableFlags(minor) : fields.map((name) => innerField(path, schema, name));
  return {
    path: text,
    meaning: typeof description === 'string' ? description : '',
    type: typeWords(schema),
    isRequired,
    ...(fallback === undefined ? {} : { default: oneLine(fallback) }),
    ...(values === undefined ? {} : { allowed: values }),
    ...(example === undefined
      ? {}
      : { example: `${String(path.at(-1) ?? '')}: ${oneLine(example)}` }),
    fields: inner,
  };
}

function innerField(path: Path, schema: Field['schema'], name: string) {
  const items = schema['type'] === 'array' ? [0] : [];
  const description = fieldAt([...path, ...items, name])?.schema['description'];
  return { name, meaning: typeof description === 'string' ? description : '' };
}

const settableFlags = (minor: string | undefined) =>
  allFlags(minor)
    .filter((name) => whyReserved(name) === undefined)
    .map((name) => ({
      name,
      meaning: flagInfo(minor ?? minorsWith(name).at(-1) ?? '', name)?.meaning ?? '',
    }));

/** The flags of a minor, or of all of them. */
const allFlags = (minor: string | undefined): readonly string[] =>
  [
    ...new Set(
      (minor === undefined ? SUPPORTED_MINORS : [minor]).flatMap((each) =>
        flagsOf(each)
          .filter(({ type }) => type !== 'ignored')
          .map(({ name }) => name),
      ),
    ),
  ].sort();

/** `spec.etcd.X`, `etcd.X`, `--X` or X when only a flag is called so. */
function flagNameIn(path: string): string | undefined {
  const [, name] = /^(?:(?:spec\.)?etcd\.|--)(.+)$/.exec(path) ?? [];
  if (name !== undefined) return name.replace(/^--/, '');
  const isField =
    fieldAt(keysOf(path)) !== undefined || fieldAt(['spec', ...keysOf(path)]) !== undefined;
  return !isField && minorsWith(path).length > 0 ? path : undefined;
}

/** `spec.members.name`, `spec.members[].name` and `spec.members[1].name` are the same field. */
function keysOf(path: string): Path {
  const names = path
    .replaceAll(/\[\d*\]/g, '')
    .split('.')
    .filter((part) => part !== '');
  const keys: (string | number)[] = [];
  for (const name of names) {
    const parent = fieldAt(keys) ?? fieldAt(['spec', ...keys]);
    if (keys.length > 0 && parent?.schema['type'] === 'array') keys.push(0);
    keys.push(name);
  }
  return keys;
}

function unknownField(path: string) {
  const keys = keysOf(path);
  const parent = keys.slice(0, -1);
  const known = fieldAt(parent)?.fields ?? fieldAt(['spec', ...parent])?.fields ?? [];
  const last = String(keys.at(-1) ?? '');
  const near = nearest(last, known);
  const prefix = pathText(parent).replaceAll('[0]', '[]');
  const nearPath =
    near === undefined
      ? nearest(last, allPaths())
      : parent.length === 0
        ? near
        : `${prefix}.${near}`;
  return noSuchField({ path, known, ...(nearPath === undefined ? {} : { nearest: nearPath }) });
}

/** Everything that can be said without its path: fields of spec, and flags. */
const allPaths = (): readonly string[] => [
  ...(fieldAt(['spec'])?.fields ?? []),
  ...allFlags(undefined),
];

function typeWords(schema: Field['schema']): string {
  const { type, anyOf, enum: values, const: only } = schema;
  if (values !== undefined || only !== undefined) return 'text';
  if (Array.isArray(anyOf)) return (anyOf as Field['schema'][]).map(typeWords).join(' or ');
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    integer: 'whole number',
    number: 'number',
    boolean: 'true or false',
    array: 'list',
    object: 'map',
  };
  return words[String(type)] ?? 'any';
}

const UNIT_TYPES: Readonly<Record<string, string>> = {
  ms: 'duration (etcd counts milliseconds)',
  s: 'duration (etcd counts seconds)',
  bytes: 'size (etcd counts bytes)',
  MiB: 'size (etcd counts MiB)',
};

function flagTypeWords({ type, unit }: FlagInfo): string {
  if (unit !== undefined) return UNIT_TYPES[unit] ?? type;
  if (type === 'bool') return 'true or false';
  if (type.startsWith('int') || type.startsWith('uint')) return 'whole number';
  if (type === 'featureGates') return 'feature gates: Gate=true, separated by commas';
  if (type === 'strings' || type === 'urls') return 'list, or text separated by commas';
  return type === 'duration' ? 'duration' : 'text';
}

const withUnit = ({ default: fallback, unit }: FlagInfo): string =>
  unit === 'ms' || unit === 's' ? `${fallback}${unit}` : fallback;

function exampleOf(info: FlagInfo): string {
  if (info.allowed !== undefined) return info.allowed[0] ?? '';
  if (info.unit === 'bytes') return info.name === 'quota-backend-bytes' ? '8GiB' : '1.5MiB';
  if (info.unit === 'MiB') return '200MiB';
  if (info.type === 'featureGates') return '"CompactHashCheck=true"';
  if (info.name === 'auto-compaction-retention') return '1h';
  return info.default === '' ? '"…"' : withUnit(info);
}

const oneLine = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);
