import { type Problem, type Result, assert, err, nearest, ok } from '../../base/index.js';
import {
  type HostName,
  type MemberName,
  type PeerURL,
  VOTERS_MAX,
  parseHostName,
  parseMemberName,
  parsePeerURL,
} from '../cluster/index.js';
import type { ClusterSpec, MemberSpec } from './cluster-spec.js';
import { hostOf } from './default-spec.js';
import { readFlags } from './flag-table/read-flags.js';
import * as problems from './problems.js';
import { minorOfSpec, versionFault } from './versions.js';

/** A member as a person names it; every text is parsed here. */
export interface NewMember {
  readonly name: string;
  /** Default: the name. */
  readonly host?: string;
  readonly peerURLs?: readonly string[];
  readonly start?: MemberSpec['start'];
}

/** The spec with one member more, last in the list. A proxy of that name becomes the member, on its own host. */
export function addMember(spec: ClusterSpec, added: NewMember): Result<ClusterSpec> {
  if (spec.members.length >= VOTERS_MAX) return err(tooMany(spec.members.length + 1));
  const path = `spec.members[${spec.members.length}]`;
  const proxy = spec.proxies.find(({ name }) => name === added.name);
  const member = parseMember(proxy === undefined ? added : { host: proxy.host, ...added }, path);
  if (!member.ok) return member;
  const others = spec.proxies.filter((each) => each !== proxy || each.host !== member.value.host);
  return withMembers({ ...spec, proxies: others }, [...spec.members, member.value], path);
}

/** The spec without the member. The last one stays: a cluster without members is no cluster. `asProxy`: its host forwards. */
export function removeMember(
  spec: ClusterSpec,
  name: string,
  { asProxy = false }: { readonly asProxy?: boolean } = {},
): Result<ClusterSpec> {
  const index = indexOf(spec, name);
  if (!index.ok) return index;
  if (spec.members.length === 1) return err(problems.lastMember({ name }));
  const members = spec.members.filter((_, i) => i !== index.value);
  const left = spec.members[index.value];
  if (!asProxy || left === undefined) return ok(sized(spec, members));
  const proxies = [...spec.proxies, { name: left.name, host: left.host }];
  return ok({ ...sized(spec, members), proxies });
}

/** Another name for the same member: its host, data and identity stay. */
export function renameMember(spec: ClusterSpec, old: string, now: string): Result<ClusterSpec> {
  const index = indexOf(spec, old);
  if (!index.ok) return index;
  const path = `spec.members[${index.value}]`;
  const name = parseName(now, `${path}.name`);
  if (!name.ok) return name;
  return withMembers(
    spec,
    changed(spec, index.value, (member) => ({ ...member, name: name.value })),
    path,
  );
}

/** Fixes the member's peer URLs. */
export function setPeerURLs(
  spec: ClusterSpec,
  name: string,
  urls: readonly string[],
): Result<ClusterSpec> {
  const index = indexOf(spec, name);
  if (!index.ok) return index;
  const path = `spec.members[${index.value}]`;
  const peerURLs = parsePeerURLs(urls, `${path}.peerURLs`);
  if (!peerURLs.ok) return peerURLs;
  return withMembers(
    spec,
    changed(spec, index.value, (member) => ({ ...member, peerURLs: peerURLs.value })),
    path,
  );
}

/** A newcomer in the place of a member; the planner brings it in before the old one goes. */
export function replaceMember(
  spec: ClusterSpec,
  old: string,
  withNew: NewMember,
): Result<ClusterSpec> {
  const index = indexOf(spec, old);
  if (!index.ok) return index;
  const path = `spec.members[${index.value}]`;
  const member = parseMember(withNew, path);
  if (!member.ok) return member;
  return withMembers(
    spec,
    changed(spec, index.value, () => member.value),
    path,
  );
}

/** Another version; refused when `spec.etcd` names a flag that the new minor does not have. */
export function setVersion(spec: ClusterSpec, version: string): Result<ClusterSpec> {
  const fault = versionFault(version);
  if (fault !== undefined) {
    return err(
      problems.versionUnsupported({
        path: 'spec.version',
        found: JSON.stringify(version),
        ...fault,
      }),
    );
  }
  const [firstProblem] = readFlags(minorOfSpec(version), spec.etcd).problems;
  return firstProblem === undefined ? ok({ ...spec, version }) : err(firstProblem);
}

/**
 * The spec with `size` members: grows by the next numbers (`m4`, `m5`, or with the prefix that all members share),
 * shrinks from the highest number down.
 */
export function withSize(spec: ClusterSpec, size: number): Result<ClusterSpec> {
  if (!Number.isInteger(size) || size < 1 || size > VOTERS_MAX) return err(badSize(size));
  const missing = size - spec.members.length;
  if (missing > 0 && spec.driver.kind !== 'local') {
    const members = spec.members.length;
    return err(problems.sizeNeedsHosts({ driver: spec.driver.kind, size, members }));
  }
  if (missing < 0) {
    const doomed = new Set(
      [...spec.members].sort((a, b) => numberIn(b.name) - numberIn(a.name)).slice(0, -missing),
    );
    const kept = spec.members.filter((member) => !doomed.has(member));
    return ok(sized(spec, kept));
  }
  const members = [...spec.members];
  for (let i = 0; i < missing; i++) members.push(nextMember(spec, members));
  return ok(sized(spec, members));
}

function nextMember(spec: ClusterSpec, members: readonly MemberSpec[]): MemberSpec {
  const prefix = sharedPrefix(members) ?? 'm';
  const taken = new Set<string>(
    [...members, ...spec.proxies].flatMap(({ name, host }) => [name, host]),
  );
  let number = Math.max(0, ...members.map(({ name }) => numberIn(name))) + 1;
  while (taken.has(`${prefix}${number}`)) number++;
  const name = parseMemberName(`${prefix}${number}`);
  assert(name.ok, `${prefix}${number} is no member name`);
  return { name: name.value, host: hostOf(name.value), start: 'quorate' };
}

