import { unsafeBrand } from '../../base/index.js';
import { type ClusterStanding, type HostSight, hostSight, standingOf } from '../cluster/index.js';
import type { HostName, MemberName, TargetMember } from '../cluster/index.js';
import type { Guards } from './guards.js';
import type { Plan, PlanInput } from './plan-types.js';

/** The input, joined once, as every rule reads it. */
export interface View extends PlanInput {
  readonly standing: ClusterStanding;
  readonly guards: Guards;
}

/** A rule looks at the view and has an opinion or none. The first rule with an opinion decides. */
export type Rule = (view: View) => Plan | undefined;

export const viewOf = (input: PlanInput, guards: Guards): View => ({
  ...input,
  standing: standingOf(input.target, input.observation, input.record.addresses),
  guards,
});

const UNSEEN: Omit<HostSight, 'host'> = {
  process: { kind: 'unseen', because: 'it was not looked at' },
  data: { kind: 'unseen', because: 'it was not looked at' },
  peer: { kind: 'silent', because: 'it was not looked at' },
  status: { kind: 'silent', because: 'it was not looked at' },
};

/** What was seen of a host; one that was not looked at is unseen. */
export const sightOn = (view: View, host: HostName): HostSight =>
  hostSight(view.observation, host) ?? { host, ...UNSEEN };

/** What was seen of a wanted member's host. */
export const sightOf = (view: View, member: TargetMember): HostSight => sightOn(view, member.host);

/** What the member on this host is called: by the spec, else by its own flags. */
export function nameOn({ target }: View, { host, process }: HostSight): MemberName {
  const wanted = target.members.find((member) => member.host === host)?.name;
  const own = process.kind === 'running' ? process.flags['name'] : undefined;
  return wanted ?? unsafeBrand<MemberName>(own ?? host);
}

/** Wanted members whose process is ours to start and stop. */
export const ours = (view: View): readonly TargetMember[] =>
  view.target.members.filter((member) => !member.byHand);
