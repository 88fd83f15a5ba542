import { meantCluster } from '../choose.js';
import { confirm } from '../confirm.js';
import { type Context, fail, show, tell } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { failPursuit } from '../pursue.js';
import { wordView } from '../views/word.js';
import { takeDown } from './down.js';
import { readTimeout } from './up.js';
import { failStop } from '../stop.js';

export interface DestroyOptions {
  readonly timeout: string;
  readonly yes?: string;
  readonly deleteData?: boolean;
}

/** Takes the cluster down and its state away: moved aside, or with `--delete-data` gone for good. */
export async function destroy(
  context: Context,
  named: string | undefined,
  options: DestroyOptions,
): Promise<ExitCode> {
  const timeoutMs = readTimeout(options.timeout);
  if (!timeoutMs.ok) return fail(context, timeoutMs.error, EXIT.usage);
  const chosen = await meantCluster(context, named);
  if (!chosen.ok) return failStop(context, chosen.error);
  const cluster = chosen.value;
  const { name } = cluster;
  const deleteData = options.deleteData === true;

  const wish = await cluster.store.readWish();
  const members = wish.ok ? (wish.value?.spec.members.map((member) => member.name) ?? []) : [];
  tell(
    context,
    `${name}: stops ${members.length === 0 ? 'whatever runs' : members.join(', ')}, then ` +
      `${deleteData ? 'DELETES the data in' : 'moves aside'} ${cluster.place}`,
  );
  const refusal = await confirm(context, {
    cluster: name,
    what: `${deleteData ? 'delete' : 'destroy'} ${name}`,
    command: `quorate destroy ${name}${deleteData ? ' --delete-data' : ''}`,
    yes: options.yes,
  });
  if (refusal !== undefined) return fail(context, refusal, EXIT.usage);

  if (wish.ok && wish.value !== undefined) {
    const end = await takeDown(context, cluster, 'quorate destroy', timeoutMs.value);
    if (end.kind !== 'reached') return failPursuit(context, end);
  }
  const discarded = await cluster.discard({ deleteData });
  if (!discarded.ok) return fail(context, discarded.error);
  const { movedTo } = discarded.value;
  await show(context, wordView, {
    text:
      movedTo === undefined
        ? `${name} is gone, and its data with it\n`
        : `${name} is gone; its data was moved to\n  ${movedTo}\n`,
    data: { cluster: { name }, movedTo: movedTo ?? null },
  });
  return EXIT.done;
}
