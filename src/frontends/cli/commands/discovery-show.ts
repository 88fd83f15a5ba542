import { type Result, isAbort, ok } from '../../../base/index.js';
import { type Context, fail, show } from '../context.js';
import type { TokenPlace } from '../discovery-ports.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { tokenView } from '../views/discovery.js';
import { render } from '../views/view.js';
import { type StorageOptions, anyStorage } from './discovery-storage.js';

export interface DiscoveryShowOptions extends StorageOptions {
  readonly service?: string;
  readonly watch?: boolean;
}

const REDRAW_MS = 1000;
const CLEAR = '\u001b[2J\u001b[H';

/** Who has registered, who is missing, what is wrong. */
export async function discoveryShow(
  context: Context,
  token: string,
  options: DiscoveryShowOptions,
): Promise<ExitCode> {
  const place = await placeOf(context, token, options);
  if (!place.ok) return fail(context, place.error, EXIT.usage);
  if (options.watch === true) return watchToken(context, place.value);
  const discovery = await context.ports.discovery();
  const look = await discovery.look(place.value, context.interrupt);
  if (!look.ok) return fail(context, look.error);
  await show(context, tokenView, look.value);
  return EXIT.done;
}

/** A URL is asked as members ask it; a bare token in the etcd that keeps it. */
async function placeOf(
  context: Context,
  token: string,
  options: DiscoveryShowOptions,
): Promise<Result<TokenPlace>> {
  if (/^https?:\/\//.test(token)) return ok({ kind: 'url', url: token });
  const { service, endpoints } = options;
  if (service !== undefined && endpoints === undefined) {
    return ok({ kind: 'url', url: `${service.replace(/\/+$/, '')}/${token}` });
  }
  const storage = await anyStorage(context, options);
  return storage.ok ? ok({ kind: 'storage', storage: storage.value, token }) : storage;
}

/** Redraws on a terminal; elsewhere one look after the other, as a stream. Ends with Ctrl-C. */
async function watchToken(context: Context, place: TokenPlace): Promise<ExitCode> {
  const { io, interrupt, ports } = context;
  const discovery = await ports.discovery();
  while (!interrupt.aborted) {
    const look = await discovery.look(place, interrupt);
    if (interrupt.aborted) break;
    if (!look.ok) return fail(context, look.error);
    const text = await render(tokenView, look.value, context.format, context.outStyle);
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
