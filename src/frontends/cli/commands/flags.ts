import type { FlagsStyle } from '../../../core/bootstrap/index.js';
import { type StartFlags, hostSight } from '../../../core/cluster/index.js';
import type { PlanInput } from '../../../core/planner/index.js';
import { type Context, fail, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { nearest } from '../../../base/index.js';
import { badValue, usage } from '../problems.js';
import { wordView } from '../views/word.js';
import { keptCluster, memberOf } from './member-common.js';
import { failStop } from '../stop.js';

export interface FlagsOptions {
  readonly as: string;
}

const STYLES = ['flags', 'env', 'unit'] as const satisfies readonly FlagsStyle[];
const isStyle = (text: string): text is FlagsStyle => (STYLES as readonly string[]).includes(text);

/** Exactly what a person would run: the flags of this member's next start. */
export async function flags(
  context: Context,
  asked: string,
  { as }: FlagsOptions,
): Promise<ExitCode> {
  if (!isStyle(as)) {
    const near = nearest(as, STYLES) ?? '';
    const what = 'The form of the flags';
    const problem = badValue({ what, found: as, allowed: STYLES.join(', '), nearest: near });
    return fail(context, problem, EXIT.usage);
  }
  const kept = await keptCluster(context);
  if (!kept.ok) return failStop(context, kept.error);
  const member = memberOf(kept.value, asked);
  if (!member.ok) return failStop(context, member.error);
  const { input } = kept.value.look;
  const { wanted, label } = member.value;
  const next = wanted === undefined ? undefined : await nextStart(input, wanted.host);
  if (next === undefined) {
    const message = `The spec does not have ${label}, so it is not started again`;
    return fail(context, usage({ message, hint: '' }), EXIT.usage);
  }
  const { renderFlags } = await import('../../../core/bootstrap/index.js');
  const program = await programFor(context, input.target.version);
  await show(context, wordView, {
    text: renderFlags(next.flags, as, program),
    data: {
      member: label,
      purpose: next.purpose,
      version: input.target.version,
      program: program ?? 'etcd',
      flags: next.flags,
    },
  });
  return EXIT.done;
}

/** Where that version is on this machine; undefined lets the usual place stand. */
async function programFor({ ports, interrupt }: Context, version: string) {
  const atHand = await ports.versions.atHand({ signal: interrupt });
  return atHand.find((found) => found.program === 'etcd' && found.version === version)?.path;
}

type NextStart = { readonly purpose: 'birth' | 'join' | 'restart'; readonly flags: StartFlags };

/** Which of the bootstrap-only flags a start needs depends on what is there: data, a registration, or nothing yet. */
async function nextStart(input: PlanInput, host: string): Promise<NextStart | undefined> {
  const { target, record, observation } = input;
  const member = target.members.find((each) => each.host === host);
  if (member === undefined) return undefined;
  const { birthFlags, joinFlags, restartFlags } = await import('../../../core/bootstrap/index.js');
  const sight = hostSight(observation, member.host);
  const hasData = sight !== undefined && sight.data.kind !== 'empty' && !member.byHand;
  if (hasData) return { purpose: 'restart', flags: restartFlags(member.flags) };
  if (record.clusterID === undefined) {
    return { purpose: 'birth', flags: birthFlags(member, target) };
  }
  const list = observation.memberList;
  const members = list.kind === 'unseen' ? [] : list.members;
  const self = members.find(({ peerURLs }) =>
    peerURLs.some((url) => member.peerURLs.includes(url)),
  );
  return self === undefined
    ? { purpose: 'restart', flags: restartFlags(member.flags) }
    : { purpose: 'join', flags: joinFlags(member, { members, self: self.id }) };
}
