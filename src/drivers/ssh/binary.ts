import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Outcome, applied, refused } from '../../base/index.js';
import type { EtcdVersion, HostName } from '../../core/cluster/index.js';
import { shellQuoted as q } from '../shell/index.js';
import { type Context, SHORT_MS, act, failed } from './context.js';
import { binaryPath, provenPath } from './layout.js';
import { binaryNotCopied } from './problems.js';
import { PUT, SCRIPT_CODE, STRICT } from './scripts.js';

/** A slow line brings 30 MB in this time. */
const COPY_MS = 300_000;

/** Whether the host has a binary at its place: `applied`, or `lacks`. */
export async function hasBinary(
  context: Context,
  host: HostName,
  version: EtcdVersion,
  signal: AbortSignal,
): Promise<Outcome | { readonly kind: 'lacks' }> {
  const doing = 'look for etcd on the host';
  const script = `[ -x ${q(binaryPath(version))} ] || exit ${SCRIPT_CODE.binaryMissing}`;
  const end = await act(context, host, { doing, script, deadlineMs: SHORT_MS }, signal);
  // Nothing is changed by a look that was cut.
  if (end.kind === 'no') {
    return end.outcome.kind === 'unknown' ? refused(end.outcome.problem) : end.outcome;
  }
  if (end.code === SCRIPT_CODE.binaryMissing) return { kind: 'lacks' };
  return end.code === 0 ? applied() : refused(failed(context, host, doing, end));
}

/**
 * Brings the binary to a host where it lacks. It appears there whole and proven or not at all; several who copy the same
 * at once each bring the same file.
 */
export async function copyBinary(
  context: Context,
  host: HostName,
  version: EtcdVersion,
  local: { readonly path: string; readonly digest: string },
  signal: AbortSignal,
): Promise<Outcome> {
  const path = binaryPath(version);
  const content = await readFile(local.path).catch((error: Error) => error);
  if (content instanceof Error) {
    return refused(binaryNotCopied({ host, path: local.path, because: content.message }));
  }
  const doing = 'bring etcd to the host';
  const script = `${STRICT}
${PUT}
has() { [ -x ${q(path)} ] && [ "$(sha256sum < ${q(path)})" = ${q(`${local.digest}  -`)} ]; }
prove() { printf '%s %s\n' ${local.digest} "$(stat -c '%s %Y' ${q(path)})" | put ${q(provenPath(version))} 644 root:root; }
if has; then cat > /dev/null; prove; exit 0; fi
for directory in /opt/quorate /opt/quorate/etcd ${q(dirname(path))}; do
  [ -d "$directory" ] || mkdir -m 755 "$directory" || [ -d "$directory" ]
done
rm -f ${q(provenPath(version))}
put ${q(path)} 755 root:root
has || { rm -f ${q(path)}; echo 'it arrived damaged' >&2; exit 1; }
prove
`;
  context.logger.log('info', 'bringing etcd to a host', { host, version });
  const command = { doing, script, stdin: content, deadlineMs: COPY_MS };
  const end = await act(context, host, command, signal);
  // A file that may or may not be there changes nothing that anybody decides on.
  if (end.kind === 'no')
    return end.outcome.kind === 'unknown' ? refused(end.outcome.problem) : end.outcome;
  return end.code === 0 ? applied() : refused(failed(context, host, doing, end));
}
