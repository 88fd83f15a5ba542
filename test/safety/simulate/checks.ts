import type { ClusterID, MemberID } from '../../../src/base/index.js';
import type {
  ClusterRecord,
  DataSight,
  HostName,
  Member,
} from '../../../src/core/cluster/index.js';
import type { World, WorldHost } from '../../../src/core/model/index.js';
import type { PlanInput, Step, StepKind } from '../../../src/core/planner/index.js';
import { type PlannedStep, checkDecision, checkEffect } from '../checkers/index.js';
import type { JournalEntry } from '../../../src/engine/ports/index.js';
import { asSeen } from './as-seen.js';
import type { Asked, Flight } from './etcd.js';
import type { Life } from './life.js';
import type { Site } from './site.js';

/** etcd's own request time-out: after an unknown end nothing about the membership is sent for so long. */
const QUIET_MS = 7000;
/** Longer than the longest step may take. */
const ENDS_WITHOUT_LOCK_MS = 40_000;

const CHANGES_MEMBERS: ReadonlySet<string> = new Set<StepKind>([
  'add-learner',
  'promote-learner',
  'remove-member',
  'update-peer-urls',
]);

interface Decision {
  readonly id: string;
  readonly step: Step;
  readonly by: Life;
  sentCount: number;
  end: 'applied' | 'refused' | 'unknown' | undefined;
  endedBy: Life | undefined;
  /** When its author gave it up or died; from then on nobody waits for its answer. */
  givenUpMs: number | undefined;
}

/**
 * Watches one site for everything that must never happen. Own arithmetic on the true world; nothing of the planner's
 * or the controller's is used.
 */
export class Checks {
  readonly #decisions = new Map<string, Decision>();
  readonly #everHadData = new Set<MemberID>();
  #clusterID: ClusterID | undefined;
  readonly #watched = new Set<Life>();
  readonly #holders = new Set<Life>();

  readonly site: Site;

  constructor(site: Site) {
    this.site = site;
  }

  /** What was true before anything was watched. */
  begin({ clusterID, members }: World): void {
    this.#clusterID = clusterID;
    for (const { id } of members) {
      this.#everHadData.add(id);
      this.site.lastUp.set(id, 0);
    }
  }

