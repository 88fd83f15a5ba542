import type { Decision, Violation } from './decision.js';
import { knownWell, nameOf } from './facts.js';

/**
 * Rule 9: a voter that lives is removed only when no consumer of the spec names it any more, whether we reach that consumer
 * now or not. One that is down serves nobody, and its removal waits for nobody.
 */
export function checkConsumersFirst({ plan, world }: Decision): readonly Violation[] {
  const { step } = plan;
  if (step.kind !== 'remove-member') return [];
  const leaving = knownWell(world).find(({ id }) => id === step.member);
  if (leaving === undefined) return [];
  return (world.consumers ?? [])
    .filter(({ names }) => leaving.clientURLs.some((url) => names.includes(url)))
    .map(({ id }) => ({
      rule: 9,
      what: `${nameOf(world, step.member)} is removed while it lives and ${id} names it`,
    }));
}
