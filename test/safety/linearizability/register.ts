import type { Model, Operation } from './check.js';

/** What is done to one key. Values are written once in a history, so that a read says whose write it saw. */
export type Input =
  | { readonly kind: 'get' }
  | { readonly kind: 'put'; readonly value: string }
  | { readonly kind: 'delete' }
  /** Writes `value` if the key is `expected`; null: if there is no such key. */
  | { readonly kind: 'compare-and-set'; readonly expected: string | null; readonly value: string };

export type Output =
  /** What was read; null: no such key. */
  | { readonly kind: 'got'; readonly value: string | null }
  | { readonly kind: 'put' }
  /** What the key was; null: there was none. */
  | { readonly kind: 'deleted'; readonly value: string | null }
  | { readonly kind: 'set' }
  /** The comparison did not hold; what the key was instead. */
  | { readonly kind: 'not-set'; readonly value: string | null };

/** One key of etcd. Keys do not touch each other, so each is judged alone: a history is as right as its keys are. */
export const REGISTER: Model<string | null, Input, Output> = {
  initial: null,
  textOf: (state) => (state === null ? '-' : `=${state}`),
  step: (state, input, output) => {
    switch (input.kind) {
      case 'get':
        return output === undefined || (output.kind === 'got' && output.value === state)
          ? state
          : undefined;
      case 'put':
        return input.value;
      case 'delete':
        return output === undefined || (output.kind === 'deleted' && output.value === state)
          ? null
          : undefined;
      case 'compare-and-set': {
        const holds = state === input.expected;
        if (output === undefined) return holds ? input.value : state;
        if (holds) return output.kind === 'set' ? input.value : undefined;
        return output.kind === 'not-set' && output.value === state ? state : undefined;
      }
    }
  },
};

/**
 * The history without the writes of unknown end whose value nobody names, neither as what was seen nor as what was
 * expected. Every answer about a key names what the key was, so such a write, if it happened, was overwritten before
 * anybody looked: the rest is right with it if and only if it is right without it. Each one left in doubles the search.
 */
export function withoutUnseen(
  history: readonly Operation<Input, Output>[],
): readonly Operation<Input, Output>[] {
  const named = new Set<string | null>();
  for (const { input, end } of history) {
    if (input.kind === 'compare-and-set') named.add(input.expected);
    if (end.kind === 'answered' && 'value' in end.output) named.add(end.output.value);
  }
  return history.filter(
    ({ input, end }) => end.kind === 'answered' || !('value' in input) || named.has(input.value),
  );
}