  #fail(rule: string, what: string): void {
    this.site.run.fail(rule, `${this.site.name}: ${what}`);
  }

  /** Every step that is planned, against what the planner was shown: safe by the arithmetic of those who mistrust it. */
  planned(plan: PlannedStep, input: PlanInput): void {
    const world = asSeen(input);
    const { now: at, unresolved } = input;
    const isRead = input.observation.memberList.kind === 'linearizable';
    for (const { rule, what } of checkDecision({ plan, at, world, unresolved })) {
      // Whether one that gives no answer is well or unwell, nobody can say.
      const isStop = rule === 7 && plan.step.kind === 'stop-member';
      if (isStop && isSilent(input, plan.step.host)) continue;
      // The list was read through quorum, whoever of those behind it answered no other question.
      if (isRead && what.includes('without a list through quorum')) continue;
      this.#fail(`rule-${rule}`, `${plan.step.kind} is planned: ${what}`);
    }
  }

  /** What a step did, against the world as it is. */
  #effect(before: World, step: Step, after: World): void {
    for (const { rule, what } of checkEffect({ before, step, outcome: 'applied', after })) {
      this.#fail(`rule-${rule}`, `${step.kind} landed: ${what}`);
    }
  }

  /** A line is in the journal. */
  journalled(life: Life, entry: JournalEntry, durable: boolean): void {
    const { run } = this.site;
    if (entry.kind === 'decided') {
      run.say(
        life.name,
        () => `decides ${entry.step.kind} ${what(entry.step)}, because ${entry.because}`,
      );
      run.count(`step: ${entry.step.kind}`);
      if (!durable && life.isAlive)
        this.#fail(
          'durable-before-sent',
          `${entry.step.kind} was decided in a line that may be lost`,
        );
      if (life.wish?.paused === true)
        this.#fail('paused', `${entry.step.kind} was decided although the wish is paused`);
      const before = this.#openOf(life);
      if (before !== undefined && !life.hasLostLines) {
        this.#fail('journal', `${before.step.kind} has no outcome and its author goes on`);
      }
      const decision: Decision = {
        id: entry.id,
        step: entry.step,
        by: life,
        sentCount: 0,
        end: undefined,
        endedBy: undefined,
        givenUpMs: undefined,
      };
      this.#decisions.set(entry.id, decision);
      this.#watch(life);
    }
    if (entry.kind === 'outcome') {
      run.say(
        life.name,
        () =>
          `${entry.step} was ${entry.outcome}${entry.problem === undefined ? '' : `: ${entry.problem.summary}`}`,
      );
      const decision = this.#decisions.get(entry.id);
      if (decision === undefined)
        return this.#fail('journal', `an outcome of ${entry.step} without its decision`);
      if (decision.end === undefined) run.count(`outcome: ${entry.outcome}`);
      else run.count(`unknown resolved: ${entry.outcome}`);
      // After a lock was lost both holders may write how it ended, the new one by what it sees.
      const isKnown = decision.end === 'applied' || decision.end === 'refused';
      if (isKnown && decision.endedBy === life && entry.outcome !== decision.end) {
        this.#fail('journal', `${entry.step} was ${decision.end} first and ${entry.outcome} then`);
      }
      const isResolved =
        entry.outcome !== 'unknown' && (decision.end === 'unknown' || decision.by !== life);
      const quietMs = run.clock.monotonicMs() - (decision.givenUpMs ?? Number.NEGATIVE_INFINITY);
      if (isResolved && CHANGES_MEMBERS.has(decision.step.kind) && quietMs < QUIET_MS) {
        this.#fail(
          'quiet-period',
          `${entry.step} is called ${entry.outcome} ${quietMs} ms after it was given up`,
        );
      }
      decision.end = entry.outcome;
      decision.endedBy = life;
      if (entry.outcome === 'unknown') {
        // The line may have come to the disk late.
        const agoMs = run.clock.now() - entry.at;
        const atMs = run.clock.monotonicMs() - agoMs;
        decision.givenUpMs = Math.min(decision.givenUpMs ?? atMs, atMs);
      }
    }
  }

  /** Somebody else holds the lock now: whoever held it sends nothing more after this moment, and ends soon. */
  lockTaken(by: Life): void {
    const { run } = this.site;
    for (const life of this.#holders) {
      run.clock.after(ENDS_WITHOUT_LOCK_MS, () => {
        if (life.isAlive) this.#fail('lock', `${life.name} goes on without its lock`);
      });
    }
    this.#holders.clear();
    this.#holders.add(by);
    for (const decision of this.#decisions.values()) {
      if (decision.by !== by && decision.end === undefined) {
        decision.givenUpMs ??= this.site.run.clock.monotonicMs();
      }
    }
  }

  #watch(life: Life): void {
    if (this.#watched.has(life)) return;
    this.#watched.add(life);
    life.onEnd(() => {
      for (const decision of this.#decisions.values()) {
        if (decision.by === life && decision.end === undefined) {
          decision.givenUpMs ??= this.site.run.clock.monotonicMs();
        }
      }
    });
  }

  /** The life's decision that is being carried out now. */
  #openOf(life: Life): Decision | undefined {
    let open: Decision | undefined;
    for (const decision of this.#decisions.values()) {
      if (decision.by === life && decision.end === undefined) open = decision;
    }
    return open;
  }

  /** A request that changes etcd leaves the controller. */
  sent(life: Life, step: Asked): void {
    this.acts(life, step);
    if (!CHANGES_MEMBERS.has(step.kind)) return;
    const nowMs = this.site.run.clock.monotonicMs();
    const own = this.#openOf(life);
    for (const flight of this.site.etcd.flights) {
      if (!flight.mayStillLand || !CHANGES_MEMBERS.has(flight.step.kind)) continue;
      this.#fail(
        'one-change-at-a-time',
        `${step.kind} is sent while ${flight.step.kind}, sent at ${flight.sentMs} ms, may still land`,
      );
    }
    for (const decision of this.#decisions.values()) {
      if (decision.givenUpMs === undefined || decision === own || decision.sentCount === 0)
        continue;
      if (!CHANGES_MEMBERS.has(decision.step.kind)) continue;
      if (decision.end === 'applied' || decision.end === 'refused') continue;
      if (nowMs < decision.givenUpMs + QUIET_MS) {
        this.#fail(
          'quiet-period',
          `${step.kind} is sent ${nowMs - decision.givenUpMs} ms after ${decision.step.kind} was given up with an unknown end`,
        );
      }
    }
  }

  /** Something is done to a host or to etcd: there is a durable decision for it, once, and the lock is held. */
  acts(life: Life, step: Step): void {
    const decision = this.#openOf(life);
    if (decision === undefined || decision.step.kind !== step.kind) {
      return this.#fail(
        'durable-before-sent',
        `${step.kind} is carried out without a decision in the journal`,
      );
    }
    decision.sentCount++;
    if (decision.sentCount > 1)
      this.#fail('sent-once', `${step.kind} is carried out twice for one decision`);
    this.holdsLock(life, step.kind);
  }

  /** It is held, or it was lost in the very moment between the look at it and the step. */
  holdsLock(life: Life, doing: string): void {
    const { disk, run } = this.site;
    if (disk.holder === life) return;
    const agoMs = run.clock.monotonicMs() - (life.lockSeenAtMs ?? Number.NEGATIVE_INFINITY);
    if (agoMs > 0) {
      this.#fail(
        'lock',
        `${doing} by ${life.name}, which saw its lock ${agoMs} ms ago and has lost it since`,
      );
    }
  }

  recordWritten(record: ClusterRecord): void {
    const before = this.site.disk.record;
    if (before?.clusterID !== undefined && record.clusterID !== before.clusterID) {
      this.#fail(
        'record',
        `the ClusterID in the record goes from ${before.clusterID} to ${record.clusterID}`,
      );
    }
    for (const host of before?.issuedNew ?? []) {
      if (!record.issuedNew.includes(host))
        this.#fail('record', `it is forgotten that ${host} was told new`);
    }
    for (const host of Object.keys(before?.addresses ?? {})) {
      if (record.addresses[host] === undefined)
        this.#fail('record', `the addresses of ${host} are forgotten`);
    }
    if (record.clusterID !== undefined && record.clusterID !== this.site.world.clusterID) {
      this.#fail('record', `a ClusterID is recorded that no member has`);
    }
  }

  /** A member's process is started. */
  started(step: Extract<Step, { kind: 'start-member' }>, before: World): void {
    const { site } = this;
    if (step.launch.purpose !== 'birth') return;
    if (site.disk.record?.clusterID !== undefined) {
      return this.#fail('second-cluster', `${step.host} is told new although the cluster was born`);
    }
    if (site.disk.record?.issuedNew.includes(step.host) !== true) {
      this.#fail('second-cluster', `${step.host} is told new and the record does not know it`);
    }
    const others = before.hosts.filter(
      ({ host, data }) => host !== step.host && data.kind === 'present',
    );
    const told = others
      .map(({ process }) => (process.kind === 'running' ? listIn(process.flags) : ''))
      .find((list) => list !== '');
    if (told !== undefined && told !== listIn(step.launch.flags)) {
      this.#fail(
        'second-cluster',
        `${step.host} is told new with another member list than the others`,
      );
    }
  }

  /** A first start has come as far as its log. */
  firstLog(host: HostName, data: Extract<DataSight, { kind: 'present' }>): void {
    const { site } = this;
    this.#clusterID ??= data.clusterID;
    const somewhere = site.world.hosts.some((other) => other.data.kind === 'present');
    if (!somewhere && site.disk.record?.clusterID === undefined) this.#clusterID = data.clusterID;
    if (data.clusterID !== this.#clusterID) {
      this.#fail(
        'second-cluster',
        `${host} has data of cluster ${data.clusterID}, the others of ${this.#clusterID}`,
      );
    }
    const isVoter = site.world.members.some(
      ({ id, isLearner }) => id === data.memberID && !isLearner,
    );
    if (this.#everHadData.has(data.memberID) && isVoter) {
      this.#fail(
        'amnesia',
        `${host} starts as member ${data.memberID} again, which has lost its data`,
      );
    }
    this.#everHadData.add(data.memberID);
  }

  setAside(host: HostName, data: Extract<DataSight, { kind: 'present' }>): void {
    if (this.site.world.members.some(({ id }) => id === data.memberID)) {
      this.#fail(
        'no-data-destroyed',
        `the data of ${data.memberID} on ${host} is moved aside although it is a member`,
      );
    }
  }

  /** A membership change is committed. */
  landed(flight: Flight, before: World, after: World): void {
    const { run } = this.site;
    const { step } = flight;
    run.count(`lands: ${step.kind}`);
    if (!CHANGES_MEMBERS.has(step.kind)) return;
    this.#effect(before, step, after);
    const newcomer = step.kind === 'promote-learner' ? step.member : undefined;
    this.#keepsQuorum(flight.turnStartedMs, before, after, step.kind, newcomer);
  }

  /** We stop a member that runs. */
  stopped(life: Life, host: HostName): void {
    const { site } = this;
    if (site.disk.wish?.state === 'down' || life.wish?.state === 'down') return;
    const before = site.world;
    const after: World = {
      ...before,
      hosts: before.hosts.map((other) =>
        other.host === host ? { ...other, process: { kind: 'stopped' } } : other,
      ),
    };
    if (votersOf(before).length > 2)
      this.#keepsQuorum(life.turnStartedMs, before, after, 'stop-member', undefined);
  }

  /**
   * A quorum that was there may be gone after our own action only when more voters failed since it was decided than its
   * margin allowed. A newcomer's own fate does not count: it may fail at once.
   */
  #keepsQuorum(
    sinceMs: number,
    before: World,
    after: World,
    doing: string,
    newcomer: MemberID | undefined,
  ): void {
    const { site } = this;
    if (!hasQuorum(before)) return;
    const voters = votersOf(after);
    if (newcomer !== undefined && voters.length === 2) return;
    const quorum = quorumOf(voters.length);
    let up = 0;
    let failedSince = 0;
    for (const { id } of voters) {
      if (id === newcomer) continue;
      if (isUp(after, id)) up++;
      else if ((site.lastUp.get(id) ?? -1) >= sinceMs) failedSince++;
    }
    if (up + failedSince >= quorum) return;
    this.#fail(
      'own-action-keeps-quorum',
      `${doing} leaves ${up} of ${voters.length} voters (${failedSince} more failed since it was decided), ${quorum} are needed`,
    );
  }

  /** The world is another one now. */
  changed(before: World, after: World): void {
    const { site } = this;
    const nowMs = site.run.clock.monotonicMs();
    for (const { id } of votersOf(before)) if (isUp(before, id)) site.lastUp.set(id, nowMs);
    for (const { id } of votersOf(after)) if (isUp(after, id)) site.lastUp.set(id, nowMs);
    if (hasQuorum(before) && !hasQuorum(after)) {
      site.run.count('quorum lost');
      site.run.say(site.name, () => 'quorum is lost');
    } else if (!hasQuorum(before) && hasQuorum(after) && before.members.length > 0) {
      site.run.count('quorum regained');
    }
  }

  /** Whether anything that was sent may still change something by itself. */
  isQuiet(): boolean {
    return [...this.site.etcd.flights].every(({ inLog }) => inLog);
  }

  /** Nothing is left of the birth that was begun. */
  forget(): void {
    this.#everHadData.clear();
    this.#clusterID = undefined;
  }
}

