/** For the checkers' own tests: worlds told as commands of the scenarios' language, and decisions that nobody planned. */
import { type MemberID, unsafeBrand } from '../../../../src/base/index.js';
import type { HostName, MemberName } from '../../../../src/core/cluster/index.js';
import { type World, applyStep, landLate, settle } from '../../../../src/core/model/index.js';
import { type Step, plan } from '../../../../src/core/planner/index.js';
import { playToEnd } from '../../../../src/core/planner/testing/language/index.js';
import type { Decision, Landing } from '../decision.js';

export const worldAfter = (...commands: readonly string[]): World =>
  playToEnd([...commands, '----', ''].join('\n'), { planner: plan, check: () => [] }).scene.world;

export const hostOf = (name: string): HostName => unsafeBrand<HostName>(name);

export function idOf(world: World, host: string): MemberID {
  const wanted = world.record.addresses[host]?.peerURLs ?? [];
  const member = world.members.find(({ peerURLs }) => peerURLs.some((url) => wanted.includes(url)));
  if (member === undefined) throw new Error(`no member on ${host}`);
  return member.id;
}

export const remove = (world: World, host: string): Step => ({
  kind: 'remove-member',
  member: idOf(world, host),
  name: host,
});
export const promote = (world: World, host: string): Step => ({
  kind: 'promote-learner',
  member: idOf(world, host),
  name: host,
});
export const stop = (host: string): Step => ({
  kind: 'stop-member',
  host: hostOf(host),
  name: unsafeBrand<MemberName>(host),
});
export const moveLeader = (world: World, from: string, to: string): Step => ({
  kind: 'move-leader',
  from: idOf(world, from),
  to: idOf(world, to),
  fromName: from,
  toName: to,
});
export const add = (world: World, host: string): Step => ({
  kind: 'add-learner',
  name: unsafeBrand<MemberName>(host),
  host: hostOf(host),
  peerURLs: world.record.addresses[host]?.peerURLs ?? [],
});
export const start = (world: World, host: string, purpose: 'birth' | 'join' | 'restart'): Step => ({
  kind: 'start-member',
  host: hostOf(host),
  name: unsafeBrand<MemberName>(host),
  launch: { purpose, version: world.target.version, flags: {} },
});
export const setAside = (world: World, host: string, of: MemberID): Step => ({
  kind: 'set-aside-data',
  host: hostOf(host),
  proof: {
    memberID: of,
    clusterID: world.clusterID ?? unsafeBrand('none'),
    listAt: world.now,
    listed: world.members.map(({ id }) => id),
  },
});

/** A decision that declares the best of margins: no checker may believe it. */
export const decided = (
  world: World,
  step: Step,
  unresolved?: Decision['unresolved'],
): Decision => ({
  plan: {
    kind: 'step',
    step,
    because: 'not-in-spec',
    margin: {
      before: 99,
      after: 99,
      votersBefore: 0,
      healthyBefore: 0,
      votersAfter: 0,
      healthyAfter: 0,
    },
  },
  at: world.now,
  world,
  unresolved,
});

/** The decision lands on another world, by whatever way lets it. */
export function landed(decision: Decision, before: World, how = landLate): Landing {
  const { outcome, world } = how(before, decision.plan.step);
  return { before, decision, outcome, after: settle(world) };
}
export const landedAt = (world: World, step: Step): Landing =>
  landed(decided(world, step), world, applyStep);

export const words = (violations: readonly { readonly rule: number; readonly what: string }[]) =>
  violations.map(({ rule, what }) => `${rule}: ${what}`);
