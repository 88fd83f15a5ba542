import {
  BugError,
  type Clock,
  type Logger,
  type MemberID,
  type Outcome,
  applied,
  assert,
  assertNever,
  refused,
  unknown,
  withDeadline,
} from '../../base/index.js';
import {
  type ClusterRecord,
  type ClusterStanding,
  type HostName,
  type Target,
  consumerID,
} from '../../core/cluster/index.js';
import type { Step } from '../../core/planner/index.js';
import { describeStep } from '../journal/index.js';
import type {
  Certificates,
  ClusterStore,
  Consumers,
  EtcdAdmin,
  HeldLock,
  HostDriver,
} from '../ports/index.js';
import type { StepDetail } from './events.js';
import {
  lockLost,
  noCertificatesHere,
  noConsumersHere,
  noEndpoint,
  stepCancelled,
  stepNotBegun,
  stepThrew,
  stepTimedOut,
} from './problems.js';
import { GATEWAY_GRACE_MS, STEP_DEADLINE_MS, STOP_GRACE_MS } from './timings.js';

/** What a step is carried out with, and the picture it was decided on. */
export interface Hands {
  readonly driver: HostDriver;
  readonly admin: EtcdAdmin;
  readonly certificates: Certificates;
  readonly store: ClusterStore;
  readonly lock: HeldLock;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: nobody can be told here. */
  readonly consumers?: Consumers;
  readonly target: Target;
  readonly record: ClusterRecord;
  readonly standing: ClusterStanding;
  readonly clientURLs: ReadonlyMap<HostName, string>;
}

export type StepOutcome = Outcome<StepDetail | undefined>;

export interface StepEnd {
  readonly outcome: StepOutcome;
  /** Our own code failed while acting: to be thrown once the outcome is in the journal. */
  readonly bug?: BugError;
}

/** Carries out one step, once, within its deadline. Never repeats anything; whatever is not certain is `unknown`. */
export async function carryOut(step: Step, hands: Hands, signal: AbortSignal): Promise<StepEnd> {
  const text = describeStep(step);
  const deadlineMs = STEP_DEADLINE_MS[step.kind];
  const cluster = hands.record.name;
  if (!(await hands.lock.stillHeld())) return { outcome: refused(lockLost({ step: text })) };
  if (signal.aborted) return { outcome: refused(stepNotBegun({ step: text, cluster })) };
  try {
    const end = await withDeadline(hands.clock, deadlineMs, signal, (inner) =>
      perform(step, hands, inner),
    );
    if (!end.late) return { outcome: end.value };
    const problem = signal.aborted
      ? stepCancelled({ step: text, cluster })
      : stepTimedOut({ step: text, deadlineMs });
    return { outcome: unknown(problem) };
  } catch (error) {
    hands.logger.log('error', 'carrying out a step threw', { step: text, error: String(error) });
    const outcome = unknown(stepThrew({ step: text, message: String(error) }));
    return error instanceof BugError ? { outcome, bug: error } : { outcome };
  }
}