/** The peer URLs of a birth; the ids come from them, names are free. */
const listIn = (flags: Readonly<Record<string, string>>): string =>
  (flags['initial-cluster'] ?? '')
    .split(',')
    .map((entry) => entry.replace(/^[^=]*=/, ''))
    .sort()
    .join();

const isSilent = ({ observation }: PlanInput, name: HostName): boolean =>
  observation.hosts.some(({ host, status }) => host === name && status.kind === 'silent');

const votersOf = ({ members }: World): readonly Member[] =>
  members.filter(({ isLearner }) => !isLearner);
const quorumOf = (count: number): number => Math.floor(count / 2) + 1;

/** Runs on its own data and can talk to most of the others: on the side of a cut where more voters are. */
function isUp(world: World, id: MemberID): boolean {
  const host = runningOn(world, id);
  return host !== undefined && (host.side ?? 0) === largerSide(world);
}

const runningOn = (world: World, id: MemberID): WorldHost | undefined =>
  world.hosts.find(
    ({ process, data }) =>
      process.kind === 'running' &&
      data.kind === 'present' &&
      data.memberID === id &&
      data.clusterID === world.clusterID,
  );

function largerSide(world: World): 0 | 1 {
  if (world.hosts.every(({ side }) => (side ?? 0) === 0)) return 0;
  const sides = votersOf(world).map(({ id }) => runningOn(world, id)?.side ?? 0);
  const there = sides.filter((side) => side === 1).length;
  const here = votersOf(world).filter(({ id }) => {
    const host = runningOn(world, id);
    return host !== undefined && (host.side ?? 0) === 0;
  }).length;
  return there > here ? 1 : 0;
}

function hasQuorum(world: World): boolean {
  const voters = votersOf(world);
  return (
    voters.length > 0 &&
    voters.filter(({ id }) => isUp(world, id)).length >= quorumOf(voters.length)
  );
}

/** The step without what fills lines. */
function what(step: Step): string {
  switch (step.kind) {
    case 'start-member':
      return `${step.host} (${step.launch.purpose})`;
    case 'stop-member':
    case 'add-learner':
    case 'set-aside-data':
    case 'start-gateway':
    case 'stop-gateway':
    case 'install-certificates':
      return step.host;
    case 'advance-rotation':
      return step.to;
    case 'promote-learner':
    case 'remove-member':
      return `${step.name} ${step.member}`;
    case 'move-leader':
      return `${step.fromName} to ${step.toName}`;
    case 'update-peer-urls':
      return `${step.name} to ${step.peerURLs.join()}`;
    case 'update-consumer':
      return step.consumer;
    case 'record-birth':
      return step.clusterID;
  }
}
