import { stepOf, waitFor } from '../make.js';
import { hostUnseen } from '../problems.js';
import { type Rule, ours, sightOf } from '../view.js';

/** Down means every process stopped and all data kept: followers first, the leader last, so nobody campaigns in vain. */
export const stopWhenAskedDown: Rule = (view) => {
  if (view.target.state !== 'down') return undefined;
  const leaderHost = view.standing.leader?.sight?.host;
  const running = ours(view)
    .filter((member) => sightOf(view, member).process.kind === 'running')
    .sort((a, b) => Number(a.host === leaderHost) - Number(b.host === leaderHost));
  const [next] = running;
  if (next !== undefined) {
    const healthy = view.standing.healthyVoters.some(({ sight }) => sight?.host === next.host);
    return stepOf(view, { kind: 'stop-member', host: next.host, name: next.name }, 'asked-down', {
      healthy: healthy ? -1 : 0,
    });
  }
  for (const member of ours(view)) {
    const { process } = sightOf(view, member);
    if (process.kind === 'unseen') {
      const { because } = process;
      return waitFor('host', 'host-unseen', {
        problem: hostUnseen({ cluster: view.target.name, host: member.host, because }),
      });
    }
  }
  return { kind: 'converged' };
};
