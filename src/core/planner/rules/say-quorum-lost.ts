import type { Standing } from '../../cluster/index.js';
import { elapsedMs } from '../elapsed.js';
import { ELECTING_MAX_MS, STARTING_MAX_MS } from '../guards.js';
import { blockedBy, waitFor } from '../make.js';
import { noLeader, quorumLost } from '../problems.js';
import type { Plan } from '../plan-types.js';
import { unseenHost } from '../unseen.js';
import { type Rule, type View, sightOf } from '../view.js';

/**
 * Without a list read through quorum nothing about membership is decided. Either enough voters may still come back
 * (wait, and say for what), or they cannot (quorum is lost: say so, touch nothing).
 */
export const sayQuorumLost: Rule = (view) => {
  if (view.guards.listIsLinearizable(view.observation)) return undefined;
  const { standing } = view;
  if (standing.listKind === 'unseen') return withoutAnyList(view);
  const mayComeBack = standing.voters.filter(canComeBack);
  if (mayComeBack.length >= standing.quorum) return waitForThem(view, mayComeBack);
  const named = (voters: readonly Standing[]) =>
    voters.map(({ member, sight }) =>
      member.name === '' ? (sight?.host ?? member.id) : member.name,
    );
  return blockedBy(
    quorumLost({
      cluster: view.target.name,
      voters: standing.voters.length,
      quorum: standing.quorum,
      healthy: standing.healthyVoters.length,
      withData: named(standing.voters.filter(({ sight }) => sight?.data.kind === 'present')),
      lost: named(standing.voters.filter(({ dataLost }) => dataLost)),
      unseen: named(standing.voters.filter(({ sight }) => sight?.data.kind === 'unseen')),
    }),
  );
};

const canComeBack = ({ sight, dataLost }: Standing): boolean => !dataLost && sight !== undefined;

function waitForThem(view: View, voters: readonly Standing[]): Plan {
  // They have a leader: it is our question for the list that found no answer.
  if (view.standing.leader !== undefined) {
    return waitFor('linearizable-member-list', 'member-list-unseen');
  }
  const running = voters.flatMap(({ sight }) =>
    sight?.process.kind === 'running' ? [elapsedMs(sight.process.startedAt, view.now)] : [],
  );
  const forMs = running.length === 0 ? 0 : Math.min(...running);
  const { leaderlessSince } = view.lately ?? {};
  const leaderlessMs = leaderlessSince === undefined ? forMs : elapsedMs(leaderlessSince, view.now);
  const stopped = voters.find(({ sight }) => sight?.process.kind === 'stopped');
  const exit =
    stopped?.sight?.process.kind === 'stopped' ? stopped.sight.process.lastExit : undefined;
  if (running.length < view.standing.quorum && exit !== undefined) return blockedBy(exit.problem);
  if (
    running.length >= view.standing.quorum &&
    forMs > STARTING_MAX_MS &&
    leaderlessMs > ELECTING_MAX_MS
  ) {
    return blockedBy(
      noLeader({
        cluster: view.target.name,
        running: running.length,
        voters: view.standing.voters.length,
        forMs,
      }),
    );
  }
  return waitFor('leader', 'no-leader-yet');
}

/**
 * Not even a peer port gave a list: judge by the hosts alone, those outside the spec too. Who is empty may have lost its
 * data or never have been a member, and who was not seen may have all of it; so it is called lost only when no host can
 * hold anything.
 */
function withoutAnyList(view: View): Plan | undefined {
  if (view.record.clusterID === undefined) return undefined;
  const cluster = view.target.name;
  const wanted = view.target.members.map((member) => sightOf(view, member));
  const others = view.observation.hosts.filter(
    ({ host }) => !wanted.some((sight) => sight.host === host),
  );
  const sights = [...wanted, ...others];
  if (sights.every(({ data }) => data.kind === 'empty')) {
    return blockedBy(
      quorumLost({
        cluster,
        voters: wanted.length,
        quorum: Math.floor(wanted.length / 2) + 1,
        healthy: 0,
        withData: [],
        lost: wanted.map(({ host }) => host),
        unseen: [],
      }),
    );
  }
  for (const { process, data } of sights) {
    if (data.kind === 'present' && process.kind === 'stopped' && process.lastExit !== undefined) {
      return blockedBy(process.lastExit.problem);
    }
  }
  for (const { host, process } of sights) {
    if (process.kind !== 'unseen') continue;
    return waitFor('host', 'host-unseen', {
      problem: unseenHost(view, host, process.because),
    });
  }
  return waitFor('linearizable-member-list', 'member-list-unseen');
}
