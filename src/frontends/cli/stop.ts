import { type Problem, type Result, err } from '../../base/index.js';
import { type Context, fail } from './context.js';
import type { ExitCode } from './exit-codes.js';

/** A refusal on its way to `fail`. */
export interface Stop {
  readonly problems: readonly Problem[];
  readonly exit: ExitCode;
}
export const stop = (exit: ExitCode, ...problems: readonly Problem[]): Result<never, Stop> =>
  err({ problems, exit });
export const failStop = (context: Context, { problems, exit }: Stop): Promise<ExitCode> =>
  fail(context, problems, exit);
