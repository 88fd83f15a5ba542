import { ok } from '../../../base/index.js';
import type { ChosenMember } from '../choose.js';
import { type Context, fail, show } from '../context.js';
import { removeDirectly, updateDirectly } from '../direct.js';
import type { WishEdit } from '../edit-wish.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { memberByHand, notForEndpoints, usage } from '../problems.js';
import { type Moment, failPursuit, pursue } from '../pursue.js';
import { type MemberChange, memberChangeView } from '../views/member-change.js';
import {
  type Kept,
  type MemberOptions,
  SUPERVISE_MS,
  acceptEdit,
  atEndpoints,
  changeableCluster,
  memberAt,
  memberOf,
  readPeerURLs,
} from './member-common.js';
import { failStop } from '../stop.js';
import { readTimeout } from './up.js';

export interface MemberRemoveOptions extends MemberOptions {
  readonly asProxy?: boolean;
}

/** Takes a member out: one of the spec leaves the spec, any other is retired by its id. */
export async function memberRemove(
  context: Context,
  asked: string,
  options: MemberRemoveOptions,
): Promise<ExitCode> {
  if (options.endpoints !== undefined) {
    if (options.asProxy === true) {
      const problem = notForEndpoints({ command: 'member remove --as-proxy' });
      return fail(context, problem, EXIT.usage);
    }
    return atEndpoints(context, options.endpoints, async (admin, seat) => {
      const member = memberAt(seat, asked);
      if (!member.ok) return failStop(context, member.error);
      const problem = await removeDirectly(context, admin, seat, member.value);
      if (problem !== undefined) return fail(context, problem);
      const { id: memberID, name } = member.value;
      return done(context, { kind: 'removed', clusterID: seat.clusterID, memberID, name });
    });
  }
  const kept = await changeableCluster(context);
  if (!kept.ok) return failStop(context, kept.error);
  const member = memberOf(kept.value, asked);
  if (!member.ok) return failStop(context, member.error);
  const { listed, wanted, label } = member.value;
  if (options.asProxy === true && wanted === undefined) {
    return failStop(context, unknownToSpec(label));
  }
  const { removeMember } = await import('../../../core/spec/index.js');
  return changeThroughPlan(context, kept.value, options, {
    command: `quorate member remove ${label}`,
    what: `the removal of ${label}`,
    edit: (wish) => {
      if (wanted === undefined) return ok(retiring(wish, listed?.id));
      const spec = removeMember(wish.spec, wanted.name, { asProxy: options.asProxy === true });
      if (!spec.ok) return spec;
      return ok({ ...retiringByHand(wish, member.value), spec: spec.value });
    },
    reached: (moment) => isConverged(moment) && !isListed(moment, listed?.id),
    told: ({ record }) =>
      listed === undefined || record.clusterID === undefined
        ? undefined
        : {
            kind: 'removed',
            clusterID: record.clusterID,
            memberID: listed.id,
            name: listed.name,
          },
  });
}

export interface MemberUpdateOptions extends MemberOptions {
  readonly peerUrls?: string;
  readonly name?: string;
}

/** Other peer URLs, another name, or both. */
export async function memberUpdate(
  context: Context,
  asked: string,
  options: MemberUpdateOptions,
): Promise<ExitCode> {
  const { peerUrls, name: newName } = options;
  if (peerUrls === undefined && newName === undefined) {
    const hint = `For example:\n  quorate member update ${asked} --peer-urls http://10.0.1.13:2380`;
    const message = 'What should change? Give --peer-urls, --name, or both';
    return fail(context, usage({ message, hint }), EXIT.usage);
  }
  const peerURLs = peerUrls === undefined ? ok(undefined) : readPeerURLs(peerUrls);
  if (!peerURLs.ok) return fail(context, peerURLs.error, EXIT.usage);
  const urls = peerURLs.value;
  if (options.endpoints !== undefined) {
    if (urls === undefined) {
      const problem = notForEndpoints({ command: 'member update --name' });
      return fail(context, problem, EXIT.usage);
    }
    return atEndpoints(context, options.endpoints, async (admin, seat) => {
      const member = memberAt(seat, asked);
      if (!member.ok) return failStop(context, member.error);
      const problem = await updateDirectly(context, admin, seat, member.value, urls);
      if (problem !== undefined) return fail(context, problem);
      const { id: memberID, name } = member.value;
      return done(context, { kind: 'updated', clusterID: seat.clusterID, memberID, name });
    });
  }
  const kept = await changeableCluster(context);
  if (!kept.ok) return failStop(context, kept.error);
  const member = memberOf(kept.value, asked);
  if (!member.ok) return failStop(context, member.error);
  const { listed, wanted, label } = member.value;
  if (wanted === undefined) return failStop(context, unknownToSpec(label));
  const { renameMember, setPeerURLs } = await import('../../../core/spec/index.js');
  return changeThroughPlan(context, kept.value, options, {
    command: `quorate member update ${label}`,
    what: `the update of ${label}`,
    edit: (wish) => {
      const moved = urls === undefined ? ok(wish.spec) : setPeerURLs(wish.spec, wanted.name, urls);
      if (!moved.ok) return moved;
      const renamed =
        newName === undefined ? moved : renameMember(moved.value, wanted.name, newName);
      return renamed.ok ? ok({ ...wish, spec: renamed.value }) : renamed;
    },
    reached: isConverged,
    told: ({ record }) =>
      listed === undefined || record.clusterID === undefined
        ? undefined
        : {
            kind: 'updated',
            clusterID: record.clusterID,
            memberID: listed.id,
            name: newName ?? listed.name,
          },
  });
}

