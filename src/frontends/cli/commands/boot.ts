import { type Problem, nearest } from '../../../base/index.js';
import { type Context, fail, show, tell } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { BootHook } from '../ports.js';
import { badValue } from '../problems.js';
import { wordView } from '../views/word.js';

export interface BootOptions {
  readonly hook?: string;
}

const HOOKS = ['systemd', 'cron'] as const satisfies readonly BootHook[];
const SUPERVISE_MS = 10_000;

/** After a start of the machine: every cluster that should be up gets its supervisor, which starts the members. */
export async function boot(context: Context, { hook }: BootOptions): Promise<ExitCode> {
  if (hook !== undefined) return printHook(context, hook);
  const { clusters } = context.ports;
  const started: string[] = [];
  const left: string[] = [];
  const problems: Problem[] = [];
  for (const name of await clusters.list()) {
    const cluster = clusters.open(name);
    const wish = await cluster.store.readWish();
    if (!wish.ok) {
      problems.push(wish.error);
      continue;
    }
    if (wish.value?.state !== 'up') {
      left.push(name);
      continue;
    }
    const supervised = await cluster.supervise(AbortSignal.timeout(SUPERVISE_MS));
    if (supervised.ok) {
      const pid = supervised.value?.pid;
      tell(
        context,
        `${name}: ${pid === undefined ? 'kept by its hosts' : `kept by process ${pid}`}`,
      );
      started.push(name);
    } else {
      problems.push(supervised.error);
    }
  }
  if (problems.length > 0) return fail(context, problems);
  await show(context, wordView, {
    text:
      started.length === 0
        ? 'No cluster of this machine is asked to be up\n'
        : `Kept again: ${started.join(', ')}\n`,
    data: { kept: started, down: left },
  });
  return EXIT.done;
}

function printHook(context: Context, hook: string): Promise<ExitCode> {
  const known = HOOKS.find((each) => each === hook);
  if (known === undefined) {
    const near = nearest(hook, HOOKS) ?? '';
    const problem = badValue({
      what: 'The hook',
      found: hook,
      allowed: HOOKS.join(', '),
      nearest: near,
    });
    return fail(context, problem, EXIT.usage);
  }
  context.io.out(context.ports.bootHook(known));
  return Promise.resolve(EXIT.done);
}
