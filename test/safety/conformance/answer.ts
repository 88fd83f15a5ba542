import type { Outcome } from '../../../src/base/index.js';
import type { Applied } from '../../../src/core/model/index.js';

/** What became of a request or a start, in words that both sides can say. */
export type Answer =
  /** Done; for a start: the member lives. */
  | { readonly kind: 'done' }
  /** Certainly not done. Several reasons when several members were asked. */
  | { readonly kind: 'refused'; readonly reasons: readonly string[] }
  /** Nobody said what became of it. */
  | { readonly kind: 'nobody'; readonly why: string };

export const tell = (answer: Answer): string => {
  switch (answer.kind) {
    case 'done':
      return 'done';
    case 'refused':
      return `refused (${answer.reasons.join(', ')})`;
    case 'nobody':
      return 'no answer';
  }
};

export function ofModel({ outcome, reason = '' }: Applied): Answer {
  switch (outcome) {
    case 'applied':
      return { kind: 'done' };
    case 'refused':
      return { kind: 'refused', reasons: [reason] };
    case 'unknown':
      return { kind: 'nobody', why: reason };
  }
}

/** What the driver calls the two ways in which data and purpose do not go together. */
const WRONG_DATA: ReadonlySet<string> = new Set(['data-present', 'data-missing']);

/** etcd's reason as the client names it, else the driver's code. */
export function ofOutcome(outcome: Outcome<unknown>): Answer {
  if (outcome.kind === 'applied') return { kind: 'done' };
  const { code, data } = outcome.problem;
  if (outcome.kind === 'unknown') return { kind: 'nobody', why: String(data['why'] ?? code) };
  // Nothing was sent, because nobody was there: for the world the same as no answer.
  if (code === 'etcd-not-reached') return { kind: 'nobody', why: String(data['why']) };
  if (code === 'etcd-refused') return { kind: 'refused', reasons: [String(data['reason'])] };
  return { kind: 'refused', reasons: [WRONG_DATA.has(code) ? 'wrong-data' : code] };
}

/**
 * How two answers compare. `more`: the model lets something happen that etcd does not; `less`: the other way round,
 * which must never be; `other`: both refuse it, for different reasons.
 */
export type Verdict = 'same' | 'more' | 'less' | 'other';

export function compare(model: Answer, etcd: Answer): Verdict {
  if (model.kind === 'done') return etcd.kind === 'done' ? 'same' : 'more';
  if (etcd.kind === 'done') return 'less';
  // Without an answer it may have happened or may still happen, so that a refusal is less.
  if (model.kind === 'nobody') return etcd.kind === 'nobody' ? 'same' : 'more';
  if (etcd.kind === 'nobody') return 'less';
  return model.reasons.some((reason) => etcd.reasons.includes(reason)) ? 'same' : 'other';
}
