import { type TargetMember, VOTERS_MAX } from '../../cluster/index.js';
import { connectedAt } from '../guards.js';
import { blockedBy, stepOf, waitFor } from '../make.js';
import { hostUnseen, noSpace } from '../problems.js';
import { type Rule, type View, sightOf } from '../view.js';

/** A wanted member that the list does not have is registered as a learner; it is started and promoted after that. */
export const addMissingMember: Rule = (view) => {
  const { standing, target, guards, now } = view;
  const missing = target.members.find((member) => !isListed(view, member));
  if (missing === undefined) return undefined;
  if (standing.standings.length >= VOTERS_MAX) return undefined;
  const full = alarmed(view);
  if (full.length > 0) return blockedBy(noSpace({ cluster: target.name, members: full }));
  if (!guards.noLearnerYet(standing)) return waitFor('learner-in-sync', 'learner-catching-up');
  if (!guards.connectedLongEnough(standing, now)) {
    return waitFor('etcd-health-interval', 'members-not-connected-long-enough', {
      until: connectedAt(standing),
    });
  }
  const { process, data } = sightOf(view, missing);
  if (!missing.byHand && (process.kind !== 'stopped' || data.kind !== 'empty')) {
    const because =
      process.kind === 'running'
        ? 'a process still runs there that is no member'
        : process.kind === 'unseen'
          ? process.because
          : 'its data was not seen to be empty';
    return blockedBy(hostUnseen({ cluster: target.name, host: missing.host, because }));
  }
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

const isListed = ({ standing }: View, wanted: TargetMember): boolean =>
  standing.standings.some(
    ({ member, sight }) =>
      sight?.host === wanted.host || member.peerURLs.some((url) => wanted.peerURLs.includes(url)),
  );

const alarmed = ({ standing }: View): readonly string[] =>
  standing.standings.flatMap(({ member, sight }) =>
    sight?.status.kind === 'answered' &&
    sight.status.errors.some((text) => text.includes('NOSPACE'))
      ? [member.name]
      : [],
  );
