import { type Result, assert } from '../../base/index.js';

/** The schema ran the same parser, so that a refusal here is our mistake. */
export function proven<T>(parsed: Result<T, string>): T {
  assert(parsed.ok, 'the schema let a text pass that its parser refuses');
  return parsed.value;
}
