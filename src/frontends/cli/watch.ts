import { type Problem, type Result, isAbort } from '../../base/index.js';
import { type Context, fail } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { type View, render } from './views/view.js';

const REDRAW_MS = 1000;
const CLEAR = '\u001b[2J\u001b[H';

/** Redraws on a terminal; elsewhere one look after the other, as a stream. Ends with Ctrl-C, or when a look fails. */
export async function watchWith<T>(
  context: Context,
  view: View<T>,
  look: () => Promise<Result<T, Problem | readonly Problem[]>>,
): Promise<ExitCode> {
  const { io, interrupt, ports } = context;
  while (!interrupt.aborted) {
    const seen = await look();
    if (interrupt.aborted) break;
    if (!seen.ok) return fail(context, seen.error);
    const text = await render(view, seen.value, context.format, context.outStyle);
    const asText = context.format === 'text';
    if (asText && io.outIsTerminal) io.out(`${CLEAR}${text}`);
    else io.out(context.format === 'yaml' ? `---\n${text}` : asText ? `${text}\n` : text);
    try {
      await ports.clock.sleep(REDRAW_MS, interrupt);
    } catch (error) {
      if (!isAbort(error) && !interrupt.aborted) throw error;
    }
  }
  return EXIT.done;
}