export interface MemberReplaceOptions extends MemberOptions {
  readonly with?: string;
  readonly peerUrls?: string;
}

/**
 * A new member in the place of an old one. With `--with NEW` the newcomer joins before the old one goes; without, the
 * old one is removed first and its own host joins afresh.
 */
export async function memberReplace(
  context: Context,
  asked: string,
  options: MemberReplaceOptions,
): Promise<ExitCode> {
  if (options.endpoints !== undefined) {
    return fail(context, notForEndpoints({ command: 'member replace' }), EXIT.usage);
  }
  const peerURLs = options.peerUrls === undefined ? ok(undefined) : readPeerURLs(options.peerUrls);
  if (!peerURLs.ok) return fail(context, peerURLs.error, EXIT.usage);
  const kept = await changeableCluster(context);
  if (!kept.ok) return failStop(context, kept.error);
  const member = memberOf(kept.value, asked);
  if (!member.ok) return failStop(context, member.error);
  const { listed, wanted, label } = member.value;
  if (wanted === undefined || listed === undefined) return failStop(context, unknownToSpec(label));
  const newName = options.with;
  if (newName === undefined && wanted.start === 'by-hand') {
    const cluster = kept.value.cluster.name;
    const problem = memberByHand({ cluster, member: label, what: 'replace in place' });
    return fail(context, problem, EXIT.usage);
  }
  const { replaceMember } = await import('../../../core/spec/index.js');
  const urls = peerURLs.value;
  const newcomer = (name: string) => ({
    name,
    ...(urls === undefined ? {} : { peerURLs: urls, start: 'by-hand' as const }),
  });
  return changeThroughPlan(context, kept.value, options, {
    command: `quorate member replace ${label}`,
    what: `the replacement of ${label}`,
    edit: (wish) => {
      if (newName === undefined) return ok(retiring(wish, listed.id));
      const spec = replaceMember(wish.spec, wanted.name, newcomer(newName));
      if (!spec.ok) return spec;
      return ok({ ...retiringByHand(wish, member.value), spec: spec.value });
    },
    reached: (moment) => isConverged(moment) && !isListed(moment, listed.id),
    told: (moment) => {
      const { record } = moment;
      const by = listedAs(moment, newName ?? wanted.name);
      if (record.clusterID === undefined || by === undefined) return undefined;
      return {
        kind: 'replaced',
        clusterID: record.clusterID,
        memberID: listed.id,
        name: listed.name,
        by: { id: by.id, name: by.name },
      };
    },
  });
}

const unknownToSpec = (label: string) => ({
  exit: EXIT.usage,
  problems: [
    usage({
      message: `The spec does not have ${label}, so there is nothing of it to change`,
      hint: `It can be removed:\n  quorate member remove ${label}`,
    }),
  ],
});

type Edited = Parameters<WishEdit>[0];

const retiring = (wish: Edited, id: Edited['retire'][number] | undefined): Edited =>
  id === undefined || wish.retire.includes(id) ? wish : { ...wish, retire: [...wish.retire, id] };

/** A member that a person runs lives on no host of ours: once it has left the spec, only its id still names it. */
const retiringByHand = (wish: Edited, { wanted, listed }: ChosenMember): Edited =>
  wanted?.start === 'by-hand' ? retiring(wish, listed?.id) : wish;

interface Change {
  readonly command: string;
  readonly what: string;
  readonly edit: WishEdit;
  readonly reached: (moment: Moment) => boolean;
  readonly told: (moment: Moment) => MemberChange | undefined;
}

async function changeThroughPlan(
  context: Context,
  kept: Kept,
  options: MemberOptions,
  { command, what, edit, reached, told }: Change,
): Promise<ExitCode> {
  const timeoutMs = readTimeout(options.timeout);
  if (!timeoutMs.ok) return fail(context, timeoutMs.error, EXIT.usage);
  const accepted = await acceptEdit(
    context,
    kept,
    { command, skipHostsCheck: options.skipHostsCheck },
    edit,
  );
  if (!accepted.ok) return failStop(context, accepted.error);
  const { cluster } = kept;
  // What is wanted is written down: said once more, it would be another wish, or none.
  const again = `quorate apply ${cluster.name}`;
  const goal = { command, again, what, timeoutMs: timeoutMs.value, reached };
  const end = await pursue(context, cluster, goal);
  if (end.kind !== 'reached') return failPursuit(context, end);
  const supervised = await cluster.supervise(AbortSignal.timeout(SUPERVISE_MS));
  const change = end.moment === undefined ? undefined : told(end.moment);
  if (change !== undefined) await done(context, change);
  return supervised.ok ? EXIT.done : fail(context, supervised.error);
}

async function done(context: Context, change: MemberChange): Promise<ExitCode> {
  await show(context, memberChangeView, change);
  return EXIT.done;
}

const isConverged = ({ plan }: Moment): boolean => plan.kind === 'converged';

const listedAs = ({ observation }: Moment, name: string) =>
  observation.memberList.kind === 'unseen'
    ? undefined
    : observation.memberList.members.find((member) => member.name === name);

const isListed = ({ observation }: Moment, id: string | undefined): boolean =>
  observation.memberList.kind !== 'linearizable' ||
  observation.memberList.members.some((member) => member.id === id);
