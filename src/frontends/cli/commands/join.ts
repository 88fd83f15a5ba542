import { assertNever } from '../../../base/index.js';
import { type Context, fail, tell } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { JoinEnd, JoinState } from '../join-ports.js';
import { joinView } from '../views/join.js';
import { render } from '../views/view.js';

export interface JoinOptions {
  readonly name: string;
  readonly discovery?: string;
  readonly discoveryToken?: string;
  readonly discoveryEndpoints?: string;
  readonly listenPeer?: string;
  readonly listenClient?: string;
  readonly dataDir?: string;
  readonly version: string;
  readonly sizeExceeded: string;
  readonly offline?: boolean;
}

/** A member, or a gateway, in the foreground until Ctrl-C. Each change of what this host is, is one document. */
export async function join(context: Context, options: JoinOptions): Promise<ExitCode> {
  const { offline = false, ...typed } = options;
  const port = await context.ports.join();
  // One after the other, whatever YAML's library takes to load.
  let shown: Promise<void> = Promise.resolve();
  const end = await port.run({
    typed: {
      name: typed.name,
      discovery: typed.discovery,
      discoveryToken: typed.discoveryToken,
      discoveryEndpoints: typed.discoveryEndpoints,
      listenPeer: typed.listenPeer,
      listenClient: typed.listenClient,
      dataDir: typed.dataDir,
      version: typed.version,
      sizeExceeded: typed.sizeExceeded,
    },
    offline,
    interrupt: context.interrupt,
    onState: (state) => {
      shown = shown.then(() => showState(context, state));
    },
    tell: (line) => tell(context, line),
    onLog: (text) => {
      if (!context.quiet) context.io.err(text);
    },
  });
  await shown;
  return exitOf(context, end);
}

async function showState(context: Context, state: JoinState): Promise<void> {
  const text = await render(joinView, state, context.format, context.outStyle);
  context.io.out(context.format === 'yaml' ? `---\n${text}` : text);
}

function exitOf(context: Context, end: JoinEnd): ExitCode | Promise<ExitCode> {
  switch (end.kind) {
    case 'asked':
      return EXIT.done;
    case 'mistyped':
      return fail(context, end.problems, EXIT.usage);
    case 'refused':
      return fail(context, end.problems, EXIT.blocked);
    case 'failed':
      return fail(context, end.problems, EXIT.failed);
    default:
      return assertNever(end);
  }
}
