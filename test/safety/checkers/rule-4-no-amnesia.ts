import type { Decision, Effect, Violation } from './decision.js';
import { addressedHost, hasStarted, homeOf, nameOf } from './facts.js';

/**
 * Rule 4: a member that had started never starts again on an empty data directory. Decided: no `restart` where there is
 * no log, and no `join` as a member that once had one.
 */
export function checkNoAmnesiaDecided({ plan, world }: Decision): readonly Violation[] {
  const { step } = plan;
  if (step.kind !== 'start-member' || step.launch.purpose === 'birth') return [];
  const host = world.hosts.find((candidate) => candidate.host === step.host);
  if (host?.data.kind === 'present') return [];
  if (step.launch.purpose === 'restart') {
    return [{ rule: 4, what: `${step.host} is restarted without a log` }];
  }
  const forgotten = world.members.find(
    (member) =>
      hasStarted(member) &&
      homeOf(world, member.id) === undefined &&
      addressedHost(world, member)?.host === step.host,
  );
  return forgotten === undefined
    ? []
    : [
        {
          rule: 4,
          what: `${forgotten.name} had started and joins again as itself without its log`,
        },
      ];
}

/** Landed: an identity that once had a log has a new, empty one. */
export function checkNoAmnesiaLanded({
  before,
  after,
  step,
  outcome,
}: Effect): readonly Violation[] {
  if (outcome !== 'applied' || step.kind !== 'start-member') return [];
  const was = before.hosts.find(({ host }) => host === step.host);
  const is = after.hosts.find(({ host }) => host === step.host);
  if (was?.data.kind === 'present' || is?.data.kind !== 'present') return [];
  const { memberID } = is.data;
  const member = before.members.find(({ id }) => id === memberID);
  if (member === undefined) return [];
  // At a birth the list names members before they run; who published where its clients go has run.
  const hadLog =
    step.launch.purpose === 'birth' ? member.clientURLs.length > 0 : hasStarted(member);
  return hadLog
    ? [{ rule: 4, what: `${nameOf(before, memberID)} started with an empty log under its old id` }]
    : [];
}
