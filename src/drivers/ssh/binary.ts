import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Outcome, type Result, applied, err, ok, refused } from '../../base/index.js';
import type { EtcdVersion, HostName } from '../../core/cluster/index.js';
import { binaryNotRunnable } from '../evidence/index.js';
import { shellQuoted as q } from '../shell/index.js';
import { type Context, SHORT_MS, act, failed } from './context.js';
import { BINARIES, ETCD_USER, binaryPath, provenPath } from './layout.js';
import { machineOf } from './machine-of.js';
import { binaryNotCopied, binaryOtherMachine } from './problems.js';
import { PUT, SCRIPT_CODE, STRICT, makeUser } from './scripts.js';

/** A slow line brings 30 MB in this time. */
const COPY_MS = 300_000;
/** Less than that, so that the host says what is wrong. */
const DOWNLOAD_SECONDS = 280;

const DOING = 'bring etcd to the host';

/** How etcd comes to a host where it lacks. */
export interface Bringer {
  /** sha256 of this seat's own; absent: what was proven on the host counts alone. */
  readonly digest: string | undefined;
  readonly bring: (signal: AbortSignal) => Promise<Outcome>;
}

/** By copying this seat's, or by the host's own download where the spec says so. */
export async function bringerTo(
  context: Context,
  host: HostName,
  version: EtcdVersion,
  signal: AbortSignal,
): Promise<Result<Bringer>> {
  if (context.archiveFor !== undefined) {
    return ok({
      digest: undefined,
      bring: (inner) => fetchBinary(context, host, version, inner),
    });
  }
  const found = await context.binaryFor(version, signal);
  if (!found.ok) return found;
  const path = found.value;
  const digest = await context.digests.of(path).catch((error: Error) => error);
  return digest instanceof Error
    ? err(binaryNotRunnable({ host, path, because: digest.message }))
    : ok({
        digest,
        bring: (inner) => copyBinary(context, host, version, { path, digest }, inner),
      });
}

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
  if (end.kind === 'no') return certain(end.outcome);
  if (end.code === SCRIPT_CODE.binaryMissing) return { kind: 'lacks' };
  return end.code === 0 ? applied() : refused(failed(context, host, doing, end));
}

/** A file that may or may not be there changes nothing that anybody decides on. */
const certain = (outcome: Outcome<never>): Outcome =>
  outcome.kind === 'unknown' ? refused(outcome.problem) : outcome;

/**
 * isProven [SHA256]: the binary is there, and is this one or what was proven on the host. prove [SHA256]: notes what it is (and
 * that only if it is this one), with its size and time, by which a look sees whether it may have changed.
 */
export const provenStatements = (version: EtcdVersion): string => `isProven() {
  [ -x ${q(binaryPath(version))} ] || return 1
  found=$(sha256sum < ${q(binaryPath(version))}); found=\${found%% *}
  [ "$found" != "\${1:-none}" ] || return 0
  [ -e ${q(provenPath(version))} ] && read -r proven _ < ${q(provenPath(version))} && [ "$found" = "$proven" ]
}
prove() {
  found=$(sha256sum < ${q(binaryPath(version))}); found=\${found%% *}
  [ "$found" = "\${1:-$found}" ] || return 1
  echo "$found $(stat -c '%s %Y' ${q(binaryPath(version))})" | put ${q(provenPath(version))} 644 root:root
}`;

const makePlace = (
  version: EtcdVersion,
): string => `for directory in /opt/quorate ${BINARIES} ${q(dirname(binaryPath(version)))}; do
  [ -d "$directory" ] || mkdir -m 755 "$directory" || [ -d "$directory" ]
done`;

/**
 * Brings the binary to a host where it lacks. It appears there whole and proven or not at all; several who copy the same
 * at once each bring the same file.
 */
async function copyBinary(
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
  const machine = machineOf(content);
  const script = `${STRICT}
${PUT}
${provenStatements(version)}
has() { [ -x ${q(path)} ] && [ "$(sha256sum < ${q(path)})" = ${q(`${local.digest}  -`)} ]; }
${
  machine === undefined
    ? ''
    : `if [ "$(uname -m)" != ${machine} ]; then cat > /dev/null; uname -m; exit ${SCRIPT_CODE.otherMachine}; fi`
}
if has; then cat > /dev/null; prove; exit 0; fi
${makePlace(version)}
rm -f ${q(provenPath(version))}
put ${q(path)} 755 root:root
prove ${local.digest} || { rm -f ${q(path)}; echo 'it arrived damaged' >&2; exit 1; }
# Whoever runs it is made here, where nobody waits for it.
${makeUser(ETCD_USER)}
`;
  context.logger.log('info', 'bringing etcd to a host', { host, version });
  const command = { doing: DOING, script, stdin: content, deadlineMs: COPY_MS };
  const end = await act(context, host, command, signal);
  if (end.kind === 'no') return certain(end.outcome);
  if (end.code === SCRIPT_CODE.otherMachine) {
    const found = end.stdout.trim();
    return refused(binaryOtherMachine({ host, found, path: local.path, machine: machine ?? '' }));
  }
  return end.code === 0 ? applied() : refused(failed(context, host, DOING, end));
}

/** The host downloads upstream's archive for its own kind of machine, compares, unpacks, and has it say its version. */
async function fetchBinary(
  context: Context,
  host: HostName,
  version: EtcdVersion,
  signal: AbortSignal,
): Promise<Outcome> {
  const ask = { doing: 'ask what machine it is', script: 'uname -m', deadlineMs: SHORT_MS };
  const asked = await act(context, host, ask, signal);
  if (asked.kind === 'no') return certain(asked.outcome);
  const archive = await context.archiveFor?.(version, asked.stdout.trim(), signal);
  if (archive?.ok !== true) {
    const because = 'nothing here knows where it is to be had';
    return refused(archive?.error ?? binaryNotCopied({ host, path: binaryPath(version), because }));
  }
  const { url, sha256, folder } = archive.value;
  const inside = `${folder}/etcd`;
  const script = `${STRICT}
${PUT}
${provenStatements(version)}
if isProven; then exit 0; fi
${makePlace(version)}
work=$(mktemp -d ${q(`${dirname(binaryPath(version))}/fetch.XXXXXX`)})
trap 'rm -rf "$work"' EXIT
if command -v curl > /dev/null; then curl -fsSL --max-time ${DOWNLOAD_SECONDS} -o "$work/archive" ${q(url)}
elif command -v wget > /dev/null; then timeout ${DOWNLOAD_SECONDS} wget -q -O "$work/archive" ${q(url)}
else echo 'neither curl nor wget is there to fetch it with' >&2; exit 1; fi
came=$(sha256sum < "$work/archive"); came=\${came%% *}
[ "$came" = ${sha256} ] || { echo ${q(`${url} is not what it is to be: sha256`)} "$came, not ${sha256}" >&2; exit 1; }
tar -xzf "$work/archive" --no-same-owner -C "$work" ${q(inside)}
said=$("$work/${inside}" --version) || exit 1
[ "$(printf %s "$said" | sed -n 's/^etcd Version: //p')" = ${q(version)} ] || { echo "it says: $said" >&2; exit 1; }
rm -f ${q(provenPath(version))}
put ${q(binaryPath(version))} 755 root:root < "$work/${inside}"
prove
`;
  context.logger.log('info', 'a host fetches etcd', { host, version, url });
  const end = await act(context, host, { doing: DOING, script, deadlineMs: COPY_MS }, signal);
  if (end.kind === 'no') return certain(end.outcome);
  return end.code === 0 ? applied() : refused(failed(context, host, DOING, end));
}
