import { type Problem, type Result, err, nearest, ok } from '../../base/index.js';
import { type ClusterName, SUPPORTED_MINORS, VOTERS_MAX } from '../../core/cluster/index.js';
import type { ClusterSpec } from '../../core/spec/index.js';
import { type Context, tell } from './context.js';
import { badValue, driverNotHere, namesDiffer, sectionNotHere } from './problems.js';

/** Reads a spec file. Every problem at once; nothing was touched. */
export async function readSpecFile(
  context: Context,
  file: string,
  named?: string,
): Promise<Result<ClusterSpec, readonly Problem[]>> {
  const { ports, cluster } = context;
  const text = await ports.files.read(file);
  if (!text.ok) return err([text.error]);
  // Imported here: only those who bring a file pay for loading the schema.
  const { parseSpec } = await import('../../core/spec-text/index.js');
  const parsed = parseSpec(text.value);
  if (!parsed.ok) return parsed;
  const { spec, warnings } = parsed.value;
  for (const { summary, detail } of warnings) tell(context, `note: ${summary}. ${detail}`);
  const asked = named ?? cluster;
  if (asked !== undefined && asked !== spec.name) {
    return err([namesDiffer({ inFile: spec.name, asked, file })]);
  }
  if (spec.driver.kind === 'kubernetes') {
    return err([driverNotHere({ driver: spec.driver.kind, cluster: spec.name })]);
  }
  const missing = sectionsNotHere(spec);
  return missing.length > 0 ? err(missing) : ok(spec);
}

/** What a spec may ask for and this version would silently leave out: refused. */
function sectionsNotHere(spec: ClusterSpec): readonly Problem[] {
  const asked: readonly (readonly [string, boolean])[] = [
    ['spec.backups', spec.backups !== undefined],
    // A cluster of this machine reaches no other host.
    ['spec.consumers', spec.consumers.length > 0 && spec.driver.kind !== 'ssh'],
  ];
  return asked
    .filter(([, isAsked]) => isAsked)
    .map(([section]) => sectionNotHere({ section, cluster: spec.name }));
}

/** What `init` writes, and what `plan`, `apply` and `run` read when nobody names a file or a cluster. */
export const DEFAULT_FILE = 'quorate.yaml';

/** The file to read: the one named, else the usual one if it is there and nobody named a cluster. */
export async function specFileFor(
  context: Context,
  file: string | undefined,
  named: string | undefined,
): Promise<string | undefined> {
  if (file !== undefined || named !== undefined || context.cluster !== undefined) return file;
  if (!(await context.ports.files.exists(DEFAULT_FILE))) return undefined;
  tell(context, `reading ${DEFAULT_FILE}`);
  return DEFAULT_FILE;
}

/** The newest minor that Quorate starts by itself when nobody names a version. */
export const DEFAULT_VERSION = '3.6';
export const DEFAULT_SIZE = 3;

export interface SpecWishes {
  readonly size?: string;
  readonly version?: string;
}

/** The spec of `up` without a file. */
export async function specFromOptions(
  name: ClusterName,
  { size, version }: SpecWishes,
): Promise<Result<ClusterSpec>> {
  const memberCount = readSize(size ?? String(DEFAULT_SIZE));
  if (!memberCount.ok) return memberCount;
  const { defaultSpec } = await import('../../core/spec/index.js');
  const known = readVersion(version ?? DEFAULT_VERSION);
  if (!known.ok) return known;
  return ok(defaultSpec({ name, memberCount: memberCount.value, version: known.value }));
}

/** An existing spec with what the options ask for. */
export async function specWithOptions(
  spec: ClusterSpec,
  { size, version }: SpecWishes,
): Promise<Result<ClusterSpec>> {
  const { setVersion, withSize } = await import('../../core/spec/index.js');
  let edited: Result<ClusterSpec> = ok(spec);
  if (size !== undefined) {
    const count = readSize(size);
    if (!count.ok) return count;
    edited = withSize(spec, count.value);
  }
  if (version === undefined || !edited.ok) return edited;
  const known = readVersion(version);
  return known.ok ? setVersion(edited.value, known.value) : known;
}

export function readSize(text: string): Result<number> {
  const size = Number(text);
  if (/^\d+$/.test(text) && size >= 1 && size <= VOTERS_MAX) return ok(size);
  const allowed = `a number from 1 to ${VOTERS_MAX}`;
  return err(badValue({ what: 'The number of members', found: text, allowed, nearest: '' }));
}

function readVersion(text: string): Result<string> {
  const bare = text.replace(/^v/, '');
  const minor = bare.split('.').slice(0, 2).join('.');
  const isShaped = /^\d+\.\d+(\.\d+(-[0-9A-Za-z.]+)?)?$/.test(bare);
  if (isShaped && (SUPPORTED_MINORS as readonly string[]).includes(minor)) return ok(bare);
  const allowed = `a minor (${SUPPORTED_MINORS.join(', ')}) for its newest patch, or an exact version such as 3.6.15`;
  const near = nearest(minor, SUPPORTED_MINORS) ?? '';
  return err(badValue({ what: 'The version of etcd', found: text, allowed, nearest: near }));
}
