import { ok } from '../../../base/index.js';
import { meantCluster } from '../choose.js';
import { type Context, fail, show } from '../context.js';
import { editWish } from '../edit-wish.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { wordView } from '../views/word.js';
import { failStop } from '../stop.js';

/** Observe and plan, take no step; and the end of it. */
export async function setPaused(
  context: Context,
  named: string | undefined,
  paused: boolean,
): Promise<ExitCode> {
  const cluster = await meantCluster(context, named);
  if (!cluster.ok) return failStop(context, cluster.error);
  const { name } = cluster.value;
  const by = paused ? 'quorate pause' : 'quorate resume';
  const edited = await editWish(context, cluster.value, by, (wish) => ok({ ...wish, paused }));
  if (!edited.ok) return fail(context, edited.error);
  await show(context, wordView, {
    text: paused
      ? `${name} is paused: it is observed, and no step is taken until\n  quorate resume ${name}\n`
      : `${name} is no longer paused\n`,
    data: { cluster: { name }, paused },
  });
  return EXIT.done;
}
