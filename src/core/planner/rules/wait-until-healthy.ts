import { type Standing, labelOf } from '../../cluster/index.js';
import { elapsedMs } from '../elapsed.js';
import { STARTING_MAX_MS } from '../guards.js';
import { blockedBy, waitFor } from '../make.js';
import type { Plan } from '../plan-types.js';
import { corruptData, memberUnhealthy, unreadableData } from '../problems.js';
import { unseenHost } from '../unseen.js';
import type { Rule, View } from '../view.js';

/** Nothing elective begins while a voter is unwell; what is wrong with it is the answer. */
export const waitUntilHealthy: Rule = (view) => {
  if (view.guards.votersHealthy(view.standing)) return undefined;
  const [sick] = view.standing.voters.filter(({ healthy }) => !healthy);
  return sick === undefined ? undefined : explain(view, sick);
};

function explain(view: View, sick: Standing): Plan | undefined {
  const cluster = view.target.name;
  const process = sick.sight?.process;
  // Why its process ended is old news when it cannot be started for another reason.
  if (process?.kind === 'stopped' && sick.sight?.data.kind === 'unreadable') {
    const { host, data } = sick.sight;
    return blockedBy(unreadableData({ cluster, host, because: data.problem.detail }));
  }
  if (isCorrupt(view, sick)) {
    return blockedBy(corruptData({ cluster, members: [labelOf(sick.member)] }));
  }
  switch (process?.kind) {
    case undefined:
      // In the list and nowhere to be seen: refuse-unusable-hosts tells who that is.
      return undefined;
    case 'running': {
      const forMs = elapsedMs(process.startedAt, view.now);
      if (forMs <= STARTING_MAX_MS) return waitFor('member-healthy', 'member-starting');
      const saw = sawOf(sick);
      return blockedBy(memberUnhealthy({ cluster, member: labelOf(sick.member), forMs, saw }));
    }
    case 'stopped':
      return process.lastExit === undefined || process.lastExit.reason === 'asked'
        ? waitFor('member-healthy', 'voter-not-healthy')
        : blockedBy(process.lastExit.problem);
    case 'by-hand':
      return waitFor('a-person', 'started-by-hand');
    case 'unseen':
      return blockedBy(unseenHost(view, sick.sight?.host ?? '', process.because));
  }
}

const isCorrupt = ({ standing }: View, { member }: Standing): boolean =>
  standing.alarms.some((own) => own.alarm === 'CORRUPT' && own.member === member.id);

function sawOf({ sight }: Standing): string {
  if (sight?.status.kind !== 'answered') return `no answer (${sight?.status.because ?? 'unseen'})`;
  const { leader, errors } = sight.status;
  if (leader === undefined) return 'it knows no leader';
  return errors.length > 0 ? errors.join('; ') : 'it follows another leader than the rest';
}
