import type { MemberID, Outcome } from '../../../src/base/index.js';
import { applied, refused, unknown } from '../../../src/base/index.js';
import type { HostName, Member } from '../../../src/core/cluster/index.js';
import { type World, applyStep, landLate, ledSide } from '../../../src/core/model/index.js';
import type { Step } from '../../../src/core/planner/index.js';
import type { Life } from './life.js';
import type { Site } from './site.js';
import { trouble } from './trouble.js';

/** How long etcd itself keeps a request before it gives it up: 5 s and two elections of 1 s (etcd-facts 0). */
const REQUEST_TIMEOUT_MS = 7000;

export type Asked = Extract<
  Step,
  {
    kind: 'add-learner' | 'promote-learner' | 'remove-member' | 'update-peer-urls' | 'move-leader';
  }
>;

/** A request that changes etcd, from the moment it is sent until it can land no more. */
export interface Flight {
  readonly step: Asked;
  readonly by: Life;
  /** When the turn began in which it was decided. */
  readonly turnStartedMs: number;
  readonly sentMs: number;
  mayStillLand: boolean;
  /** It lies in the log of a leader that lost its quorum: the next election decides. */
  inLog: boolean;
}

export type Answer = Outcome<{ readonly memberID: MemberID; readonly members: readonly Member[] }>;

/** Requests on their way to etcd, inside it, and their answers on the way back. */
export class Etcd {
  readonly flights = new Set<Flight>();

  readonly site: Site;

  constructor(site: Site) {
    this.site = site;
  }

  /** Sends a request to the first endpoint that takes a connection, as the client does. */
  send(step: Asked, endpoints: readonly string[], life: Life): Promise<Answer> {
    const { site } = this;
    const { run } = site;
    return life.call<Answer>((answer) => {
      const host = endpoints
        .map((url) => site.hostAt('advertise-client-urls', url))
        .find((candidate) => candidate !== undefined);
      if (host === undefined) {
        run.clock.after(this.#travelMs(), () =>
          answer(refused(trouble({ what: 'connection refused' }))),
        );
        return;
      }
      const flight: Flight = {
        step,
        by: life,
        turnStartedMs: life.turnStartedMs,
        sentMs: run.clock.monotonicMs(),
        mayStillLand: true,
        inLog: false,
      };
      site.checks.sent(life, step);
      this.flights.add(flight);
      run.say(life.name, () => `sends ${brief(step)} to ${host}`);
      if (this.#isHit('lostShare')) {
        run.say('network', () => `loses ${brief(step)}`);
        run.count('requests: lost on the way');
        this.#over(flight);
        this.#noAnswer(answer);
        return;
      }
      run.clock.after(this.#travelMs(), () => this.#arrive(flight, host, answer));
    });
  }

  /** A leader was elected: what lay in the log of the one before it is either in the new one's log or gone for ever. */
  elected(): void {
    const inLog = [...this.flights].filter((flight) => flight.inLog);
    for (const flight of inLog) {
      flight.inLog = false;
      if (this.site.run.dice.chance(0.5)) this.#landLate(flight);
      else this.#over(flight);
    }
  }

  /** The leader has its quorum back: what lay in its log all the while is committed. */
  regained(): void {
    for (const flight of [...this.flights].filter(({ inLog }) => inLog)) {
      flight.inLog = false;
      this.#landLate(flight);
    }
  }

  #arrive(flight: Flight, host: HostName, answer: (outcome: Answer) => void): void {
    const { site } = this;
    const { run } = site;
    const { step } = flight;
    const sight = site.sightOf(host);
    const isDeaf = site.hung.has(host) || site.hostOf(host)?.seen === false;
    if (isDeaf || sight?.status.kind !== 'answered') {
      // Swallowed, or the connection broke: it never reached etcd, and the client cannot know that.
      this.#over(flight);
      if (!isDeaf) this.#noAnswer(answer);
      return;
    }
    if (step.kind === 'move-leader' && site.world.leader !== sight.status.memberID) {
      this.#over(flight);
      this.#reply(answer, refused(trouble({ what: 'not the leader' })));
      return;
    }
    const isLed = sight.status.leader !== undefined;
    const result = isLed ? applyStep(site.current(), step) : undefined;
    if (result === undefined || result.outcome === 'unknown') {
      if (ledSide(site.world) === undefined) {
        this.#waitForLeader(flight, answer);
      } else {
        // The others have a leader, and what only this side knows is overwritten when they meet again.
        this.#over(flight);
        this.#noAnswer(answer);
      }
      return;
    }
    if (result.outcome === 'refused') {
      this.#over(flight);
      run.say('etcd', () => `refuses ${brief(step)}: ${result.reason}`);
      run.count(`etcd refuses: ${step.kind} ${result.reason ?? ''}`);
      this.#reply(answer, refused(trouble({ what: result.reason ?? 'refused' })));
      return;
    }
    if (step.kind !== 'move-leader' && this.#isHit('lateShare')) {
      const ms = run.dice.whole(500, REQUEST_TIMEOUT_MS);
      run.count('requests: land late');
      run.clock.after(ms, () => this.#reply(answer, this.#landLate(flight)));
      return;
    }
    this.#reply(answer, this.#land(flight, result.world));
  }

  /** Without a leader etcd keeps the request until its time-out; whether it gets anywhere is a matter of luck. */
  #waitForLeader(flight: Flight, answer: (outcome: Answer) => void): void {
    const { run } = this.site;
    run.count('requests: meet no leader');
    const luck = run.dice.next();
    if (flight.step.kind === 'move-leader' || luck < 0.4) {
      this.#over(flight);
      this.#noAnswer(answer);
    } else if (luck < 0.8) {
      const ms = run.dice.whole(100, REQUEST_TIMEOUT_MS);
      run.clock.after(ms, () => this.#reply(answer, this.#landLate(flight)));
    } else {
      flight.inLog = true;
      this.#noAnswer(answer);
    }
  }

  #landLate(flight: Flight): Answer {
    const result = landLate(this.site.current(), flight.step);
    if (result.outcome === 'applied') return this.#land(flight, result.world);
    this.#over(flight);
    const problem = trouble({ what: result.reason ?? '' });
    return result.outcome === 'refused' ? refused(problem) : unknown(problem);
  }

