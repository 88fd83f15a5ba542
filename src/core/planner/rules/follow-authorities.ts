import { assertNever } from '../../../base/index.js';
import {
  type Authorities,
  type TrustPhase,
  labelOf,
  nextPhase,
  trusts,
} from '../../cluster/index.js';
import { blockedBy, stepOf } from '../make.js';
import type { Plan } from '../plan-types.js';
import { rotationHeld } from '../problems.js';
import { type Rule, type View, ours, sightOf } from '../view.js';

/**
 * One authority follows another in three phases: both are trusted, then leafs are of the new one, then the old one is
 * forgotten. What a phase asks of each member is other rules' work; here the next one begins, last of all.
 */
export const followAuthorities: Rule = (view) => {
  const { authorities } = view.target;
  const phase = authorities === undefined ? undefined : nextPhase(authorities);
  if (authorities === undefined || phase === undefined) return undefined;
  switch (phase) {
    case 'issue-new':
      if (!view.guards.newAuthorityTrusted(view.standing, authorities)) {
        return held(view, authorities);
      }
      // A program of which we know trusts the old one alone: nothing is wrong, and nothing is ours to do.
      return authorities.heldBy.length > 0 || !consumersFollow(view, authorities, phase)
        ? undefined
        : stepOf(view, { kind: 'advance-rotation', to: phase }, 'new-authority-trusted');
    case 'trust-new': {
      const hosts = ours(view).map((member) => sightOf(view, member));
      if (
        !view.guards.newAuthorityTrusted(view.standing, authorities) ||
        !view.guards.oldAuthorityUnused(hosts, authorities)
      ) {
        return held(view, authorities);
      }
      return consumersFollow(view, authorities, phase)
        ? stepOf(view, { kind: 'advance-rotation', to: phase }, 'old-authority-unused')
        : undefined;
    }
    default:
      return assertNever(phase);
  }
};

const consumersFollow = (
  { guards, target, observation }: View,
  authorities: Authorities,
  phase: TrustPhase,
): boolean => guards.consumersFollow(target.consumers, observation.consumers, authorities, phase);

function held({ target, standing }: View, authorities: Authorities): Plan {
  const members = standing.standings.filter(
    ({ sight }) => sight?.process.kind !== 'running' || !trusts(sight.process.flags, authorities),
  );
  const names = members.map(({ member }) => labelOf(member));
  return blockedBy(rotationHeld({ cluster: target.name, members: names }));
}