/** `etcd` when the members are etcd0, etcd1, …; undefined when they do not agree on one. */
function sharedPrefix(members: readonly MemberSpec[]): string | undefined {
  const prefixes = new Set(members.map(({ name }) => /^(.*\D)\d{1,6}$/.exec(name)?.[1]));
  return prefixes.size === 1 ? [...prefixes][0] : undefined;
}

/** The number at the end of the name; -1 when there is none, so that such members go last. */
const numberIn = (name: MemberName): number => Number(/(\d{1,6})$/.exec(name)?.[1] ?? -1);

const changed = (
  spec: ClusterSpec,
  index: number,
  change: (member: MemberSpec) => MemberSpec,
): readonly MemberSpec[] =>
  spec.members.map((member, i) => (i === index ? change(member) : member));

/** Every edit of a member ends here: names, hosts and peer URLs belong to one member each. */
function withMembers(
  spec: ClusterSpec,
  members: readonly MemberSpec[],
  editedPath: string,
): Result<ClusterSpec> {
  const seen = new Map<string, string>();
  const claims = [
    ...members.flatMap((member, i) => claimsOf(member, `spec.members[${i}]`)),
    ...spec.proxies.flatMap((proxy, i) => claimsOf(proxy, `spec.proxies[${i}]`)),
  ];
  // The edited member last, so that it is the one that is refused.
  const isEdited = (path: string) => path.startsWith(`${editedPath}.`);
  claims.sort((a, b) => Number(isEdited(a.path)) - Number(isEdited(b.path)));
  for (const { key, path, found } of claims) {
    const first = seen.get(key);
    if (first !== undefined) {
      const allowed = 'a value that nothing else in the spec has';
      return err(problems.duplicate({ path, found: JSON.stringify(found), allowed, first }));
    }
    seen.set(key, path);
  }
  return ok(sized(spec, members));
}

/**
 * The spec with these members. Whoever edits it asked for the size, so that an even one is meant; beside an odd one the
 * permission goes again, and the next file with an even size is asked about it.
 */
function sized(spec: ClusterSpec, members: readonly MemberSpec[]): ClusterSpec {
  if (members.length === spec.members.length) return { ...spec, members };
  const { allowEvenSize: _before, ...rest } = spec;
  return members.length % 2 === 0
    ? { ...rest, members, allowEvenSize: true }
    : { ...rest, members };
}

const claimsOf = (
  member: {
    readonly name: MemberName;
    readonly host: HostName;
    readonly peerURLs?: readonly PeerURL[];
  },
  path: string,
) => [
  { key: `name ${member.name}`, path: `${path}.name`, found: member.name as string },
  { key: `host ${member.host}`, path: `${path}.host`, found: member.host as string },
  ...(member.peerURLs ?? []).map((url, i) => ({
    key: `peer ${url}`,
    path: `${path}.peerURLs[${i}]`,
    found: url as string,
  })),
];

function indexOf(spec: ClusterSpec, name: string): Result<number> {
  const members = spec.members.map((member) => member.name);
  const index = members.findIndex((each) => each === name);
  if (index >= 0) return ok(index);
  const near = nearest(name, members);
  return err(
    problems.memberNotInSpec({ name, members, ...(near === undefined ? {} : { nearest: near }) }),
  );
}

function parseMember(added: NewMember, path: string): Result<MemberSpec> {
  const name = parseName(added.name, `${path}.name`);
  if (!name.ok) return name;
  const host = added.host === undefined ? ok(hostOf(name.value)) : parseHost(added.host, path);
  if (!host.ok) return host;
  const peerURLs =
    added.peerURLs === undefined
      ? ok(undefined)
      : parsePeerURLs(added.peerURLs, `${path}.peerURLs`);
  if (!peerURLs.ok) return peerURLs;
  return ok({
    name: name.value,
    host: host.value,
    ...(peerURLs.value === undefined ? {} : { peerURLs: peerURLs.value }),
    start: added.start ?? 'quorate',
  });
}

function parseName(text: string, path: string): Result<MemberName> {
  const name = parseMemberName(text);
  if (name.ok) return name;
  return err(problems.badName({ path, found: JSON.stringify(text), allowed: name.error }));
}

function parseHost(text: string, path: string): Result<HostName> {
  const host = parseHostName(text);
  if (host.ok) return host;
  return err(
    problems.badName({ path: `${path}.host`, found: JSON.stringify(text), allowed: host.error }),
  );
}

function parsePeerURLs(urls: readonly string[], path: string): Result<readonly PeerURL[]> {
  if (urls.length === 0) {
    const allowed = 'at least one peer URL';
    return err(problems.missingField({ path, found: 'an empty list', allowed }));
  }
  const parsed: PeerURL[] = [];
  for (const [i, text] of urls.entries()) {
    const url = parsePeerURL(text);
    if (!url.ok) {
      const found = JSON.stringify(text);
      return err(problems.badURL({ path: `${path}[${i}]`, found, allowed: url.error }));
    }
    parsed.push(url.value);
  }
  return ok(parsed);
}

const tooMany = (members: number): Problem =>
  problems.tooManyMembers({
    path: 'spec.members',
    found: `${members} members`,
    allowed: `1 to ${VOTERS_MAX} members`,
  });

const badSize = (size: number): Problem =>
  size > VOTERS_MAX
    ? tooMany(size)
    : problems.noMembers({
        path: 'spec.members',
        found: `${size} members`,
        allowed: `1 to ${VOTERS_MAX} members`,
      });
