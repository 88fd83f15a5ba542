import type { Problem } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { Context } from './context.js';
import type { HostPaths } from './layout.js';
import type { Look } from './look.js';
import { lookAt } from './observe.js';
import { unitChanged } from './problems.js';

/** A drop-in that changes what we rely on may undo every protection of the unit. */
export const dropInProblem = (
  { dropIns }: Look,
  host: HostName,
  { unitFile }: HostPaths,
  login: string,
): Problem | undefined =>
  dropIns === ''
    ? undefined
    : unitChanged({ host, file: `${unitFile}.d`, difference: dropIns, login });

/** What somebody else changed on a host in what we wrote; undefined: nothing, or it cannot be seen. */
export async function driftOn(
  context: Context,
  host: HostName,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const { paths } = context;
  const login = context.loginTo(host);
  const seen = await lookAt(context, host, signal);
  if (!('look' in seen)) return undefined;
  const { look } = seen;
  const written = look.member.file?.unitDigest;
  if (written !== undefined && look.unitDigest !== undefined && look.unitDigest !== written) {
    const difference = `${paths.unitFile} is not what was written there (sha256 ${look.unitDigest}, not ${written}).`;
    return unitChanged({ host, file: paths.unitFile, difference, login });
  }
  return dropInProblem(look, host, paths, login);
}
