import type { StepKind } from '../../core/planner/index.js';

/** How long one attempt of a step may take. Past it the outcome is unknown. */
export const STEP_DEADLINE_MS = {
  'start-member': 15_000,
  /** Longer than the driver's grace, so that the driver is the one who decides about force. */
  'stop-member': 30_000,
  'add-learner': 5_000,
  'promote-learner': 5_000,
  'move-leader': 5_000,
  'remove-member': 5_000,
  'update-peer-urls': 5_000,
  'set-aside-data': 15_000,
  'start-gateway': 15_000,
  /** Longer than the gateway's own grace. */
  'stop-gateway': 15_000,
  /** Longer than the consumer's own deadline twice: it is given its old endpoints again when it does not come back. */
  'update-consumer': 300_000,
  /** Keys are made and a few small files written. */
  'install-certificates': 15_000,
  'advance-rotation': 5_000,
  'record-birth': 5_000,
} as const satisfies Record<StepKind, number>;

/** A member that leads hands over first, which may take etcd's whole request time-out of 7 s (etcd-facts 12). */
export const STOP_GRACE_MS = 20_000;

/** A gateway lets the requests under way end, and then its connections. */
export const GATEWAY_GRACE_MS = 10_000;

/** Finding addresses: a few binds on one machine, a few round trips elsewhere. */
export const ALLOCATE_DEADLINE_MS = 15_000;

/** A few small files; keys for two authorities the first time. */
export const AUTHORITIES_DEADLINE_MS = 15_000;

/** Making a discovery token, or starting a discovery service of our own: an etcd of one member and its front. */
export const MEETING_DEADLINE_MS = 30_000;

/** Every wait of the loop, so that a test or a slow network can set it. */
export interface ControllerTimings {
  /** One look at one host through the driver. */
  readonly hostMs: number;
  /** One look at one consumer on its host. */
  readonly consumerMs: number;
  /** The same while a member is to be started or removed for good: whoever hangs on another host delays no repair. */
  readonly hurriedConsumerMs: number;
  /** Members are asked over the network at this time at the latest, whatever the driver does. */
  readonly headStartMs: number;
  /** One question to one member. */
  readonly probeMs: number;
  /** The same while no leader is known: such a member accepts and never answers (etcd-facts 8.4). */
  readonly leaderlessProbeMs: number;
  /** The same during a birth, where most questions can have no answer yet and every look finds something to do. */
  readonly formingProbeMs: number;
  /** After the first answer that knows a leader: how long the others may still join the list's endpoints. */
  readonly gatherMs: number;
  readonly formingPollMs: number;
  readonly waitPollMs: number;
  readonly steadyPollMs: number;
  /** After a step that was refused or whose outcome is unknown. */
  readonly retryPauseMs: number;
  readonly blockedPollMs: number;
  /**
   * How long after its author is gone a request may still be on its way to etcd: as long as he would have waited for an
   * answer. It comes before the quiet period of a change that he left without an end.
   */
  readonly underWayMs: number;
  /** During long pauses the wish is looked at this often. */
  readonly wishPollMs: number;
}

export const DEFAULT_TIMINGS: ControllerTimings = {
  hostMs: 1000,
  consumerMs: 2000,
  hurriedConsumerMs: 100,
  headStartMs: 100,
  probeMs: 1000,
  leaderlessProbeMs: 60,
  formingProbeMs: 60,
  gatherMs: 25,
  formingPollMs: 10,
  waitPollMs: 250,
  steadyPollMs: 500,
  retryPauseMs: 500,
  blockedPollMs: 3000,
  underWayMs: 5000,
  wishPollMs: 250,
};

/** So many turns without a leader before the short deadline doubles: a slow network is not a hung member. */
export const ESCALATE_TURNS = 8;

export interface LeaderKnowledge {
  /** The record has no cluster id yet. */
  readonly forming: boolean;
  /** Turns in a row that saw no leader; 0 at the start and after every turn that saw one. */
  readonly turnsWithoutLeader: number;
}

/**
 * How long one question to a member may take. Full when a leader is known, or when nothing is known yet of a cluster
 * that was born; short while there is none, doubling every few turns up to full.
 *
 * @example probeDeadlineMs({ forming: false, turnsWithoutLeader: 0 }, DEFAULT_TIMINGS) === 1000
 */
export function probeDeadlineMs(known: LeaderKnowledge, timings: ControllerTimings): number {
  if (!known.forming && known.turnsWithoutLeader === 0) return timings.probeMs;
  const doublings = Math.floor(known.turnsWithoutLeader / ESCALATE_TURNS);
  const shortMs = known.forming ? timings.formingProbeMs : timings.leaderlessProbeMs;
  return Math.min(timings.probeMs, shortMs * 2 ** doublings);
}
