import {
  type ClusterID,
  type MemberID,
  type Problem,
  type Result,
  assertNever,
  deadlineSignal,
  isAbort,
  ok,
  unsafeBrand,
} from '../../base/index.js';
import { birthFlags, joinFlags, restartFlags } from '../../core/bootstrap/index.js';
import type {
  ClusterToken,
  EtcdVersion,
  MeetingPlace,
  StartFlags,
  TargetMember,
} from '../../core/cluster/index.js';
import { type Decision, decide } from './decide.js';
import type { JoinPlace, SizeExceeded } from './input.js';
import { LOOK_EVERY_MS, PEER_LOOK_MS, SERVES_EVERY_MS, WAIT_EVERY_MS } from './limits.js';
import { type Known, look } from './look.js';
import type { EtcdEnd, JoinWorld } from './world.js';

/** This host, with everything that was asked of it. */
export interface JoiningHost {
  /** Its name, addresses and settled flags; what a start adds to them is decided here. */
  readonly member: TargetMember;
  readonly place: JoinPlace | undefined;
  readonly dataDir: string;
  readonly sizeExceeded: SizeExceeded;
  readonly version: EtcdVersion;
}

/** What this host is now. */
export type HostState =
  /** etcd runs and does not serve yet; `meeting`: it waits until all members of the token have come. */
  | { readonly kind: 'meeting' | 'joining' | 'restarting' }
  | {
      readonly kind: 'member';
      readonly memberID: MemberID;
      readonly clusterID: ClusterID;
      readonly role: 'voter' | 'learner';
    }
  | { readonly kind: 'gateway'; readonly endpoints: readonly string[] }
  /** Nothing runs yet. */
  | { readonly kind: 'waiting'; readonly because: Problem };

export type JoinEnd =
  /** Somebody asked it to end, and all that ran has ended. */
  | { readonly kind: 'asked' }
  /** There is a reason in the way that does not go away by itself. Nothing was started. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  /** etcd ended by itself, or something could not be started. */
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

export interface JoinSeat {
  /** Asks everything here to end. */
  readonly interrupt: AbortSignal;
  /** Called at each change. */
  readonly onState: (state: HostState) => void;
}