async function perform(step: Step, hands: Hands, signal: AbortSignal): Promise<StepOutcome> {
  const { driver, admin, store, record, certificates } = hands;
  switch (step.kind) {
    case 'start-member': {
      if (step.launch.purpose === 'birth' && !record.issuedNew.includes(step.host)) {
        // Written before the spawn: a host that was told `new` once is never told again, whatever happens next.
        const issuedNew = [...record.issuedNew, step.host];
        const written = await store.writeRecord({ ...record, issuedNew });
        if (!written.ok) return refused(written.error);
        if (signal.aborted)
          return refused(stepNotBegun({ step: describeStep(step), cluster: record.name }));
      }
      return plain(await driver.start(step.host, step.launch, signal));
    }
    case 'stop-member':
      return plain(await driver.stop(step.host, { graceMs: STOP_GRACE_MS }, signal));
    case 'add-learner':
      return asked(step, hands, undefined, async (endpoints) => {
        const end = await admin.addMember(endpoints, step.peerURLs, { isLearner: true }, signal);
        return end.kind === 'applied'
          ? applied({ kind: 'member-added', memberID: end.value.memberID })
          : end;
      });
    case 'promote-learner':
      return asked(step, hands, undefined, async (endpoints) =>
        plain(await admin.promote(endpoints, step.member, signal)),
      );
    case 'move-leader':
      return asked(step, hands, undefined, async ([leader]) =>
        plain(await admin.moveLeader(leader, step.to, signal)),
      );
    case 'remove-member':
      return asked(step, hands, step.member, async (endpoints) =>
        plain(await admin.remove(endpoints, step.member, signal)),
      );
    case 'update-peer-urls':
      return asked(step, hands, undefined, async (endpoints) =>
        plain(await admin.updatePeerURLs(endpoints, step.member, step.peerURLs, signal)),
      );
    case 'set-aside-data': {
      const end = await driver.setAsideData(step.host, step.proof, signal);
      return end.kind === 'applied'
        ? applied({ kind: 'data-moved', movedTo: end.value.movedTo })
        : end;
    }
    case 'start-gateway':
      return plain(await driver.startGateway(step.host, step.launch, signal));
    case 'stop-gateway':
      return plain(await driver.stopGateway(step.host, { graceMs: GATEWAY_GRACE_MS }, signal));
    case 'update-consumer':
      return tellConsumer(step, hands, signal);
    case 'install-certificates': {
      const { writeFiles } = driver;
      if (writeFiles === undefined) return refused(noCertificatesHere({ host: step.host }));
      const made = await certificates.issue(step, signal);
      if (!made.ok) return refused(made.error);
      if (signal.aborted)
        return refused(stepNotBegun({ step: describeStep(step), cluster: record.name }));
      return plain(await writeFiles(step.host, made.value, signal));
    }
    case 'advance-rotation':
      return plain(await certificates.advance(step.to, signal));
    case 'record-birth': {
      assert(
        record.clusterID === undefined || record.clusterID === step.clusterID,
        'a second birth was planned for a cluster that was born',
      );
      const written = await store.writeRecord({ ...record, clusterID: step.clusterID });
      return written.ok ? applied(undefined) : refused(written.error);
    }
    default:
      return assertNever(step);
  }
}

async function tellConsumer(
  step: Extract<Step, { kind: 'update-consumer' }>,
  { consumers, target }: Hands,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const consumer = target.consumers?.find((each) => consumerID(each) === step.consumer);
  return consumers === undefined || consumer === undefined
    ? refused(noConsumersHere({ consumer: step.consumer }))
    : plain(await consumers.update(consumer, step.endpoints, signal));
}

const plain = (outcome: Outcome): StepOutcome => outcome;

/** Hands the endpoints to the request, or refuses when there is nobody to send it to. */
async function asked(
  step: Step,
  hands: Hands,
  leaving: MemberID | undefined,
  request: (endpoints: readonly [string, ...string[]]) => Promise<StepOutcome>,
): Promise<StepOutcome> {
  const [first, ...rest] = endpointsFor(hands, step.kind === 'move-leader', leaving);
  return first === undefined
    ? refused(noEndpoint({ step: describeStep(step) }))
    : request([first, ...rest]);
}

/**
 * Client URLs of the healthy voters, the leader first. A member that leaves is asked last: it may stop before it
 * answers. Moving the leader is sent to the leader alone, etcd refuses it elsewhere.
 */
function endpointsFor(
  { standing, clientURLs }: Hands,
  leaderOnly: boolean,
  leaving: MemberID | undefined,
): readonly string[] {
  const rank = (id: MemberID): number =>
    id === leaving ? 2 : id === standing.leader?.member.id ? 0 : 1;
  // Whoever leads is asked to hand over whatever else is wrong with it: that is often why it is asked.
  const asked = leaderOnly
    ? standing.voters.filter(({ member }) => member.id === standing.leader?.member.id)
    : standing.healthyVoters;
  return asked
    .toSorted((a, b) => rank(a.member.id) - rank(b.member.id))
    .flatMap(({ member, sight }) => {
      const url =
        (sight === undefined ? undefined : clientURLs.get(sight.host)) ?? member.clientURLs[0];
      return url === undefined ? [] : [url];
    });
}
