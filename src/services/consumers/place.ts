import type { Result } from '../../base/index.js';
import type { Spot } from './text/spot.js';

/** The file with the endpoints. */
export interface Place {
  readonly path: string;
  /** Absent: it is not there yet. */
  readonly text?: string;
  readonly sum?: string;
  /** Absent: the whole file is ours. */
  readonly spot?: Spot;
  /** Where the value of another flag stands, or why nowhere. */
  readonly flag: (flag: string, variable?: string) => Result<string, string>;
}
