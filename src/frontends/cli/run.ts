import { CommanderError } from 'commander';
import { nearest } from '../../base/index.js';
import { type CommonOptions, type Context, contextOf, fail } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { CliIO } from './io.js';
import type { CliPorts } from './ports.js';
import { badValue, usage } from './problems.js';
import { buildProgram } from './program.js';
import type { Handler } from './tree/tools.js';
import { FORMATS, type Format } from './views/view.js';

/** Ctrl-C at the second time: nothing is waited for any more. As shells count it: 128 + SIGINT. */
const EXIT_INTERRUPTED = 130;

export interface RunHooks {
  /** Ends the process at once; for the second Ctrl-C. */
  readonly exitNow: (code: number) => void;
}

/**
 * Runs one command line and answers its exit code. Never throws for what a person typed or what the world does.
 *
 * @param args without `node` and the program's path.
 */
export async function runCLI(
  args: readonly string[],
  io: CliIO,
  ports: CliPorts,
  hooks: RunHooks,
): Promise<number> {
  let exit: number = EXIT.done;
  const program = buildProgram(ports.programVersion, io, async (handler, options, extraFormats) => {
    exit = await runHandler(handler, options, extraFormats, io, ports, hooks);
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    return failUsage(error, args, io, ports);
  }
}

async function runHandler(
  handler: Handler,
  options: CommonOptions,
  extraFormats: readonly string[],
  io: CliIO,
  ports: CliPorts,
  { exitNow }: RunHooks,
): Promise<number> {
  const interrupt = new AbortController();
  let interrupts = 0;
  const stopListening = io.onInterrupt(() => {
    interrupts++;
    if (interrupts > 1) exitNow(EXIT_INTERRUPTED);
    else interrupt.abort(new DOMException('interrupted', 'AbortError'));
  });
  const format = FORMATS.find((each) => each === options.output);
  const context = contextOf(io, ports, options, format ?? 'text', interrupt.signal);
  try {
    if (format === undefined && !extraFormats.includes(options.output)) {
      const allowed = [...FORMATS, ...extraFormats];
      const near = nearest(options.output, allowed) ?? '';
      return await fail(
        context,
        badValue({
          what: 'The output format',
          found: options.output,
          allowed: allowed.join(', '),
          nearest: near,
        }),
        EXIT.usage,
      );
    }
    return await handler(context);
  } finally {
    stopListening();
  }
}

/** What the command line's own reader refused, as a problem like any other. */
function failUsage(
  error: CommanderError,
  args: readonly string[],
  io: CliIO,
  ports: CliPorts,
): Promise<ExitCode> {
  const format = formatTyped(args);
  const options = {
    output: format,
    quiet: false,
    colour: true,
    cluster: undefined,
    specFile: undefined,
  };
  const context: Context = contextOf(io, ports, options, format, new AbortController().signal);
  // No subcommand given: its help was the answer.
  if (error.code === 'commander.help') return Promise.resolve(EXIT.usage);
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = rest.join(' ').replace(/^\(|\)$/g, '');
  const hint = suggestion === '' ? 'See how it is used:\n  quorate --help' : suggestion;
  return fail(context, usage({ message: sentence(first), hint }), EXIT.usage);
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The format that a command line asks for, when it could not be read as a whole. */
function formatTyped(args: readonly string[]): Format {
  const typed = args.flatMap((arg, i) => {
    if (arg === '-o' || arg === '--output') return [args[i + 1]];
    return [/^(?:--output=|-o)(.+)$/.exec(arg)?.[1]];
  });
  return FORMATS.find((format) => typed.includes(format)) ?? 'text';
}
