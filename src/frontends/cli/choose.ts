import { type Problem, type Result, err, nearest, ok, parseMemberID } from '../../base/index.js';
import { type ClusterName, type Member, parseClusterName } from '../../core/cluster/index.js';
import type { ClusterSpec, MemberSpec } from '../../core/spec/index.js';
import type { Context } from './context.js';
import { readSpecFile } from './read-spec.js';
import { EXIT } from './exit-codes.js';
import type { ManagedCluster } from './ports.js';
import { type Stop, stop } from './stop.js';
import {
  ambiguousMember,
  badValue,
  noSuchCluster,
  noSuchMember,
  notBegun,
  whichCluster,
} from './problems.js';

/** What `up` founds when nobody gives a name. */
export const DEFAULT_CLUSTER = 'default';

export function readClusterName(text: string): Result<ClusterName> {
  const name = parseClusterName(text);
  if (name.ok) return name;
  const what = 'The name of a cluster';
  return err(badValue({ what, found: text, allowed: name.error, nearest: '' }));
}

/** The cluster that the person means: the one named, else the only one there is, else `default`. It exists. */
export async function chooseCluster(
  context: Context,
  named?: string,
): Promise<Result<ManagedCluster>> {
  const known = await context.ports.clusters.list();
  const asked = named ?? context.cluster;
  if (asked === undefined) {
    const [only] = known;
    if (only === undefined) return err(noSuchCluster({ cluster: DEFAULT_CLUSTER, known }));
    const usual = known.length === 1 ? only : known.find((name) => name === DEFAULT_CLUSTER);
    return usual === undefined
      ? err(whichCluster({ known }))
      : ok(context.ports.clusters.open(usual));
  }
  const name = readClusterName(asked);
  if (!name.ok) return name;
  return known.includes(name.value)
    ? ok(context.ports.clusters.open(name.value))
    : err(noSuchCluster({ cluster: asked, known }));
}

/**
 * Like `chooseCluster`, and a spec file may name it. Only the name and the driver of the file are used: what the cluster
 * should be is what was last applied. A seat that sees the cluster for the first time reaches its hosts by it.
 */
export async function meantCluster(
  context: Context,
  named?: string,
): Promise<Result<ManagedCluster, Stop>> {
  const file = context.specFile;
  if (file === undefined) {
    const chosen = await chooseCluster(context, named);
    return chosen.ok ? chosen : stop(EXIT.usage, chosen.error);
  }
  const spec = await readSpecFile(context, file, named);
  if (!spec.ok) return stop(EXIT.usage, ...spec.error);
  const { name } = spec.value;
  const cluster = context.ports.clusters.open(name, spec.value);
  const exists = await cluster.exists();
  if (!exists.ok) return stop(EXIT.failed, exists.error);
  if (exists.value) return ok(cluster);
  return stop(EXIT.usage, notBegun({ cluster: name, file }));
}

/** A member as a person may mean it: an entry of the spec, one of the member list, or both. */
export interface ChosenMember {
  /** The name for messages; the id when it has none. */
  readonly label: string;
  readonly listed: Member | undefined;
  readonly wanted: MemberSpec | undefined;
}

/**
 * Reads a name or an id (hex, as etcdctl prints it). A name of the spec wins over nothing: when the text fits two
 * different members, the person is asked for the id.
 */
export function chooseMember(
  cluster: string,
  asked: string,
  spec: Pick<ClusterSpec, 'members'>,
  listed: readonly Member[],
  hostOf: (member: Member) => string | undefined,
): Result<ChosenMember> {
  const join = (member: Member): ChosenMember => {
    const host = hostOf(member);
    const wanted = spec.members.find((entry) =>
      host === undefined ? entry.name === member.name : entry.host === host,
    );
    const name = member.name === '' ? (wanted?.name ?? '') : member.name;
    return { label: name === '' ? member.id : name, listed: member, wanted };
  };
  const all: readonly ChosenMember[] = listed.map(join);
  const notListed = spec.members
    .filter((entry) => !all.some(({ wanted }) => wanted === entry))
    .map((entry): ChosenMember => ({ label: entry.name, listed: undefined, wanted: entry }));
  const id = parseMemberID(asked);
  const matches = [...all, ...notListed].filter(
    (member) =>
      member.listed?.name === asked ||
      member.wanted?.name === asked ||
      (id !== undefined && member.listed?.id === id),
  );
  const [match, ...others] = matches;
  if (match !== undefined && others.length === 0) return ok(match);
  if (match !== undefined) {
    const told = matches.map(({ label, listed: member }) => `${member?.id ?? '-'}  ${label}`);
    return err(ambiguousMember({ cluster, asked, matches: told }));
  }
  return err(notFound(cluster, asked, [...all, ...notListed]));
}

function notFound(cluster: string, asked: string, all: readonly ChosenMember[]): Problem {
  const labels = all.map(({ label }) => label);
  const ids = all.flatMap(({ listed }) => listed?.id ?? []);
  return noSuchMember({
    cluster,
    asked,
    known: labels,
    nearest: nearest(asked, [...labels, ...ids]) ?? '',
  });
}
