import { stepOf, waitFor } from '../make.js';
import { stopGateway } from './run-gateways.js';
import { unseenHost } from '../unseen.js';
import { type Rule, nameOn, ours, sightOf } from '../view.js';

/**
 * Down means every process stopped and all data kept: followers first, the leader last, so nobody campaigns in vain.
 * Every process of the cluster, also of members that the spec does not name any more.
 */
export const stopWhenAskedDown: Rule = (view) => {
  if (view.target.state !== 'down') return undefined;
  const wanted = ours(view).map((member) => sightOf(view, member));
  const others = view.observation.hosts.filter(
    ({ host }) => !wanted.some((sight) => sight.host === host),
  );
  const hosts = [...wanted, ...others];
  // They only forward: without them nobody is kept waiting for a member that has gone.
  for (const sight of hosts) {
    const plan = stopGateway(view, sight, 'asked-down');
    if (plan !== undefined) return plan;
  }
  const leaderHost = view.standing.leader?.sight?.host;
  const [next] = hosts
    .filter(({ process }) => process.kind === 'running')
    .sort((a, b) => Number(a.host === leaderHost) - Number(b.host === leaderHost));
  if (next !== undefined) {
    const healthy = view.standing.healthyVoters.some(({ sight }) => sight?.host === next.host);
    const step = { kind: 'stop-member', host: next.host, name: nameOn(view, next) } as const;
    return stepOf(view, step, 'asked-down', { healthy: healthy ? -1 : 0 });
  }
  for (const { host, process } of hosts) {
    if (process.kind === 'unseen') {
      const { because } = process;
      return waitFor('host', 'host-unseen', {
        problem: unseenHost(view, host, because),
      });
    }
  }
  return { kind: 'converged' };
};
