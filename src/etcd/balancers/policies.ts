import type { Endpoint } from '../endpoints.js';
import { rankOf, type EndpointState } from './state.js';

/** `consensus` needs the leader in the end; `local` is answered by a member from its own data. */
export type CallClass = 'consensus' | 'local';

/** An immutable answer to where calls go, made from the states of one moment. */
export interface Picker {
  /** Every endpoint, in the order in which this call tries them. `turn` counts calls. */
  order(call: CallClass, turn: number): readonly Endpoint[];
  /** After how long without an answer a repeatable read goes to the next endpoint too; undefined: it waits. */
  readonly hedgeAfterMs: number | undefined;
}

/** A policy is a pure function; health only orders endpoints and never takes the last one away. */
export type Policy = (states: readonly EndpointState[]) => Picker;

/** `healthy`: see `healthy` below. `pin-first`: one endpoint until it fails. `round-robin`: each in turn. */
export type BalancerName = 'healthy' | 'pin-first' | 'round-robin';

/** Stays with the endpoint that connected first until it fails; then with the next, those that failed last at the end. */
export const pinFirst: Policy = (states) => {
  const pinned = (state: EndpointState) => state.answeredMs ?? Number.NEGATIVE_INFINITY;
  const order = states
    .toSorted(
      (a, b) =>
        compare(a.failedMs ?? Number.NEGATIVE_INFINITY, b.failedMs ?? Number.NEGATIVE_INFINITY) ||
        compare(pinned(b), pinned(a)) ||
        compare(
          a.connectedAs ?? Number.POSITIVE_INFINITY,
          b.connectedAs ?? Number.POSITIVE_INFINITY,
        ),
    )
    .map(({ endpoint }) => endpoint);
  return { order: () => order, hedgeAfterMs: undefined };
};

/** Each endpoint in turn; those whose last call failed come after the others. */
export const roundRobin: Policy = (states) => ({
  order: (_call, turn) =>
    rotated(states, turn)
      .toSorted((a, b) =>
        compare(Number(a.failedMs !== undefined), Number(b.failedMs !== undefined)),
      )
      .map(({ endpoint }) => endpoint),
  hedgeAfterMs: undefined,
});

/** A hedge comes when the answer is late for this endpoint, within these bounds. */
const HEDGE_FACTOR = 8;
const HEDGE_MS_MIN = 50;
const HEDGE_MS_MAX = 500;

/**
 * The leader first for what needs it: it saves a hop, and etcd silently drops what a follower forwards while leadership
 * moves. Local reads go round the members that are well. Everybody else follows from better to worse.
 */
export const healthy: Policy = (states) => {
  const byRank = states.toSorted(
    (a, b) =>
      compare(rankOf(a.condition), rankOf(b.condition)) ||
      compare(Number(b.isLeader), Number(a.isLeader)) ||
      compare(a.connectedAs ?? Number.POSITIVE_INFINITY, b.connectedAs ?? Number.POSITIVE_INFINITY),
  );
  const consensus = byRank.map(({ endpoint }) => endpoint);
  const well = byRank.filter(({ condition }) => condition === 'well');
  const others = byRank.filter(({ condition }) => condition !== 'well');
  const latencyMs = byRank[0]?.latencyMs;
  return {
    order: (call, turn) =>
      call === 'consensus'
        ? consensus
        : [...rotated(well, turn), ...others].map(({ endpoint }) => endpoint),
    hedgeAfterMs:
      latencyMs === undefined
        ? HEDGE_MS_MAX
        : Math.min(HEDGE_MS_MAX, Math.max(HEDGE_MS_MIN, HEDGE_FACTOR * latencyMs)),
  };
};

export const POLICIES: Readonly<Record<BalancerName, Policy>> = {
  healthy,
  'pin-first': pinFirst,
  'round-robin': roundRobin,
};

const rotated = <T>(list: readonly T[], turn: number): readonly T[] => {
  const start = list.length === 0 ? 0 : turn % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
};

/** Also of two infinities, whose difference is no number. */
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);
