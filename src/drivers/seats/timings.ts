/** Every wait of the store, so that a test or a slow network can set it. */
export interface SeatTimings {
  /** How long a lease lasts on a host. */
  readonly leaseMs: number;
  /** One question to one host. It goes on in the background when a majority has answered before. */
  readonly hostMs: number;
  /** What was read may serve the other questions of the same turn for so long. */
  readonly turnMs: number;
  /** Between two tries for something that another seat is just changing; times a random number between one and two. */
  readonly retryMs: number;
}

export const DEFAULT_TIMINGS: SeatTimings = {
  leaseMs: 30_000,
  hostMs: 5_000,
  turnMs: 1_000,
  retryMs: 150,
};

/** A holder renews three times in the life of a lease. */
export const renewMs = ({ leaseMs }: SeatTimings): number => leaseMs / 3;

/** It counts a tenth less than the hosts: clocks run a little differently, and a step takes a moment to begin. */
export const trustedMs = ({ leaseMs }: SeatTimings): number => leaseMs - leaseMs / 10;

/**
 * What a holder had begun before his end may take to arrive and to be done: as much as lies between the moment in which a
 * living one believes in his lease no more and the end of it.
 */
export const drainMs = (timings: SeatTimings): number => timings.leaseMs - trustedMs(timings);

/** How often something is tried again that another seat is just changing. */
export const TRIES_MAX = 6;
