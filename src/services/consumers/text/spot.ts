import { type Result, err, ok } from '../../../base/index.js';

/** A value and where it stands in a text: only that part is ever replaced. */
export interface Spot {
  readonly start: number;
  readonly end: number;
  /** As the program reads it; the same as what stands there. */
  readonly value: string;
}

/** Why a value cannot be found, or not be replaced without guessing; in words, after "its … ". */
export type SpotFault = string;

/** The text with another value in that place; every other character stays. */
export const replaceAt = (text: string, { start, end }: Spot, value: string): string =>
  text.slice(0, start) + value + text.slice(end);

/** `a,b` as both programs take it. */
export const endpointsIn = (value: string): readonly string[] =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Exactly one, or why not. */
export function onlyOne(
  spots: readonly Spot[],
  flag: string,
  where: string,
): Result<Spot, SpotFault> {
  const [spot, second] = spots;
  if (spot === undefined) return err(`--${flag} does not stand in ${where}`);
  return second === undefined ? ok(spot) : err(`--${flag} stands more than once in ${where}`);
}
