import { DEFAULT_CLUSTER, readClusterName } from '../choose.js';
import { type Context, fail, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { DEFAULT_FILE, DEFAULT_SIZE, readSize, specFromOptions } from '../read-spec.js';
import { wordView } from '../views/word.js';

export interface InitOptions {
  readonly name?: string;
  readonly size?: string;
  readonly version?: string;
  readonly force?: boolean;
  readonly hosts?: string;
}

/** Writes a spec file to begin with; `-` prints it. */
export async function init(
  context: Context,
  file: string = DEFAULT_FILE,
  options: InitOptions,
): Promise<ExitCode> {
  const name = readClusterName(options.name ?? context.cluster ?? DEFAULT_CLUSTER);
  if (!name.ok) return fail(context, name.error, EXIT.usage);
  const size = readSize(options.size ?? String(DEFAULT_SIZE));
  if (!size.ok) return fail(context, size.error, EXIT.usage);
  const spec = await specFromOptions(name.value, options);
  if (!spec.ok) return fail(context, spec.error, EXIT.usage);
  const { scaffold } = await import('../../../core/spec-text/index.js');
  const text = scaffold({
    name: name.value,
    memberCount: size.value,
    version: spec.value.version,
    ...(options.hosts === undefined ? {} : { hosts: options.hosts.split(',') }),
  });
  if (file === '-') {
    context.io.out(text);
    return EXIT.done;
  }
  const written = await context.ports.files.write(file, text, { replace: options.force === true });
  if (!written.ok) return fail(context, written.error);
  await show(context, wordView, {
    text: `Wrote ${file}. Look what it would do, then do it:\n  quorate plan -f ${file}\n  quorate apply -f ${file}\n`,
    data: { file },
  });
  return EXIT.done;
}
