import { type Problem, type Result, err, ok, unsafeBrand } from '../../base/index.js';
import { resolveTarget } from '../bootstrap/index.js';
import {
  type ClusterName,
  type ClusterRecord,
  type ClusterToken,
  type EtcdVersion,
  type HostAddresses,
  type Member,
  SUPPORTED_MINORS,
  type StartFlags,
  differingFlags,
  labelOf,
  minorOf,
  parseClientURL,
  parseMemberName,
  parsePeerURL,
} from '../cluster/index.js';
import {
  type ClusterSpec,
  type MemberSpec,
  type SSHOptions,
  readFlags,
  whyReserved,
} from '../spec/index.js';
import { type FoundMember, findMembers } from './find-members.js';
import { readTLS } from './read-tls.js';
import {
  authOn,
  contradiction,
  flagUnfit,
  memberUnready,
  membersUnlike,
  nameUnfit,
  versionUnfit,
} from './problems.js';
import { settledFlags } from './settled-flags.js';
import type { ClusterSighting, HostSighting } from './sights.js';

export interface AdoptionInput {
  /** Our name for it. */
  readonly name: ClusterName;
  /** How this seat logs in to its hosts. */
  readonly ssh: SSHOptions;
  readonly cluster: ClusterSighting;
  readonly hosts: readonly HostSighting[];
}

/** A spec and a record under which there is nothing to do. */
export interface Adoption {
  readonly spec: ClusterSpec;
  readonly record: ClusterRecord;
  /** What a person should know, one sentence each. */
  readonly notes: readonly string[];
}

/** etcd's own, where nobody gave one. It is read at a birth alone. */
const USUAL_TOKEN = 'etcd-cluster';

/**
 * The spec and the record of a running cluster. Every problem at once; without one, the flags that a spec amounts to are
 * exactly those that run, so that the plan for it is empty.
 */
export function adoptionOf(input: AdoptionInput): Result<Adoption, readonly Problem[]> {
  const { name, ssh, cluster, hosts } = input;
  const { members, clusterID } = cluster.membership;
  const problems: Problem[] = [];
  for (const member of members) {
    const unready = unreadiness(name, member, cluster);
    if (unready !== undefined) problems.push(unready);
  }
  const version = versionOf(name, cluster);
  if (!version.ok) return err([...problems, ...version.error]);
  const certificate = cluster.seat?.cert;
  if (cluster.authOn === true && certificate === undefined)
    problems.push(authOn({ cluster: name }));
  const found = findMembers(name, cluster.membership, hosts, version.value);
  problems.push(...found.problems);

  for (const each of found.members) problems.push(...contradictionsOf(each));
  const extra = sharedExtras(found.members, version.value);
  problems.push(...extra.problems);
  const tls = readTLS(name, found.members, cluster);
  if (!tls.ok) problems.push(...tls.error);
  for (const each of found.members) problems.push(...unsayable(each));
  if (problems.length > 0 || !tls.ok) return err(problems);

  const specMembers = found.members.flatMap(({ member, host }): readonly MemberSpec[] => {
    const parsed = parseMemberName(member.name);
    if (parsed.ok) return [{ name: parsed.value, host, start: 'quorate' }];
    const what = 'the name of a member';
    problems.push(nameUnfit({ what, found: member.name, allowed: parsed.error }));
    return [];
  });
  const record = recordOf(name, version.value, clusterID, found.members);
  if (!record.ok) return err([...problems, ...record.error]);
  const spec: ClusterSpec = {
    name,
    version: version.value,
    bootstrap: { kind: 'static' },
    driver: { kind: 'ssh', options: ssh },
    members: specMembers,
    ...(specMembers.length % 2 === 0 ? { allowEvenSize: true } : {}),
    etcd: extra.etcd,
    tls: tls.value,
    proxies: [],
    consumers: [],
  };
  problems.push(...differences(spec, record.value, found.members));
  return problems.length > 0
    ? err(problems)
    : ok({ spec, record: record.value, notes: notesOf(input, found.members) });
}

