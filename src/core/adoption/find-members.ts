import type { Problem } from '../../base/index.js';
import {
  type EtcdVersion,
  type HostName,
  type Member,
  type Membership,
  type StartFlags,
  labelOf,
  minorOf,
} from '../cluster/index.js';
import {
  contradiction,
  dataUnfit,
  fileClosed,
  hostMissing,
  hostUnread,
  noMemberHere,
  notOursToStop,
  severalMembers,
} from './problems.js';
import { flagsOfProcess } from './process-flags.js';
import { type SortedFlags, sortedFlags } from './settled-flags.js';
import type { EtcdSighting, HostSighting } from './sights.js';

/** A member of the list and the process that is it. */
export interface FoundMember {
  readonly member: Member;
  readonly host: HostName;
  readonly process: EtcdSighting;
  /** As it was started. */
  readonly given: StartFlags;
  readonly sorted: SortedFlags;
  readonly dataDir: string;
}

export interface FoundMembers {
  /** In the order of their names. */
  readonly members: readonly FoundMember[];
  readonly problems: readonly Problem[];
}

/** Who runs members on a host of ours. */
const USER = 'etcd';
/** Where data do not outlast a boot, or our unit does not see them. */
const PASSING = ['/tmp', '/var/tmp', '/dev', '/run', '/proc', '/sys'];

/** Joins members and hosts by the identity in the logs: addresses can be wrong, a log cannot. */
export function findMembers(
  cluster: string,
  { members, clusterID }: Membership,
  hosts: readonly HostSighting[],
  version: EtcdVersion,
): FoundMembers {
  const problems: Problem[] = [];
  const found: FoundMember[] = [];
  for (const sighting of hosts) {
    if (sighting.kind === 'unseen') {
      problems.push(sighting.problem);
      continue;
    }
    const { host, processes } = sighting;
    const own = processes.filter(({ identity }) => identity?.clusterID === clusterID);
    const [process, ...more] = own;
    if (process === undefined) {
      const what = processes.map(inWords);
      problems.push(noMemberHere({ host, cluster, clusterID, found: what }));
      continue;
    }
    if (more.length > 0) {
      problems.push(severalMembers({ host, cluster, found: own.map(inWords) }));
      continue;
    }
    const member = members.find(({ id }) => id === process.identity?.memberID);
    if (member === undefined) {
      const what = `its log is of member ${process.identity?.memberID ?? ''}`;
      const says = `${what}, which runs`;
      problems.push(
        contradiction({ host, what, says, runs: 'the member list has no such member' }),
      );
      continue;
    }
    const given = flagsOfProcess(process, minorOf(version));
    if (!given.ok) {
      problems.push(hostUnread({ host, because: `Of process ${process.pid}: ${given.error}.` }));
      continue;
    }
    const sorted = sortedFlags(given.value, version);
    const data = dataOf(host, process, sorted);
    problems.push(...data.problems, ...keptElsewhere(host, process));
    problems.push(...process.closedFiles.map((path) => fileClosed({ host, path, user: USER })));
    found.push({ member, host, process, given: given.value, sorted, dataDir: data.dataDir });
  }
  const isAllSeen = hosts.every(({ kind }) => kind === 'seen');
  for (const member of members) {
    const isFound = found.some((each) => each.member.id === member.id);
    // A host that could not be looked at may be its.
    if (isFound || !isAllSeen) continue;
    const { id, peerURLs } = member;
    const looked = hosts.map(({ host }) => host);
    problems.push(hostMissing({ member: labelOf(member), id, peerURLs, hosts: looked }));
  }
  const sorted = [...found].sort((a, b) => (a.member.name < b.member.name ? -1 : 1));
  return { members: sorted, problems };
}

const inWords = ({ pid, identity, dataDir }: EtcdSighting): string =>
  identity === undefined
    ? `process ${pid}, which holds no data`
    : `process ${pid}, member ${identity.memberID} of cluster ${identity.clusterID}, in ${dataDir ?? ''}`;

function keptElsewhere(host: HostName, { pid, keeper }: EtcdSighting): readonly Problem[] {
  return keeper.kind !== 'other' ? [] : [notOursToStop({ host, pid, keeper: keeper.what })];
}

/** Where the data really are, and why we could not keep them there. */
function dataOf(
  host: HostName,
  { dataDir: held = '', walDir = '', closedDirectories }: EtcdSighting,
  { own }: SortedFlags,
): { readonly dataDir: string; readonly problems: readonly Problem[] } {
  const said = own['data-dir'] ?? '';
  const problems: Problem[] = [];
  const unfit = (because: string, then = ''): void => {
    problems.push(dataUnfit({ host, dataDir: held === '' ? said : held, because, then }));
  };
  // A path that depends on where it was started is the one that it holds open.
  const isHeld = said.startsWith('/') ? plainPath(said) === held : held.endsWith(`/${said}`);
  if (!isHeld) {
    const what = 'its data directory';
    problems.push(contradiction({ host, what, says: said, runs: held }));
  }
  if (walDir !== '' && walDir !== `${held}/member/wal`) {
    unfit(`Its log is elsewhere, in ${walDir}.`, 'The log stays inside the data directory.');
  }
  if (PASSING.some((place) => held === place || held.startsWith(`${place}/`))) {
    unfit('What is there does not outlast a boot, or is not seen by a unit.');
  }
  if (!/^\/[A-Za-z0-9._/@+-]+$/.test(held))
    unfit('Its path has characters that a unit cannot say.');
  if (closedDirectories.length > 0) {
    unfit(`The user ${USER}, as whom members run, cannot pass ${closedDirectories.join(', ')}.`);
  }
  return { dataDir: held, problems };
}

/** Without what the kernel leaves out when it names an open file. */
const plainPath = (path: string): string =>
  path.replaceAll(/\/(\.?\/)+/g, '/').replace(/(.)\/\.?$/, '$1');