/** Looks, does what was decided until it ends, and looks again. Ends when asked, or when nothing can be done. */
export async function runJoin(
  host: JoiningHost,
  world: JoinWorld,
  { interrupt, onState }: JoinSeat,
): Promise<JoinEnd> {
  const { peerURLs } = host.member;
  const asker = { ...host, name: host.member.name, peerURLs, protocol: host.place?.protocol };
  const known: Known = { token: undefined, clientURLs: [], peerURLs: [] };
  /** A start from nothing that ended before etcd had made its log; what it left behind is no data. */
  let failed: { readonly start: string; readonly problem: Problem } | undefined;
  let told: string | undefined;

  const next = async (): Promise<Decision> => {
    const emptied: JoinWorld =
      failed === undefined ? world : { ...world, lookAtData: () => lookPastLeftovers(world) };
    return decide(asker, await look(emptied, host.member, known, interrupt));
  };
  const tell = (because: Problem): void => {
    if (told === because.detail) return;
    told = because.detail;
    onState({ kind: 'waiting', because });
  };

  for (;;) {
    if (interrupt.aborted) return { kind: 'asked' };
    const decision = await next();
    // What was seen while somebody ended us is no reason for anything.
    if (interrupt.aborted) return { kind: 'asked' };
    switch (decision.kind) {
      case 'refuse': {
        const before = failed === undefined ? [] : [failed.problem];
        return { kind: 'refused', problems: [...decision.problems, ...before] };
      }
      case 'wait':
        tell(decision.because);
        await pause(world, WAIT_EVERY_MS, interrupt);
        break;
      case 'forward': {
        const forwarded = await forward(decision.endpoints);
        if (!forwarded.ok) return { kind: 'failed', problems: [forwarded.error] };
        break;
      }
      case 'restart':
      case 'meet':
      case 'join': {
        const start = JSON.stringify(decision);
        if (failed?.start === start) return { kind: 'failed', problems: [failed.problem] };
        const end = await runEtcd(decision);
        if (!end.ok) return { kind: 'failed', problems: [end.error] };
        if (interrupt.aborted) return { kind: 'asked' };
        const { reason, problem } = end.value;
        // The last place went to somebody else, or the list changed: the next look says what is to be done now.
        const isOvertaken = reason === 'meeting-refused' || reason === 'cannot-join';
        if (decision.kind === 'restart' || !isOvertaken) {
          return { kind: 'failed', problems: [problem] };
        }
        failed = { start, problem };
        break;
      }
      default:
        return assertNever(decision);
    }
  }

  /** A gateway until this host is in the member list, or is asked to end. */
  async function forward(endpoints: readonly string[]): Promise<Result<void>> {
    const gateway = await world.startGateway(endpoints);
    if (!gateway.ok) return gateway;
    onState({ kind: 'gateway', endpoints });
    while (!interrupt.aborted) {
      await pause(world, LOOK_EVERY_MS, interrupt);
      if (!interrupt.aborted && (await next()).kind === 'join') break;
    }
    await gateway.value.drain();
    return ok(undefined);
  }

  async function runEtcd(decision: Starting): Promise<Result<EtcdEnd>> {
    const process = await world.startEtcd(flagsFor(host, decision));
    if (!process.ok) return process;
    const { ended, stop } = process.value;
    onState({ kind: STATE[decision.kind] });
    interrupt.addEventListener('abort', stop, { once: true });
    if (interrupt.aborted) stop();
    const over = new AbortController();
    const serving = untilItServes(over.signal);
    const end = await ended;
    interrupt.removeEventListener('abort', stop);
    over.abort(new DOMException('it has ended', 'AbortError'));
    await serving;
    return ok(end);
  }

  /** Says once that the member serves. */
  async function untilItServes(signal: AbortSignal): Promise<void> {
    const [clientURL] = host.member.clientURLs;
    if (clientURL === undefined) return;
    while (!signal.aborted) {
      const status = await world.admin.status(clientURL, deadlineSignal(PEER_LOOK_MS, signal));
      if (signal.aborted) return;
      if (status.kind === 'answered') {
        const { memberID, clusterID, isLearner } = status;
        onState({ kind: 'member', memberID, clusterID, role: isLearner ? 'learner' : 'voter' });
        return;
      }
      await pause(world, SERVES_EVERY_MS, signal);
    }
  }
}

type Starting = Extract<Decision, { readonly kind: 'restart' | 'meet' | 'join' }>;

const STATE = { restart: 'restarting', meet: 'meeting', join: 'joining' } as const;

/** The settled flags, and what this start adds to them. */
export function flagsFor(host: JoiningHost, decision: Starting): StartFlags {
  const { member, place } = host;
  switch (decision.kind) {
    case 'restart':
      return restartFlags(member.flags);
    case 'join':
      return joinFlags(member, decision);
    case 'meet':
      if (place === undefined) throw new TypeError('Nobody meets without a place.');
      return birthFlags(member, {
        members: [],
        // Over discovery the place says it.
        token: unsafeBrand<ClusterToken>(''),
        birth: { kind: 'discovery', place: meetingPlace(place, decision.size) },
      });
    default:
      return assertNever(decision);
  }
}

const meetingPlace = (place: JoinPlace, size: number): MeetingPlace => ({
  ...place,
  size,
  isOurs: false,
});

async function lookPastLeftovers(world: JoinWorld): ReturnType<JoinWorld['lookAtData']> {
  const data = await world.lookAtData();
  return data.kind === 'unreadable' ? { kind: 'empty' } : data;
}

/** Sleeps, or not to the end when it is aborted. */
async function pause({ clock }: JoinWorld, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!isAbort(error) && !signal.aborted) throw error;
  }
}