/** A member that is not well, or not yet one, would be the first thing to do. */
function unreadiness(
  cluster: string,
  member: Member,
  { statuses }: ClusterSighting,
): Problem | undefined {
  const label = labelOf(member);
  if (member.name === '') {
    const because = 'is registered and has never started';
    const then = `Start it, or take it out:\n  quorate member remove ${member.id} --endpoints …`;
    return memberUnready({ cluster, member: label, because, then });
  }
  if (member.isLearner) {
    const then = `Promote it, or take it out:\n  quorate member promote ${label} --endpoints …`;
    return memberUnready({ cluster, member: label, because: 'is a learner', then });
  }
  const status = statuses.get(member.id);
  if (status?.kind === 'answered' && status.memberID === member.id && status.leader !== undefined)
    return undefined;
  const said =
    status?.kind === 'silent'
      ? `does not answer (${status.because})`
      : status === undefined
        ? 'advertises no client URL'
        : status.memberID === member.id
          ? 'knows no leader'
          : `is not who answers there: that is ${status.memberID}`;
  const at = member.clientURLs.length === 0 ? '' : ` at ${member.clientURLs.join(', ')}`;
  const then = 'Mend it first; adopted is a cluster that is well, at URLs that reach it from here.';
  return memberUnready({ cluster, member: label, because: `${said}${at}`, then });
}

function versionOf(
  cluster: string,
  { statuses }: ClusterSighting,
): Result<EtcdVersion, readonly Problem[]> {
  const versions = [...statuses.values()].flatMap((status) =>
    status.kind === 'answered' ? [status.version] : [],
  );
  const distinct = [...new Set(versions)].sort();
  const [only] = distinct;
  // Nobody answered: that is told already, member by member.
  if (only === undefined) return err([]);
  const isKnown = SUPPORTED_MINORS.some((minor) => minor === minorOf(only));
  if (distinct.length === 1 && isKnown) return ok(only);
  return err([versionUnfit({ cluster, found: distinct, supported: SUPPORTED_MINORS })]);
}

/** What the member list and the flags say of one member has to be one thing. */
function contradictionsOf({ host, member, process, sorted }: FoundMember): readonly Problem[] {
  const { own } = sorted;
  const found: Problem[] = [];
  const compare = (what: string, listed: string, runs = ''): void => {
    if (listed === runs) return;
    const says = `${listed}, by the member list`;
    found.push(contradiction({ host, what, says, runs: `${runs}, by its flags` }));
  };
  compare('its name', member.name, own['name']);
  compare('its client URLs', [...member.clientURLs].sort().join(','), own['advertise-client-urls']);
  const { config, changedFiles } = process;
  if (config !== undefined && changedFiles.length > 0) {
    const what = 'its configuration file was changed after it started';
    const says = changedFiles.join(', ');
    found.push(contradiction({ host, what, says, runs: 'what stood there before' }));
  }
  return found;
}

/** Flags for `spec.etcd`: those that all members have alike. */
function sharedExtras(
  members: readonly FoundMember[],
  version: EtcdVersion,
): { readonly etcd: ClusterSpec['etcd']; readonly problems: readonly Problem[] } {
  const names = new Set(members.flatMap(({ sorted }) => Object.keys(sorted.extra)));
  const problems: Problem[] = [];
  const etcd: Record<string, string> = {};
  for (const flag of [...names].sort()) {
    const values = members.map(({ sorted }) => sorted.extra[flag]);
    const [first] = values;
    if (first !== undefined && values.every((value) => value === first)) etcd[flag] = first;
    else {
      const found = members.map(
        ({ host }, i) => `${host}: ${values[i] === undefined ? 'not given' : values[i]}`,
      );
      problems.push(membersUnlike({ flag, found }));
    }
  }
  problems.push(...readFlags(minorOf(version), etcd).problems);
  return { etcd: Object.fromEntries(Object.entries(etcd).map(plainValue)), problems };
}

/** `true` and `100` as a person would write them. */
const plainValue = ([flag, text]: [string, string]): [string, string | number | boolean] => [
  flag,
  text === 'true' || text === 'false'
    ? text === 'true'
    : /^(0|[1-9]\d{0,14})$/.test(text)
      ? Number(text)
      : text,
];

