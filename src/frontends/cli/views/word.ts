import type { JsonValue } from '../../../base/index.js';
import type { View } from './view.js';

/** A result that is one sentence for people and a few fields for scripts. */
export interface Word {
  /** Whole lines. */
  readonly text: string;
  readonly data: JsonValue;
}

export const wordView: View<Word> = {
  text: ({ text }) => text,
  data: ({ data }) => data,
};
