import type { ConsumerSight, HostSight, Member, Observation } from '../../../cluster/index.js';
import { labelOf, leaderOf } from '../../../cluster/index.js';

/** What was seen, in two or three lines: the list with its leader, and every host in a few words. */
export function sayObservation(seen: Observation): string {
  const leader = leaderOf(seen);
  const { memberList } = seen;
  const members = memberList.kind === 'unseen' ? [] : memberList.members;
  const listed = members.map((member) => sayMember(member, leader)).join(' ');
  return [
    `list      ${memberList.kind}${listed === '' ? '' : `: ${listed}`}`,
    ...seen.hosts.map((sight) => `${sight.host.padEnd(10)}${sayHost(sight)}`),
    ...(seen.consumers ?? []).map((sight) => `consumer  ${sayConsumer(sight)}`),
  ].join('\n');
}

const sayMember = (member: Member, leader: string | undefined): string =>
  labelOf(member) + (member.isLearner ? '(learner)' : member.id === leader ? '(leader)' : '');

function sayHost({ process, data, gateway, peer, status }: HostSight): string {
  const stored = data.kind === 'present' ? `data of ${data.memberID}` : `data ${data.kind}`;
  const answers =
    status.kind === 'answered' ? 'answers' : peer.kind === 'answered' ? 'peer port answers' : '';
  const forwards = gateway === undefined ? '' : `gateway ${gateway.kind}`;
  return [process.kind, stored, forwards, answers].filter((text) => text !== '').join(', ');
}

function sayConsumer(sight: ConsumerSight): string {
  if (sight.kind !== 'seen') return `${sight.id} ${sight.kind}`;
  const { id, names, link } = sight;
  const well = link.kind === 'connected' ? `connected to ${link.to.length}` : link.kind;
  return `${id} names ${names.join(' ')}, ${well}`;
}
