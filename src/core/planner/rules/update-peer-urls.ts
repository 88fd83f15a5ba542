import { unsafeBrand } from '../../../base/index.js';
import { type PeerURL, type Standing, labelOf, sameURLs } from '../../cluster/index.js';
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

/**
 * All others have certificates and are registered with https, and this one is next. It cannot dial them; they post to it where it
 * is registered, and from the moment in which that is https nothing reaches it. Whoever writes through it then waits in vain,
 * so that it stops first, is registered while it is down, and starts with certificates.
 */
export function isLastInPlainText(view: View, member: Standing): boolean {
  const { voters } = view.standing;
  const others = voters.filter((voter) => voter.member.id !== member.member.id);
  return (
    others.length > 0 &&
    isMoved(view, member) &&
    sameURLs(member.wanted?.peerURLs ?? [], member.member.peerURLs.map(withHTTPS)) &&
    others.every(
      (other) =>
        !isMoved(view, other) &&
        !listensElsewhere(other) &&
        other.member.peerURLs.every((url) => url.startsWith('https:')),
    )
  );
}

const withHTTPS = (url: PeerURL): PeerURL => unsafeBrand<PeerURL>(url.replace(/^http:/, 'https:'));

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
