import type { VirtualClock } from '../../../src/base/testing/virtual-clock.js';
import { type Coverage, count } from './coverage.js';
import type { Dice } from './dice.js';
import type { Parameters } from './parameters.js';

/** What was found: which rule, and what happened, in words. */
export interface Failure {
  readonly rule: string;
  readonly what: string;
  readonly atMs: number;
}

/** What everything in the simulation of one seed shares. */
export class Run {
  failure: Failure | undefined;
  phase: 'safety' | 'liveness' = 'safety';
  readonly lines: string[] = [];

  readonly seed: number;
  readonly parameters: Parameters;
  readonly clock: VirtualClock;
  readonly dice: Dice;
  readonly coverage: Coverage;
  /** Absent: nothing is written down, which is much faster. */
  readonly tracing: boolean;

  constructor(
    seed: number,
    parameters: Parameters,
    clock: VirtualClock,
    dice: Dice,
    coverage: Coverage,
    tracing: boolean,
  ) {
    this.seed = seed;
    this.parameters = parameters;
    this.clock = clock;
    this.dice = dice;
    this.coverage = coverage;
    this.tracing = tracing;
  }

  /** One line of the trace: when, who, what. The text is made only when somebody reads it. */
  say(who: string, text: () => string): void {
    if (!this.tracing) return;
    const at = (this.clock.monotonicMs() / 1000).toFixed(3).padStart(9);
    this.lines.push(`${at}  ${who.padEnd(10)} ${text()}`);
  }

  count(what: string): void {
    count(this.coverage, what);
  }

  /** The first failure ends the run; what follows from it would say nothing new. */
  fail(rule: string, what: string): void {
    if (this.failure !== undefined) return;
    this.failure = { rule, what, atMs: this.clock.monotonicMs() };
    this.say('VIOLATION', () => `${rule}: ${what}`);
  }
}
