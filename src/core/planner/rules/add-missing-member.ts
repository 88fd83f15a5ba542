import { type HostSight, type TargetMember, VOTERS_MAX, marginOf } from '../../cluster/index.js';
import { connectedAt } from '../guards.js';
import { alarmedBy } from '../alarmed-by.js';
import { blockedBy, stepOf, waitFor } from '../make.js';
import { hostInUse, noSpace } from '../problems.js';
import type { Plan } from '../plan-types.js';
import { unseenHost } from '../unseen.js';
import { type Rule, type View, sightOf } from '../view.js';

/** A wanted member that the list does not have is registered as a learner; it is started and promoted after that. */
export const addMissingMember: Rule = (view) => {
  const { standing, target, guards, now } = view;
  const missing = target.members.find((member) => !isListed(view, member));
  if (missing === undefined) return undefined;
  if (standing.standings.length >= VOTERS_MAX) return undefined;
  if (standing.alarms.some(({ alarm }) => alarm === 'NOSPACE') && !raisesMargin(standing)) {
    return blockedBy(noSpace({ cluster: target.name, members: alarmedBy(view, 'NOSPACE') }));
  }
  if (!guards.noLearnerYet(standing)) return waitFor('learner-in-sync', 'learner-catching-up');
  if (!guards.connectedLongEnough(standing, now, view.lately)) {
    return waitFor('etcd-health-interval', 'members-not-connected-long-enough', {
      until: connectedAt(standing, view.now, view.lately),
    });
  }
  const refusal = missing.byHand ? undefined : refuseUsedHost(view, sightOf(view, missing));
  if (refusal !== undefined) return refusal;
  return stepOf(
    view,
    {
      kind: 'add-learner',
      name: missing.name,
      host: missing.host,
      peerURLs: missing.peerURLs,
    },
    'below-wanted-size',
  );
};

/** From an even number of voters the next one is the repair of a loss, from an odd one it only adds a copy. */
const raisesMargin = ({ voters }: View['standing']): boolean =>
  marginOf(voters.length + 1, voters.length + 1) > marginOf(voters.length, voters.length);

/** Registered there, the member could not start, and the cluster would wait for it. */
function refuseUsedHost(view: View, { host, process, data }: HostSight): Plan | undefined {
  const cluster = view.target.name;
  if (process.kind === 'unseen') {
    return blockedBy(unseenHost(view, host, process.because));
  }
  if (data.kind === 'unseen') {
    return blockedBy(unseenHost(view, host, data.because));
  }
  if (process.kind !== 'stopped') {
    return blockedBy(
      hostInUse({ cluster, host, because: 'A process runs there that is no member' }),
    );
  }
  return data.kind === 'empty'
    ? undefined
    : blockedBy(hostInUse({ cluster, host, because: "Data is there that is no member's" }));
}

const isListed = ({ standing }: View, wanted: TargetMember): boolean =>
  standing.standings.some(
    ({ member, sight }) =>
      sight?.host === wanted.host || member.peerURLs.some((url) => wanted.peerURLs.includes(url)),
  );
