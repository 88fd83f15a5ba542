import { setMaxListeners } from 'node:events';
import {
  type Clock,
  type Logger,
  type Problem,
  type Random,
  assertNever,
  withDeadline,
} from '../../base/index.js';
import { type Observation, leaderOf, standingOf } from '../../core/cluster/index.js';
import {
  MEMBERSHIP_STEPS,
  NOTHING_LATELY,
  type Plan,
  type PlanInput,
  plan as corePlan,
  remember,
} from '../../core/planner/index.js';
import { newJournalID } from '../journal/index.js';
import type {
  BirthRecords,
  Certificates,
  ClusterStore,
  Consumers,
  EtcdAdmin,
  HeldLock,
  HostDriver,
  JournalEntry,
  LookWindow,
  MeetingPlaces,
} from '../ports/index.js';
import { NOWHERE, UNSEEN_RECORDS } from './birth-help.js';
import { NO_CERTIFICATES } from './authorities.js';
import { carryOut } from './carry-out.js';
import { type ControllerEvent, summaryOf } from './events.js';
import { type Sighting, observe } from './observe.js';
import { type Prepared, type ResolveTarget, forgetRetired, prepare } from './prepare.js';
import { lockLost } from './problems.js';
import { quietPeriod } from './quiet.js';
import { type RunEnd, type RunOptions, run } from './run.js';
import { type ControllerTimings, DEFAULT_TIMINGS, probeDeadlineMs } from './timings.js';
import type { TurnResult, TurnView } from './turn.js';

export interface ControllerParts {
  readonly driver: HostDriver;
  readonly admin: EtcdAdmin;
  readonly store: ClusterStore;
  /** Taken by the caller, released by the caller. */
  readonly lock: HeldLock;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly resolveTarget: ResolveTarget;
  /** Absent: nobody is born by discovery here. */
  readonly meetingPlaces?: MeetingPlaces;
  /** Absent: nobody is born by DNS here. */
  readonly birthRecords?: BirthRecords;
  /** Absent: no consumer is reached here. */
  readonly consumers?: Consumers;
  /** Absent: nobody makes certificates here. */
  readonly certificates?: Certificates;
  /** Absent: no look is joined with another question. */
  readonly looks?: LookWindow;
  /**
   * What has to be there before the first step, and before nothing is left to do: who comes so far waits for it, and then
   * looks again. Never rejects, and ends by itself when the run is interrupted. Absent: nothing.
   */
  readonly ready?: Promise<void>;
  /** Default: core/planner's. */
  readonly plan?: (input: PlanInput) => Plan;
  readonly onEvent?: (event: ControllerEvent) => void;
  /** Who runs this, for the journal's first and last line of a run. */
  readonly who?: { readonly pid: number; readonly purpose: string };
  readonly timings?: Partial<ControllerTimings>;
}

export interface Controller {
  /** Observe, plan, carry out at most one step. Throws only for bugs, after what it did is in the journal. */
  turn(signal: AbortSignal): Promise<TurnResult>;
  /** Turns and pauses until `until`, the deadline, the signal, or the loss of the lock. */
  run(options: RunOptions): Promise<RunEnd>;
}

type Ready = Extract<Prepared, { kind: 'ready' }>;
type StepPlan = Extract<Plan, { kind: 'step' }>;

/** Decided before anybody's consumers are looked at: rules about them never stand in the way of these. */
const isRepair = (plan: Plan): boolean =>
  plan.kind === 'step' && (plan.step.kind === 'start-member' || plan.step.kind === 'remove-member');

/**
 * The loop over one cluster. It keeps no truth in memory: kill it anywhere, make another, and it goes on. Beside the
 * quiet period (re-read from the journal) it remembers only who looked unwell of late and what it said last.
 */
