import type { JsonValue } from '../../../base/index.js';
import { isStarted } from '../../../core/cluster/index.js';
import { type ListedMember, type MemberListReport, statusWord } from '../reports/member-list.js';
import type { Style } from '../io.js';
import { table } from './table.js';
import type { View } from './view.js';

/** Our own formats, and those of etcdctl, so that scripts written for it go on working. */
export const MEMBER_LIST_FORMATS = [
  'text',
  'json',
  'yaml',
  'simple',
  'table',
  'fields',
  'etcdctl-json',
] as const;
export type MemberListFormat = (typeof MEMBER_LIST_FORMATS)[number];

export const memberListView: View<MemberListReport> = {
  text: (report, style) =>
    (report.read === 'local'
      ? `${style.warn("one member's own copy, which may be old")}: no answer through quorum\n`
      : '') +
    table([
      ['ID', 'NAME', 'STATUS', 'ROLE', 'HEALTH', 'PEER', 'CLIENT'].map((word) => style.dim(word)),
      ...report.members.map((member) => [
        member.id,
        member.name === '' ? '-' : member.name,
        statusWord(member),
        report.leader === member.id ? style.bold('leader') : member.isLearner ? 'learner' : 'voter',
        healthWord(member, style),
        member.peerURLs.join(','),
        member.clientURLs.length === 0 ? '-' : member.clientURLs.join(','),
      ]),
    ]),
  data: (report) => ({
    clusterID: report.clusterID,
    read: report.read,
    members: report.members.map((member): JsonValue => ({
      id: member.id,
      name: member.name,
      started: isStarted(member),
      isLearner: member.isLearner,
      leader: report.leader === member.id,
      healthy: member.healthy ?? null,
      peerURLs: member.peerURLs,
      clientURLs: member.clientURLs,
    })),
  }),
};

function healthWord({ healthy }: ListedMember, style: Style): string {
  if (healthy === undefined) return '-';
  return healthy ? style.good('healthy') : style.bad('not healthy');
}

/** etcdctl's `simple`: one member a line, six columns. */
export const simpleList = ({ members }: MemberListReport): string =>
  members.map((member) => `${cells(member).join(', ')}\n`).join('');

const cells = (member: ListedMember): readonly string[] => [
  member.id,
  statusWord(member),
  member.name,
  member.peerURLs.join(','),
  member.clientURLs.join(','),
  String(member.isLearner),
];

/** etcdctl's `table`. */
export function tableList({ members }: MemberListReport): string {
  const head = ['ID', 'STATUS', 'NAME', 'PEER ADDRS', 'CLIENT ADDRS', 'IS LEARNER'];
  const rows = members.map(cells);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`;
  const line = (row: readonly string[], place: (text: string, width: number) => string) =>
    `|${row.map((cell, column) => ` ${place(cell, widths[column] ?? 0)} `).join('|')}|\n`;
  return rule + line(head, centred) + rule + rows.map((row) => line(row, right)).join('') + rule;
}

const right = (text: string, width: number): string => text.padStart(width);
const centred = (text: string, width: number): string =>
  text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width);

const decimal = (hex: string): string => BigInt(`0x${hex}`).toString();

/**
 * etcdctl's `fields`: one value a line, ids in decimal, an empty line after each member. As in `etcdctl-json`, the member
 * that answers for the list is the leader, whom etcd asks in any case.
 */
export function fieldsList({ clusterID, leader, raftTerm, members }: MemberListReport): string {
  const header = [
    `"ClusterID" : ${decimal(clusterID)}`,
    ...(leader === undefined ? [] : [`"MemberID" : ${decimal(leader)}`]),
    ...(raftTerm === undefined ? [] : [`"RaftTerm" : ${raftTerm}`]),
  ];
  const body = members.flatMap((member) => [
    `"ID" : ${decimal(member.id)}`,
    `"Name" : ${JSON.stringify(member.name)}`,
    ...member.peerURLs.map((url) => `"PeerURL" : ${JSON.stringify(url)}`),
    ...member.clientURLs.map((url) => `"ClientURL" : ${JSON.stringify(url)}`),
    `"IsLearner" : ${member.isLearner}`,
    '',
  ]);
  return [...header, ...body].map((line) => `${line}\n`).join('');
}

/**
 * etcdctl's `json`: one line, ids as bare 64-bit numbers, which most JSON readers round. Only for scripts that were
 * written for etcdctl; our own `json` has hex strings.
 */
export function etcdctlJson({ clusterID, leader, raftTerm, members }: MemberListReport): string {
  const list = members.map((member) => {
    const fields = [
      `"ID":${decimal(member.id)}`,
      ...(member.name === '' ? [] : [`"name":${JSON.stringify(member.name)}`]),
      `"peerURLs":${JSON.stringify(member.peerURLs)}`,
      ...(member.clientURLs.length === 0
        ? []
        : [`"clientURLs":${JSON.stringify(member.clientURLs)}`]),
      ...(member.isLearner ? ['"isLearner":true'] : []),
    ];
    return `{${fields.join(',')}}`;
  });
  const member = leader === undefined ? '' : `,"member_id":${decimal(leader)}`;
  const term = raftTerm === undefined ? '' : `,"raft_term":${raftTerm}`;
  return `{"header":{"cluster_id":${decimal(clusterID)}${member}${term}},"members":[${list.join(',')}]}\n`;
}
