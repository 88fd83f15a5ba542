import type { Decision, Effect, Violation } from './decision.js';
import { canBeRead, nameOf } from './facts.js';

/**
 * Rule 5: data is moved aside only when a list through quorum could be read, that list does not have its member, the
 * proof says exactly that list, and no change is under way that could make it old.
 */
export function checkDataNotNeeded({ plan, world, unresolved }: Decision): readonly Violation[] {
  const { step } = plan;
  if (step.kind !== 'set-aside-data') return [];
  const { proof, host: name } = step;
  const told = (why: string): Violation => ({
    rule: 5,
    what: `data on ${name} is put aside ${why}`,
  });
  const found: Violation[] = [];
  const host = world.hosts.find(({ host: known }) => known === name);
  if (!canBeRead(world)) found.push(told('without a list through quorum'));
  if (unresolved !== undefined)
    found.push(told(`while an earlier ${unresolved.step} may still land`));
  if (world.members.some(({ id }) => id === proof.memberID)) {
    found.push(told(`although ${nameOf(world, proof.memberID)} is in the list`));
  }
  if (host?.data.kind !== 'present' || host.data.memberID !== proof.memberID) {
    found.push(told('and the proof is of somebody else'));
  }
  const listed = world.members.map(({ id }) => id);
  if (listed.join() !== proof.listed.join()) found.push(told('by a list that is not the newest'));
  if (host?.process.kind === 'running') found.push(told('while its process runs'));
  return found;
}

/** Landed: no member of the list has lost the data that it had. */
export function checkNoDataLost({ before, after, step }: Effect): readonly Violation[] {
  return before.hosts.flatMap((was): readonly Violation[] => {
    const is = after.hosts.find(({ host }) => host === was.host);
    if (was.data.kind !== 'present' || is?.data.kind === 'present') return [];
    const { memberID } = was.data;
    if (was.data.clusterID !== before.clusterID) return [];
    return before.members.some(({ id }) => id === memberID)
      ? [
          {
            rule: 5,
            what: `${step.kind} took the data of ${nameOf(before, memberID)}, a member`,
          },
        ]
      : [];
  });
}
