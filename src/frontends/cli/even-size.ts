import type { ClusterSpec } from '../../core/spec/index.js';
import { type Context, tell } from './context.js';

/** Somebody asked a command for an even number of members: it is done, and said once what that means. */
export function tellEvenSize(
  context: Context,
  before: Pick<ClusterSpec, 'members'> | undefined,
  spec: Pick<ClusterSpec, 'members'>,
): void {
  const count = spec.members.length;
  if (count % 2 === 1 || count === before?.members.length) return;
  tell(
    context,
    `note: ${count} members survive no more failures than ${count - 1}, and one more can fail. The spec says allowEvenSize: true now.`,
  );
}
