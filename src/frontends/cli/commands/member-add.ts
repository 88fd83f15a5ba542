import { type Result, err, ok } from '../../../base/index.js';
import { etcdVariables } from '../../../core/bootstrap/index.js';
import {
  type Member,
  type MemberName,
  type PeerURL,
  parseMemberName,
} from '../../../core/cluster/index.js';
import { type Context, fail, show, tell } from '../context.js';
import { addDirectly } from '../direct.js';
import { editWish } from '../edit-wish.js';
import { tellEvenSize } from '../even-size.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { badValue, notSettled, usage } from '../problems.js';
import { type Moment, failPursuit, pursue } from '../pursue.js';
import { type Seat, seatOf } from '../seat.js';
import { type MemberChange, memberChangeView } from '../views/member-change.js';
import {
  type Kept,
  type MemberOptions,
  SUPERVISE_MS,
  acceptEdit,
  atEndpoints,
  changeableCluster,
  readPeerURLs,
  withAdmin,
} from './member-common.js';
import { failStop } from '../stop.js';
import { readTimeout } from './up.js';

export interface MemberAddOptions extends MemberOptions {
  readonly peerUrls?: string;
  readonly voter?: boolean;
  readonly startByHand?: boolean;
  readonly host?: string;
}

interface Newcomer {
  readonly name: MemberName;
  readonly peerURLs: readonly PeerURL[] | undefined;
  readonly host: string | undefined;
}

/**
 * A member more. Registered first, as a learner; what Quorate starts itself is then started and promoted. With peer
 * URLs a person starts it, with the variables that are printed.
 */
export async function memberAdd(
  context: Context,
  name: string,
  options: MemberAddOptions,
): Promise<ExitCode> {
  const timeoutMs = readTimeout(options.timeout);
  if (!timeoutMs.ok) return fail(context, timeoutMs.error, EXIT.usage);
  const newcomer = readNewcomer(name, options);
  if (!newcomer.ok) return fail(context, newcomer.error, EXIT.usage);
  if (options.endpoints !== undefined) {
    return addAtEndpoints(context, options.endpoints, newcomer.value, options.voter === true);
  }
  const kept = await changeableCluster(context);
  if (!kept.ok) return failStop(context, kept.error);
  return options.voter === true
    ? addVoter(context, kept.value, newcomer.value)
    : addThroughPlan(context, kept.value, newcomer.value, {
        timeoutMs: timeoutMs.value,
        skipHostsCheck: options.skipHostsCheck,
      });
}

function readNewcomer(name: string, options: MemberAddOptions): Result<Newcomer> {
  const parsed = parseMemberName(name);
  if (!parsed.ok) {
    const what = 'The name of a member';
    return err(badValue({ what, found: name, allowed: parsed.error, nearest: '' }));
  }
  const { peerUrls, startByHand, voter, endpoints, host } = options;
  if (
    peerUrls === undefined &&
    (startByHand === true || voter === true || endpoints !== undefined)
  ) {
    const asker = endpoints !== undefined ? '--endpoints' : voter ? '--voter' : '--start-by-hand';
    return err(
      usage({
        message: `${asker} needs --peer-urls: where will the new member be reached?`,
        hint: `For example:\n  quorate member add ${name} --peer-urls http://10.0.1.13:2380`,
      }),
    );
  }
  const peerURLs = peerUrls === undefined ? ok(undefined) : readPeerURLs(peerUrls);
  return peerURLs.ok ? ok({ name: parsed.value, peerURLs: peerURLs.value, host }) : peerURLs;
}

async function addThroughPlan(
  context: Context,
  kept: Kept,
  newcomer: Newcomer,
  {
    timeoutMs,
    skipHostsCheck,
  }: { readonly timeoutMs: number; readonly skipHostsCheck: boolean | undefined },
): Promise<ExitCode> {
  const { cluster } = kept;
  const { addMember } = await import('../../../core/spec/index.js');
  const byHand = newcomer.peerURLs !== undefined;
  const command = 'quorate member add';
  const by = { command: `${command} ${newcomer.name}`, skipHostsCheck };
  const accepted = await acceptEdit(context, kept, by, (wish) => {
    const spec = addMember(wish.spec, memberToAdd(newcomer, byHand));
    return spec.ok ? ok({ ...wish, spec: spec.value }) : spec;
  });
  if (!accepted.ok) return failStop(context, accepted.error);

  let registered: MemberChange | undefined;
  // What is wanted is written down: said once more, it would be refused.
  const goal = { command, again: `quorate apply ${cluster.name}`, timeoutMs };
  const first = await pursue(context, cluster, {
    ...goal,
    what: `the registration of ${newcomer.name}`,
    reached: (moment) => {
      registered = registeredIn(moment, newcomer.name);
      return registered !== undefined;
    },
  });
  if (first.kind !== 'reached' || registered === undefined) {
    return first.kind === 'reached' ? EXIT.failed : failPursuit(context, first);
  }
  await show(context, memberChangeView, registered);
  if (!byHand) {
    const end = await pursue(context, cluster, { ...goal, what: `a vote for ${newcomer.name}` });
    if (end.kind !== 'reached') return failPursuit(context, end);
  }
  const supervised = await cluster.supervise(AbortSignal.timeout(SUPERVISE_MS));
  if (byHand) tell(context, 'It is promoted to voter once it runs and has caught up.');
  return supervised.ok ? EXIT.done : fail(context, supervised.error);
}

