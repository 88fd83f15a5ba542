import type { MemberID } from '../../../src/base/index.js';
import type { Decision, Violation } from './decision.js';
import { homeOf, knownWell, nameOf } from './facts.js';

/**
 * Rule 9: a voter that lives is removed only when no consumer of the spec names it any more, whether we reach that consumer
 * now or not. One that is down serves nobody, and its removal waits for nobody. Likewise it gets other client URLs only when
 * every consumer that uses it can use another, where there is another; and no consumer is told http and https at once. While one
 * authority follows another, no phase begins that a consumer is not ready for.
 */
export function checkConsumersFirst(decision: Decision): readonly Violation[] {
  switch (decision.plan.step.kind) {
    case 'remove-member':
      return removed(decision, decision.plan.step.member);
    case 'stop-member':
      return moved(decision, decision.plan.step.host);
    case 'update-consumer': {
      const { consumer, endpoints } = decision.plan.step;
      return dialledOf(endpoints).length === endpoints.length
        ? []
        : [{ rule: 9, what: `${consumer} is told endpoints of both schemes` }];
    }
    case 'advance-rotation':
      return shutOut(decision, decision.plan.step.to);
    default:
      return [];
  }
}

function shutOut({ world }: Decision, to: 'issue-new' | 'trust-new'): readonly Violation[] {
  const newest = world.target.authorities?.planes.client.trusted.at(-1);
  return (world.consumers ?? []).flatMap(({ id, names, tls }): readonly Violation[] => {
    if (typeof tls !== 'object' || !names.some((url) => url.startsWith('https:'))) return [];
    const what =
      to === 'issue-new'
        ? tls.trusts === 'unread' || !tls.trusts.some((trusted) => trusted === newest)
          ? `members are to show what ${id} does not trust`
          : undefined
        : tls.shows?.issuer === newest
          ? undefined
          : `members are to forget whose certificate ${id} shows`;
    return what === undefined ? [] : [{ rule: 9, what }];
  });
}

function removed({ world }: Decision, member: MemberID): readonly Violation[] {
  const leaving = knownWell(world).find(({ id }) => id === member);
  if (leaving === undefined) return [];
  return (world.consumers ?? [])
    .filter(({ names }) => leaving.clientURLs.some((url) => names.includes(url)))
    .map(({ id }) => ({
      rule: 9,
      what: `${nameOf(world, member)} is removed while it lives and ${id} names it`,
    }));
}

function moved({ world }: Decision, host: string): readonly Violation[] {
  const wanted = world.target.members.find((each) => each.host === host);
  const well = knownWell(world);
  const moving = well.find(({ id }) => homeOf(world, id)?.host === host);
  if (wanted === undefined || moving === undefined || well.length === 1) return [];
  if (wanted.clientURLs.every((url) => moving.clientURLs.includes(url))) return [];
  return (world.consumers ?? [])
    .filter(({ names }) => {
      const dialled = dialledOf(names);
      const servers = well.filter(({ clientURLs }) =>
        clientURLs.some((url) => dialled.includes(url)),
      );
      return servers.length === 1 && servers[0] === moving;
    })
    .map(({ id }) => ({
      rule: 9,
      what: `${nameOf(world, moving.id)} gets other client URLs while ${id} has no other endpoint`,
    }));
}

/** By the scheme of the first, as etcd's client has it. */
const dialledOf = (urls: readonly string[]): readonly string[] =>
  urls.filter((url) => url.split(':')[0] === urls[0]?.split(':')[0]);
