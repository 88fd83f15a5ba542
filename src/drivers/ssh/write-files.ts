import { type Outcome, applied, refused } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { shellQuoted as q } from '../shell/index.js';
import { type Context, act, failed } from './context.js';
import { ETCD_USER } from './layout.js';
import { PUT, STRICT, makeUser } from './scripts.js';

/** A file as it shall be on a host. */
export interface HostFile {
  /** Absolute. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permission bits: `0o600`. */
  readonly mode: number;
  /** `root` or `etcd`, or as `USER:GROUP`; absent: `etcd`, which is made where it lacks. */
  readonly owner?: string;
}

const WRITE_MS = 30_000;

/**
 * Writes files on a host, each as a whole and durably, in this order; directories that lack are made, readable for all.
 * Contents travel as standard input. A refusal may leave the earlier ones of them written.
 */
export async function writeFiles(
  context: Context,
  host: HostName,
  files: readonly HostFile[],
  signal: AbortSignal,
): Promise<Outcome> {
  const doing = 'write files';
  const each = files.map(({ path, content, mode, owner = ETCD_USER }) => {
    const whose = owner.includes(':') ? owner : `${owner}:`;
    return `take ${content.length} ${q(path)} ${mode.toString(8)} ${q(whose)}`;
  });
  const needsUser = files.some(({ owner = ETCD_USER }) => owner.split(':')[0] === ETCD_USER);
  const script = `${STRICT}
${PUT}
take() {
  directory=$(dirname "$2")
  [ -d "$directory" ] || mkdir -p -m 755 "$directory"
  new=$(mktemp "$2.XXXXXX.part")
  head -c "$1" > "$new"
  if [ "$(stat -c %s "$new")" != "$1" ]; then rm -f "$new"; echo "$2: it did not arrive whole" >&2; exit 1; fi
  put "$2" "$3" "$4" < "$new" || { rm -f "$new"; exit 1; }
  rm -f "$new"
}
${needsUser ? makeUser(ETCD_USER) : ''}
${each.join('\n')}
`;
  const stdin = Buffer.concat(files.map(({ content }) => content));
  const end = await act(context, host, { doing, script, stdin, deadlineMs: WRITE_MS }, signal);
  if (end.kind === 'no') return end.outcome;
  return end.code === 0 ? applied() : refused(failed(context, host, doing, end));
}
