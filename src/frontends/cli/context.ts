import type { Problem } from '../../base/index.js';
import type { JournalEntry } from '../../engine/ports/index.js';
import { progressLine } from './views/progress.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { type CliIO, type Style, styleFor } from './io.js';
import type { CliPorts } from './ports.js';
import { problemsView } from './views/problems.js';
import { type Format, type View, render } from './views/view.js';

/** What every command gets. */
export interface Context {
  readonly io: CliIO;
  readonly ports: CliPorts;
  readonly format: Format;
  /** The format word as typed; commands with more formats than three read it themselves. */
  readonly output: string;
  readonly quiet: boolean;
  /** `--cluster`, else `QUORATE_CLUSTER`; undefined when nobody named one. */
  readonly cluster: string | undefined;
  /** `--file`, for a command that means the cluster of a spec file: how a seat that never saw it reaches its hosts. */
  readonly specFile: string | undefined;
  /** `--cluster` alone: for what a variable that lies around must not redirect. */
  readonly typedCluster: string | undefined;
  /** Aborts at the first Ctrl-C: finish the step under way, then end. */
  readonly interrupt: AbortSignal;
  /** Whether a result stands on standard output already: one command writes one document. */
  readonly hasShown: () => boolean;
  /** For results. */
  readonly outStyle: Style;
  /** For progress and problems. */
  readonly errStyle: Style;
}

export interface CommonOptions {
  readonly output: string;
  readonly quiet: boolean;
  readonly colour: boolean;
  readonly cluster: string | undefined;
  readonly specFile: string | undefined;
}

export function contextOf(
  io: CliIO,
  ports: CliPorts,
  options: CommonOptions,
  format: Format,
  interrupt: AbortSignal,
): Context {
  const env = options.colour ? io.env : { ...io.env, NO_COLOR: '1' };
  const named = options.cluster ?? io.env['QUORATE_CLUSTER'];
  let hasShown = false;
  const out = (text: string): void => {
    hasShown = true;
    io.out(text);
  };
  return {
    io: { ...io, out },
    hasShown: () => hasShown,
    ports,
    format,
    output: options.output,
    quiet: options.quiet,
    cluster: named === '' ? undefined : named,
    specFile: options.specFile,
    typedCluster: options.cluster === '' ? undefined : options.cluster,
    interrupt,
    outStyle: styleFor(io.outIsTerminal, env),
    errStyle: styleFor(io.errIsTerminal, env),
  };
}

/** Writes a result to standard output in the format asked for. */
export async function show<T>(context: Context, view: View<T>, value: T): Promise<void> {
  context.io.out(await render(view, value, context.format, context.outStyle));
}

/**
 * Tells problems and answers the exit code to end with: for people on standard error, for scripts on standard output,
 * because there the problems are the result; unless another result stands there already.
 */
export async function fail(
  context: Context,
  problems: readonly Problem[] | Problem,
  exit: ExitCode = EXIT.failed,
): Promise<ExitCode> {
  const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
  if (context.format === 'text' || context.hasShown()) {
    context.io.err(problemsView.text(list, context.errStyle));
  } else await show(context, problemsView, list);
  return exit;
}

/** A remark for people while something goes on. Never part of a result. */
export function tell(context: Context, line: string): void {
  if (!context.quiet) context.io.err(`${line}\n`);
}

/** A line of the journal, told as progress. */
export function tellEntry(context: Context, entry: JournalEntry): void {
  const line = progressLine(entry, context.errStyle);
  if (line !== undefined) tell(context, line);
}