export function createController(parts: ControllerParts): Controller {
  const { clock, logger, random, store } = parts;
  const timings = { ...DEFAULT_TIMINGS, ...parts.timings };
  const plan = parts.plan ?? corePlan;
  const certificates = parts.certificates ?? NO_CERTIFICATES;
  const desk = { meetingPlaces: NOWHERE, birthRecords: UNSEEN_RECORDS, ...parts, certificates };
  let turnsWithoutLeader = 0;
  let lately = NOTHING_LATELY;
  let generation: number | undefined;
  let saidLast = '';
  let isReady = parts.ready === undefined;
  let waitedMs = 0;
  void parts.ready?.then(() => {
    isReady = true;
  });

  const emit = (event: ControllerEvent): void => {
    try {
      parts.onEvent?.(event);
    } catch (error) {
      logger.log('error', 'a listener to controller events threw', { error: String(error) });
    }
  };
  const journal = async (entry: JournalEntry, durable = false): Promise<Problem | undefined> => {
    const written = await store.appendJournal(entry, { durable });
    if (written.ok) return undefined;
    logger.log('warn', 'an entry is missing in the journal', { problem: written.error.summary });
    return written.error;
  };
  const quiet = quietPeriod({
    clock,
    store,
    underWayMs: timings.underWayMs,
    emit,
    journal: async (entry) => void (await journal(entry, true)),
  });

  /** What a plan says goes into the journal when it changes, not every turn. */
  const say = async (
    what: 'wait' | 'blocked' | 'converged',
    because: string,
    problem?: Problem,
  ): Promise<void> => {
    const said = `${what} ${because} ${problem?.summary ?? ''}`;
    if (said === saidLast) return;
    saidLast = said;
    const more = problem === undefined ? {} : { problem };
    await journal({ kind: 'plan', at: clock.now(), plan: what, because, ...more });
  };
  const blocked = async (problems: readonly Problem[], view?: TurnView): Promise<TurnResult> => {
    emit({ kind: 'blocked', at: clock.now(), problems });
    const [first] = problems;
    await say('blocked', first?.code ?? 'blocked', first);
    return { kind: 'blocked', problems, ...(view === undefined ? {} : { view }) };
  };

  const look = async (ready: Ready, signal: AbortSignal): Promise<TurnView | undefined> => {
    const { wish, target } = ready;
    const start = { at: clock.now(), monotonicMs: clock.monotonicMs() };
    const forming = ready.record.clusterID === undefined;
    const deadlineMs = probeDeadlineMs({ forming, turnsWithoutLeader }, timings);
    const eyes = { ...parts, certificates, timings };
    const sighting = await observe(eyes, target, ready.record, deadlineMs, signal);
    if (signal.aborted) return undefined;
    const { clientURLs } = sighting;
    const members = sighting.observation;
    turnsWithoutLeader = leaderOf(members) === undefined ? turnsWithoutLeader + 1 : 0;
    const standing = standingOf(target, members, ready.record.addresses);
    lately = remember(lately, members, standing);

    await quiet.endIfSeen(members.memberList, start);
    const unresolved = quiet.current(start);
    const record = wish.paused
      ? ready.record
      : await forgetRetired(desk, wish, ready.record, members.memberList);
    const planOn = (observation: Observation): Plan =>
      plan({
        target,
        record,
        observation,
        now: clock.now(),
        lately,
        ...(unresolved === undefined ? {} : { unresolved }),
      });
    const isHurried = sighting.consumers !== undefined && isRepair(planOn(members));
    const observation = await withConsumers(sighting, isHurried, signal);
    if (signal.aborted) return undefined;
    const summary = summaryOf(standing);
    const tookMs = clock.monotonicMs() - start.monotonicMs;
    emit({ kind: 'observed', at: observation.at, observation, summary, tookMs });
    const next = planOn(observation);
    const paused = wish.paused;
    emit({ kind: 'planned', at: clock.now(), plan: next, target, summary, paused });
    return { wish, record, target, observation, standing, clientURLs, plan: next };
  };

  /** Consumers are waited for, but not long while a member needs us. */
  const withConsumers = async (
    { observation, consumers }: Sighting,
    isHurried: boolean,
    signal: AbortSignal,
  ): Promise<Observation> => {
    if (consumers === undefined) return observation;
    const deadlineMs = isHurried ? timings.hurriedConsumerMs : timings.consumerMs;
    const seen = await withDeadline(clock, deadlineMs, signal, () => consumers);
    return seen.late ? observation : { ...observation, consumers: seen.value };
  };

  const act = async (
    view: TurnView,
    planned: StepPlan,
    signal: AbortSignal,
  ): Promise<TurnResult> => {
    const { step, because, margin } = planned;
    const id = newJournalID(random);
    const decidedAt = clock.now();
    const unwritten = await journal(
      { kind: 'decided', at: decidedAt, id, step, because, margin },
      true,
    );
    if (unwritten !== undefined) return blocked([unwritten], view);
    saidLast = '';
    emit({ kind: 'step-started', at: decidedAt, id, step, because, margin });
    const startedMs = clock.monotonicMs();
    const { outcome, bug } = await carryOut(step, { ...parts, certificates, ...view }, signal);
    if (outcome.kind === 'unknown') quiet.begin(id, step, decidedAt);

    const end = {
      at: clock.now(),
      id,
      tookMs: clock.monotonicMs() - startedMs,
      ...(outcome.kind === 'applied' ? {} : { problem: outcome.problem }),
    };
    await journal(
      { kind: 'outcome', ...end, outcome: outcome.kind, step: step.kind },
      MEMBERSHIP_STEPS.has(step.kind),
    );
    const detail = outcome.kind === 'applied' ? outcome.value : undefined;
    emit({
      kind: 'step-ended',
      ...end,
      step,
      outcome: outcome.kind,
      ...(detail === undefined ? {} : { detail }),
    });
    if (bug !== undefined) throw bug;
    return outcome.kind === 'refused' && lockLost.is(outcome.problem)
      ? { kind: 'lock-lost', problem: outcome.problem }
      : { kind: 'step', step, outcome, view };
  };

  const turn = async (signal: AbortSignal): Promise<TurnResult> => {
    const end = await lookedTurn(signal);
    if (end !== 'not-ready') return end;
    // What was seen before that is too old to act on.
    const beganMs = clock.monotonicMs();
    await parts.ready;
    waitedMs += clock.monotonicMs() - beganMs;
    return signal.aborted ? { kind: 'cancelled' } : turn(signal);
  };

  const lookedTurn = async (signal: AbortSignal): Promise<TurnResult | 'not-ready'> => {
    parts.looks?.open();
    try {
      return await oneTurn(signal);
    } finally {
      parts.looks?.close();
    }
  };

  const oneTurn = async (signal: AbortSignal): Promise<TurnResult | 'not-ready'> => {
    if (signal.aborted) return { kind: 'cancelled' };
    // Every question of a turn listens to this one signal, four per host; all are gone when the turn ends.
    setMaxListeners(0, signal);
    if (!(await parts.lock.stillHeld())) {
      return { kind: 'lock-lost', problem: lockLost({ step: 'look at the cluster' }) };
    }
    const [prepared, unread] = await Promise.all([prepare(desk, signal), quiet.ready()]);
    if (signal.aborted) return { kind: 'cancelled' };
    if (prepared.wish !== undefined && prepared.wish.generation !== generation) {
      generation = prepared.wish.generation;
      emit({ kind: 'wish-changed', at: clock.now(), generation });
    }
    if (prepared.kind === 'blocked') {
      const lost = prepared.problems.find(lockLost.is);
      return lost === undefined ? blocked(prepared.problems) : { kind: 'lock-lost', problem: lost };
    }
    if (unread !== undefined) return blocked([unread]);
    const view = await look(prepared, signal);
    if (view === undefined) return { kind: 'cancelled' };
    const { plan: next } = view;
    switch (next.kind) {
      case 'step':
        if (!view.wish.paused) return isReady ? act(view, next, signal) : 'not-ready';
        emit({ kind: 'paused', at: clock.now(), plan: next });
        return { kind: 'paused', plan: next, view };
      case 'wait':
        emit({ kind: 'waiting', at: clock.now(), plan: next });
        await say('wait', next.because, next.problem);
        return { kind: 'wait', plan: next, view };
      case 'blocked':
        return blocked([next.problem], view);
      case 'converged':
        if (!isReady) return 'not-ready';
        emit({ kind: 'converged', at: clock.now() });
        await say('converged', 'converged');
        return { kind: 'converged', view };
      default:
        return assertNever(next);
    }
  };

  return {
    turn,
    run: (options) =>
      run(options, {
        turn,
        journal,
        store,
        clock,
        timings,
        who: parts.who,
        generation: () => generation,
        waitedMs: () => waitedMs,
      }),
  };
}
