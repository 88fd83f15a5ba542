import type { Reason } from './plan-types.js';

/** The reason as a sentence for people. */
export function sentenceOf(reason: Reason): string {
  return reason;
}