/** What is neither certificates nor a flag that a spec may set. */
function unsayable({ host, sorted }: FoundMember): readonly Problem[] {
  return Object.entries(sorted.reserved).flatMap(([flag, runs]) =>
    SAID_BY_TLS.has(flag)
      ? []
      : [
          flagUnfit({
            host,
            flag,
            runs,
            wanted: '',
            because: `A spec cannot say it: ${whyReserved(flag) ?? ''}.`,
          }),
        ],
  );
}

const SAID_BY_TLS: ReadonlySet<string> = new Set([
  'cert-file',
  'key-file',
  'trusted-ca-file',
  'client-cert-auth',
  'peer-cert-file',
  'peer-key-file',
  'peer-trusted-ca-file',
  'peer-client-cert-auth',
]);

function recordOf(
  name: ClusterName,
  version: EtcdVersion,
  clusterID: ClusterSighting['membership']['clusterID'],
  members: readonly FoundMember[],
): Result<ClusterRecord, readonly Problem[]> {
  const problems: Problem[] = [];
  const addresses: Record<string, HostAddresses> = {};
  for (const { host, member, process, sorted, dataDir } of members) {
    const { own } = sorted;
    const read = <T>(urls: readonly string[], parse: (text: string) => Result<T, string>) =>
      urls.flatMap((url) => {
        const parsed = parse(url);
        if (parsed.ok) return [parsed.value];
        const what = `a URL of ${labelOf(member)}`;
        problems.push(nameUnfit({ what, found: url, allowed: parsed.error }));
        return [];
      });
    addresses[host] = {
      peerURLs: read(member.peerURLs, parsePeerURL),
      clientURLs: read(member.clientURLs, parseClientURL),
      listenPeerURLs: listOf(own['listen-peer-urls']),
      listenClientURLs: listOf(own['listen-client-urls']),
      listenMetricsURLs: listOf(own['listen-metrics-urls']),
      dataDir,
      adopted: process.keeper.kind === 'unit' ? { unit: process.keeper.unit } : {},
    };
  }
  if (problems.length > 0) return err(problems);
  const tokens = members.flatMap(({ given }) => given['initial-cluster-token'] ?? []);
  return ok({
    formatVersion: 1,
    name,
    token: unsafeBrand<ClusterToken>(tokens[0] ?? USUAL_TOKEN),
    clusterID,
    version,
    issuedNew: members.map(({ host }) => host),
    addresses,
    retire: [],
  });
}

const listOf = (flag: string | undefined): readonly string[] =>
  (flag ?? '').split(',').filter((url) => url !== '');

/** What a plan would find to do: nothing may be left. */
function differences(
  spec: ClusterSpec,
  record: ClusterRecord,
  members: readonly FoundMember[],
): readonly Problem[] {
  const target = resolveTarget({ spec, record, state: 'up', firstLife: 'plain', retire: [] });
  if (!target.ok) return target.error;
  return members.flatMap(({ host, given, dataDir }) => {
    const runs: StartFlags = { ...settledFlags(given, record.version), 'data-dir': dataDir };
    const wanted = target.value.members.find((member) => member.host === host)?.flags ?? {};
    return differingFlags(runs, wanted).map((flag) =>
      flagUnfit({
        host,
        flag,
        runs: runs[flag] ?? '',
        wanted: wanted[flag] ?? 'nothing',
        because: '',
      }),
    );
  });
}

function notesOf({ cluster }: AdoptionInput, members: readonly FoundMember[]): readonly string[] {
  const notes = members.flatMap(({ host, process, dataDir }) => {
    const { keeper, changedFiles } = process;
    const isUnit = keeper.kind === 'unit';
    const by = isUnit ? `run by ${keeper.unit}` : 'started by hand';
    const boot = isUnit ? `${keeper.unit} does not start at boot` : 'nothing starts it at boot';
    return [
      `${host}: ${by} as user ${process.user}, data in ${dataDir}; our unit takes over at the next start that a change needs.`,
      ...(isUnit && keeper.atBoot ? [] : [`${host}: ${boot}; ours will, once it has taken over.`]),
      ...changedFiles.map(
        (file) => `${host}: ${file} was changed after etcd started; what runs is what was read.`,
      ),
    ];
  });
  const auth =
    cluster.authOn === undefined
      ? ['Whether it asks for users (auth) could not be known: etcd tells since 3.5.']
      : [];
  return [...notes, ...auth];
}
