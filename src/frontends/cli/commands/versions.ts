import { knownWord, versionsView } from '../views/versions.js';
import { type Context, fail, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { preparing } from '../accept-spec.js';
import type { VersionAtHand } from '../ports.js';

export interface VersionsOptions {
  readonly offline?: boolean;
}

/** What is at hand, and what could be had. */
export async function versions(context: Context, { offline }: VersionsOptions): Promise<ExitCode> {
  const { ports, interrupt: signal } = context;
  const [atHand, offers] = await Promise.all([
    ports.versions.atHand({ signal }),
    offline === true ? [] : ports.versions.available({ signal }),
  ]);
  await show(context, versionsView, { atHand, offers });
  return EXIT.done;
}

/** Gets versions of etcd into the cache, one after the other. */
export async function fetchVersions(
  context: Context,
  wanted: readonly string[],
  options: VersionsOptions,
): Promise<ExitCode> {
  const fetched: VersionAtHand[] = [];
  for (const version of wanted) {
    const found = await context.ports.versions.fetch(version, preparing(context, options));
    if (!found.ok) return fail(context, found.error);
    fetched.push(found.value);
  }
  await show(context, knownWord, fetched);
  return EXIT.done;
}
