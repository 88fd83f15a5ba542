import { labelOf } from '../../cluster/index.js';
import { stepOf } from '../make.js';
import type { Rule } from '../view.js';

/** The registered peer URLs change first; the member is then restarted to listen there (etcd-facts 5.7). */
export const updatePeerURLs: Rule = (view) => {
  for (const voter of view.standing.standings) {
    if (voter.wanted === undefined || !view.guards.isVoter(voter)) continue;
    const wanted = [...voter.wanted.peerURLs].sort();
    const registered = [...voter.member.peerURLs].sort();
    if (wanted.join() === registered.join()) continue;
    return stepOf(
      view,
      {
        kind: 'update-peer-urls',
        member: voter.member.id,
        name: labelOf(voter.member),
        peerURLs: voter.wanted.peerURLs,
      },
      'peer-urls-differ',
    );
  }
  return undefined;
};
