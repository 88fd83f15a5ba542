import type { JsonValue } from '../../../base/index.js';
import type { Style } from '../io.js';

/**
 * How one kind of result is shown. `data` is the contract of `-o json` and `-o yaml`; `text` is for people and may
 * change. A command makes the value and never formats.
 */
export interface View<T> {
  /** Whole lines, the last one with its line break. */
  text(value: T, style: Style): string;
  data(value: T): JsonValue;
}

export const FORMATS = ['text', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** The value as the person asked for it. */
export async function render<T>(
  view: View<T>,
  value: T,
  format: Format,
  style: Style,
): Promise<string> {
  switch (format) {
    case 'text':
      return view.text(value, style);
    case 'json':
      return `${JSON.stringify(view.data(value), null, 2)}\n`;
    case 'yaml': {
      // Imported here: only those who ask for YAML pay for loading its library.
      const { stringify } = await import('./yaml-text.js');
      return stringify(view.data(value));
    }
  }
}
