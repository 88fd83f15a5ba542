import { type Standing, labelOf, sameURLs } from '../../cluster/index.js';
import { stepOf } from '../make.js';
import type { Plan } from '../plan-types.js';
import type { Rule, View } from '../view.js';

/**
 * A member that listens where the spec wants it already is registered there at once. One that does not is moved by
 * roll-out-changes: registered, and restarted before the next is (etcd-facts 5.7).
 */
export const updatePeerURLs: Rule = (view) => {
  for (const member of view.standing.standings) {
    if (isMoved(view, member) && !listensElsewhere(member)) return updateStep(view, member);
  }
  return undefined;
};

/** The spec wants it at other addresses than it is registered with. */
export const isMoved = (view: View, member: Standing): boolean =>
  member.wanted !== undefined &&
  view.guards.isVoter(member) &&
  !sameURLs(member.wanted.peerURLs, member.member.peerURLs);

/** Its process does not listen where the spec wants it. */
export const listensElsewhere = ({ wanted, sight }: Standing): boolean =>
  wanted !== undefined &&
  sight?.process.kind === 'running' &&
  sight.process.flags['listen-peer-urls'] !== wanted.flags['listen-peer-urls'];

export const updateStep = (view: View, { member, wanted }: Standing): Plan =>
  stepOf(
    view,
    {
      kind: 'update-peer-urls',
      member: member.id,
      name: labelOf(member),
      peerURLs: wanted?.peerURLs ?? member.peerURLs,
    },
    'peer-urls-differ',
  );
