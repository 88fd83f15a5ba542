import { ok } from '../../../base/index.js';
import { meantCluster } from '../choose.js';
import { type Context, fail, show } from '../context.js';
import { editWish } from '../edit-wish.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { ManagedCluster } from '../ports.js';
import { waitedTooLong } from '../problems.js';
import { type PursuitEnd, failPursuit, pursue } from '../pursue.js';
import { wordView } from '../views/word.js';
import { readTimeout } from './up.js';
import { failStop } from '../stop.js';

export interface DownOptions {
  readonly timeout: string;
}

/** Whoever kept the cluster ends by itself once everything is stopped. */
const LET_GO_MS = 5000;
const LET_GO_POLL_MS = 25;

/** Stops every member and whoever keeps them; all data stays. */
export async function down(
  context: Context,
  named: string | undefined,
  options: DownOptions,
): Promise<ExitCode> {
  const timeoutMs = readTimeout(options.timeout);
  if (!timeoutMs.ok) return fail(context, timeoutMs.error, EXIT.usage);
  const cluster = await meantCluster(context, named);
  if (!cluster.ok) return failStop(context, cluster.error);
  const end = await takeDown(context, cluster.value, 'quorate down', timeoutMs.value);
  if (end.kind !== 'reached') return failPursuit(context, end);
  const { name } = cluster.value;
  await show(context, wordView, {
    text: `${name} is down; its data is kept. Bring it up again:\n  quorate up ${name}\n`,
    data: { cluster: { name }, state: 'down' },
  });
  return EXIT.done;
}

/** An explicit word ends a pause. */
export async function takeDown(
  context: Context,
  cluster: ManagedCluster,
  command: string,
  timeoutMs: number,
): Promise<PursuitEnd> {
  const edited = await editWish(context, cluster, command, (wish) =>
    ok({ ...wish, state: 'down', paused: false }),
  );
  if (!edited.ok) return { kind: 'failed', problems: [edited.error] };
  const end = await pursue(context, cluster, {
    command,
    what: 'the stop of every member',
    timeoutMs,
    reached: ({ plan, target }) => target.state === 'down' && plan.kind === 'converged',
  });
  if (end.kind !== 'reached') return end;
  return (await letGo(context, cluster))
    ? end
    : {
        kind: 'too-late',
        problem: waitedTooLong({
          cluster: cluster.name,
          forMs: LET_GO_MS,
          what: 'the end of the process that keeps it',
          saw: 'Every member is stopped.',
        }),
      };
}

async function letGo({ ports }: Context, cluster: ManagedCluster): Promise<boolean> {
  const untilMs = ports.clock.monotonicMs() + LET_GO_MS;
  while ((await cluster.store.lockHolder()) !== undefined) {
    if (ports.clock.monotonicMs() > untilMs) return false;
    await ports.clock.sleep(LET_GO_POLL_MS, new AbortController().signal);
  }
  return true;
}
