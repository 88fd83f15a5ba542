import type { ClusterID, MemberID } from '../../../src/base/index.js';
import type { HostSight, Member, Observation } from '../../../src/core/cluster/index.js';
import type { Names } from './names.js';

/**
 * What an observation shows, in lines that can be compared: ids by their labels, no times, no indices, and not which
 * of several able members leads.
 */
export function pictureOf(
  seen: Observation,
  clusterID: ClusterID | undefined,
  names: Names,
  side: 'inModel' | 'inEtcd',
): string {
  const list = (members: readonly Member[]): string =>
    members
      .map((member) => {
        const word = [member.isLearner ? 'learner' : '', member.name === '' ? 'unstarted' : '']
          .filter((text) => text !== '')
          .join(' ');
        const label = names.labelOf(side, member.id);
        return word === '' ? label : `${label} (${word})`;
      })
      .sort()
      .join(', ');
  const { memberList } = seen;
  const listed = memberList.kind === 'unseen' ? [] : memberList.members;
  /** One that was removed a moment ago is followed until the election. */
  const leads = (id: MemberID | undefined): string => {
    if (id === undefined) return 'without a leader';
    return listed.some((member) => member.id === id && !member.isLearner)
      ? 'with a leader'
      : 'with a leader that is no member';
  };
  const host = ({ host: name, process, data, peer, status }: HostSight): string => {
    const stored =
      data.kind !== 'present'
        ? `data ${data.kind}`
        : data.clusterID === clusterID
          ? `data of ${names.labelOf(side, data.memberID)}`
          : 'data of another cluster';
    const copy =
      peer.kind === 'silent'
        ? []
        : [peer.clusterID === clusterID ? `knows ${list(peer.members)}` : 'is of another cluster'];
    const answers =
      status.kind === 'silent'
        ? []
        : [`answers as ${status.isLearner ? 'learner' : 'voter'} ${leads(status.leader)}`];
    return [`${name} ${process.kind}`, stored, ...copy, ...answers].join(', ');
  };
  return [
    `list ${memberList.kind}${memberList.kind === 'unseen' ? '' : `: ${list(listed)}`}`,
    ...seen.hosts.map(host).sort((a, b) => (a < b ? -1 : 1)),
  ].join('\n');
}

/** The lines of one picture that the other has not. */
export function differenceOf(model: string, etcd: string): string {
  const inModel = model.split('\n');
  const inEtcd = etcd.split('\n');
  return [
    ...inModel.filter((line) => !inEtcd.includes(line)).map((line) => `model: ${line}`),
    ...inEtcd.filter((line) => !inModel.includes(line)).map((line) => `etcd:  ${line}`),
  ].join('\n');
}
