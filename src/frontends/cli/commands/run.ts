import { isAbort, ok } from '../../../base/index.js';
import { acceptSpec } from '../accept-spec.js';
import { chooseCluster } from '../choose.js';
import { type Context, fail, tell, tellEntry } from '../context.js';
import { editWish } from '../edit-wish.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { blockedText } from '../views/progress.js';
import { readSpecFile, specFileFor } from '../read-spec.js';

export interface RunOptions {
  readonly file?: string;
  readonly offline?: boolean;
  readonly skipHostsCheck?: boolean;
  readonly yes?: string;
  readonly takeOver?: string;
}

/** The controller in the foreground: keeps the cluster true until Ctrl-C. Members go on without it. */
export async function run(
  context: Context,
  named: string | undefined,
  options: RunOptions,
): Promise<ExitCode> {
  const { clusters } = context.ports;
  let name = named;
  const file = await specFileFor(context, options.file, named);
  if (file !== undefined) {
    const read = await readSpecFile(context, file, named);
    if (!read.ok) return fail(context, read.error, EXIT.usage);
    const spec = read.value;
    name = spec.name;
    const refused = await acceptSpec(context, clusters.open(spec.name, spec), {
      spec,
      command: 'quorate run',
      again: `quorate run -f ${file}`,
      yes: options.yes,
      offline: options.offline,
      skipHostsCheck: options.skipHostsCheck,
    });
    if (refused !== undefined) return fail(context, refused.problems, refused.exit);
  }
  const chosen = await chooseCluster(context, name);
  if (!chosen.ok) return fail(context, chosen.error, EXIT.usage);
  const cluster = chosen.value;
  const up = await editWish(context, cluster, 'quorate run', (wish) =>
    ok({ ...wish, state: 'up' }),
  );
  if (!up.ok) return fail(context, up.error);
  try {
    const end = await cluster.run({
      purpose: 'quorate run',
      until: 'forever',
      interrupt: context.interrupt,
      ...(options.takeOver === undefined ? {} : { takeOver: options.takeOver }),
      onProgress: (line) => tell(context, line),
      onEntry: (entry) => {
        tellEntry(context, entry);
        const more = blockedText(entry, context.errStyle);
        if (more !== undefined) tell(context, more);
      },
    });
    if (!end.ok) return await fail(context, end.error);
    if (end.value.kind === 'lock-lost') return await fail(context, end.value.problem);
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
  tell(context, `${cluster.name} goes on by itself; nobody keeps it now. Keep it again:`);
  const isOnHosts = up.value.wish.spec.driver.kind === 'ssh';
  tell(context, `  ${isOnHosts ? again(cluster.name, file) : `quorate up ${cluster.name}`}`);
  return EXIT.done;
}

/** On this machine a supervisor can stay behind; on hosts it is this command or nobody. */
const again = (name: string, file: string | undefined): string =>
  `quorate run ${file === undefined ? name : `-f ${file}`}`;