const memberToAdd = ({ name, peerURLs, host }: Newcomer, byHand: boolean) => ({
  name,
  ...(host === undefined ? {} : { host }),
  ...(peerURLs === undefined ? {} : { peerURLs }),
  start: byHand ? ('by-hand' as const) : ('quorate' as const),
});

/** Found by its peer URLs: a member has no name before it has started. */
function registeredIn(
  { target, observation, record }: Moment,
  name: MemberName,
): MemberChange | undefined {
  const list = observation.memberList;
  const wanted = target.members.find((member) => member.name === name);
  if (list.kind !== 'linearizable' || wanted === undefined) return undefined;
  const member = list.members.find(({ peerURLs }) =>
    peerURLs.some((url) => wanted.peerURLs.includes(url)),
  );
  if (member === undefined) return undefined;
  const clusterID = record.clusterID ?? list.clusterID;
  return { kind: 'added', clusterID, member, env: variablesFor(name, member, list.members) };
}

/** The list may be older than the registration; the newcomer is in it all the same. */
function variablesFor(
  name: MemberName,
  added: Member,
  listed: readonly Member[],
): Readonly<Record<string, string>> {
  const members = listed.some(({ id }) => id === added.id) ? listed : [...listed, added];
  return { ...etcdVariables({ name, members, self: added.id }) };
}

/** A voter at once, for those who start it by hand; only while nothing else is under way. */
async function addVoter(context: Context, kept: Kept, newcomer: Newcomer): Promise<ExitCode> {
  const { cluster, look } = kept;
  const seat = seatOf(look);
  if (!seat.ok) return fail(context, seat.error);
  if (look.plan.kind !== 'converged') {
    const what = `add ${newcomer.name} as a voter`;
    const because = `The plan says: ${look.plan.kind}.`;
    return fail(context, notSettled({ cluster: cluster.name, what, because }));
  }
  const { addMember } = await import('../../../core/spec/index.js');
  const edited = addMember(look.wish.spec, memberToAdd(newcomer, true));
  if (!edited.ok) return fail(context, edited.error, EXIT.usage);
  const exit = await withAdmin(context, (admin) =>
    registerAndShow(context, admin, seat.value, newcomer, true),
  );
  if (exit !== EXIT.done) return exit;
  const written = await editWish(
    context,
    cluster,
    `quorate member add ${newcomer.name}`,
    (wish) => {
      const spec = addMember(wish.spec, memberToAdd(newcomer, true));
      return spec.ok ? ok({ ...wish, spec: spec.value }) : spec;
    },
  );
  if (!written.ok) return fail(context, written.error);
  tellEvenSize(context, look.wish.spec, written.value.wish.spec);
  return EXIT.done;
}

const addAtEndpoints = (
  context: Context,
  endpoints: string,
  newcomer: Newcomer,
  voter: boolean,
): Promise<ExitCode> =>
  atEndpoints(context, endpoints, (admin, seat) =>
    registerAndShow(context, admin, seat, newcomer, voter),
  );

async function registerAndShow(
  context: Context,
  admin: Parameters<typeof addDirectly>[1],
  seat: Seat,
  { name, peerURLs = [] }: Newcomer,
  voter: boolean,
): Promise<ExitCode> {
  const outcome = await addDirectly(context, admin, seat, { name, peerURLs, voter });
  if (outcome.kind !== 'applied') return fail(context, outcome.problem);
  const { memberID, members } = outcome.value;
  const member = members.find(({ id }) => id === memberID) ?? {
    id: memberID,
    name: '' as const,
    peerURLs,
    clientURLs: [],
    isLearner: !voter,
  };
  await show(context, memberChangeView, {
    kind: 'added',
    clusterID: seat.clusterID,
    member,
    env: variablesFor(name, member, members),
  });
  return EXIT.done;
}