  #land(flight: Flight, after: World): Answer {
    const { site } = this;
    const before = site.world;
    this.#over(flight);
    site.run.say('etcd', () => `${brief(flight.step)} lands`);
    site.checks.landed(flight, before, after);
    site.become(after);
    const added = after.members.at(-1);
    return applied({
      // Only an addition reads it.
      memberID: added?.id ?? ('' as MemberID),
      members: after.members,
    });
  }

  #reply(answer: (outcome: Answer) => void, outcome: Answer): void {
    if (this.#isHit('unansweredShare')) {
      this.site.run.count('requests: answer lost');
      this.#noAnswer(answer);
    } else {
      this.site.run.clock.after(this.#travelMs(), () => answer(outcome));
    }
  }

  /** Either the connection breaks and the client knows that it knows nothing, or nothing comes at all. */
  #noAnswer(answer: (outcome: Answer) => void): void {
    const { run } = this.site;
    if (run.dice.chance(0.5)) return;
    run.clock.after(this.#travelMs(), () =>
      answer(unknown(trouble({ what: 'the connection broke' }))),
    );
  }

  #over(flight: Flight): void {
    flight.mayStillLand = false;
    this.flights.delete(flight);
  }

  #isHit(share: 'lostShare' | 'unansweredShare' | 'lateShare'): boolean {
    const { run } = this.site;
    return run.phase === 'safety' && run.dice.chance(run.parameters[share]);
  }

  #travelMs = (): number => travelMs(this.site);
}

/** How long one message takes. */
export function travelMs({ run }: Site): number {
  const { parameters, dice, phase } = run;
  if (phase === 'safety' && dice.chance(parameters.slowShare)) {
    return dice.whole(parameters.delayMs, parameters.slowMs);
  }
  return dice.whole(0, 2 * parameters.delayMs);
}

export function brief(step: Asked): string {
  switch (step.kind) {
    case 'add-learner':
      return `add-learner ${step.peerURLs.join()}`;
    case 'move-leader':
      return `move-leader to ${step.to}`;
    case 'promote-learner':
    case 'remove-member':
      return `${step.kind} ${step.member}`;
    case 'update-peer-urls':
      return `${step.kind} ${step.member} ${step.peerURLs.join()}`;
  }
}
