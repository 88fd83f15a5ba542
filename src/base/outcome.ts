import type { Problem } from './problem.js';

/**
 * How a request that changes something ended. `refused`: it certainly did not happen. `unknown`: it may have
 * happened or may still happen; a time-out is always this, and it is never repeated.
 */
export type Outcome<T = undefined> =
  | { readonly kind: 'applied'; readonly value: T }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'unknown'; readonly problem: Problem };

export function applied(): Outcome;
export function applied<T>(value: T): Outcome<T>;
export function applied<T>(value?: T): Outcome<T | undefined> {
  return { kind: 'applied', value };
}
export const refused = (problem: Problem): Outcome<never> => ({ kind: 'refused', problem });
export const unknown = (problem: Problem): Outcome<never> => ({ kind: 'unknown', problem });
