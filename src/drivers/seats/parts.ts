import type { Problem, Random } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { Asking, HostAnswers } from './ask.js';
import { opAnswer } from './ask.js';
import type { HostOp } from './host-request.js';
import { type SeatTimings, trustedMs } from './timings.js';

/** Who we are. */
export interface Seat {
  /** For people: `user@machine`. */
  readonly name: string;
  readonly pid: number;
  /** LockWho.life of this process. */
  readonly life?: string;
  /** Whether that process has ended for certain, which only its own machine can tell. Absent: nobody knows of any. */
  readonly hasEnded?: (process: {
    readonly pid: number;
    readonly life: string;
  }) => Promise<boolean>;
}

/** What everything in this room works with. */
export interface SeatParts extends Asking {
  /** The hosts that the spec of this seat names; where the state really is, they say themselves. */
  readonly hints: readonly HostName[];
  readonly random: Random;
  readonly seat: Seat;
  readonly timings: SeatTimings;
  /** Hears of what was mended, and of what could not be. */
  readonly tell: (problem: Problem) => void;
}

export const leaseTimes = ({ timings }: SeatParts) => ({
  leaseMs: timings.leaseMs,
  trustedMs: trustedMs(timings),
});

/** A while, of no fixed length: two seats that are in each other's way must not stay in step. */
export const pause = ({ clock, random, timings, signal }: SeatParts): Promise<void> =>
  clock.sleep(timings.retryMs * (1 + random.next()), signal);

/** Why hosts did not do it, each in its own words. */
export function refusals(
  hosts: readonly HostName[],
  answers: HostAnswers,
  op: HostOp,
): { readonly host: string; readonly because: string }[] {
  return hosts.flatMap((host) => {
    const answer = answers.get(host);
    if (answer?.kind === 'silent') return [{ host, because: answer.because }];
    const word = opAnswer(answer, op);
    return word === 'ok' ? [] : [{ host, because: WORDS[word ?? 'none'] }];
  });
}

const WORDS = {
  none: 'no answer yet',
  held: 'another seat has its lease',
  low: 'it has seen a higher number',
  fenced: 'it has seen a newer lock',
  old: 'it has a newer record',
  stale: 'it knows a newer set of hosts',
  blank: 'it holds no state',
  damaged: 'a file there is damaged',
  foreign: 'it holds the state of another cluster of this name',
  founded: 'it holds a state already',
  skipped: 'an earlier part was refused',
} as const;
