import { type Problem } from '../../base/index.js';
import type { Context } from './context.js';
import { notConfirmed } from './problems.js';

export interface Question {
  readonly cluster: string;
  /** Completes "Did not …". */
  readonly what: string;
  /** The command to give again with `--yes=NAME`. */
  readonly command: string;
  /** The value of `--yes`, when it was given. */
  readonly yes: string | undefined;
}

/**
 * Lets a person confirm by typing the cluster's name, or takes `--yes=NAME` for it. Undefined: confirmed. Without a
 * terminal nothing is asked.
 */
export async function confirm(
  { io, interrupt }: Context,
  { cluster, what, command, yes }: Question,
): Promise<Problem | undefined> {
  if (yes === cluster) return undefined;
  if (yes !== undefined || !io.canAsk) {
    return notConfirmed({ cluster, what, command, answer: yes ?? '' });
  }
  const answer = (await io.ask(`To ${what}, type the cluster's name: `, interrupt)).trim();
  return answer === cluster ? undefined : notConfirmed({ cluster, what, command, answer });
}
