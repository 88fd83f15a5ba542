import { type Clock, type MemberID, type Problem, type Result, err, ok } from '../../base/index.js';
import type { ClusterSighting } from '../../core/adoption/index.js';
import type { StatusSight } from '../../core/cluster/index.js';
import type { FilesOfPlane } from '../../core/spec/index.js';
import type { EtcdAdmin } from '../../engine/ports/index.js';
import { type TLSOptions, createClient } from '../../etcd/index.js';

export interface ClusterQuestion {
  readonly endpoints: readonly string[];
  readonly admin: EtcdAdmin;
  readonly tls: TLSOptions | undefined;
  /** The files that `tls` is made of. */
  readonly seat: FilesOfPlane | undefined;
  readonly clock: Clock;
}

/** The member list through quorum, each member's own answer, and whether it asks for users. Problems: nobody answers. */
export async function readCluster(
  { endpoints, admin, tls, seat, clock }: ClusterQuestion,
  signal: AbortSignal,
): Promise<Result<ClusterSighting, Problem>> {
  const membership = await admin.memberList(endpoints, signal);
  if (!membership.ok) return err(membership.error);
  const { members } = membership.value;
  const [answers, authOn] = await Promise.all([
    Promise.all(
      members.map(async ({ id, clientURLs }): Promise<[MemberID, StatusSight] | undefined> => {
        const [url] = clientURLs;
        return url === undefined ? undefined : [id, await admin.status(url, signal)];
      }),
    ),
    asksForUsers(endpoints, tls, clock, signal),
  ]);
  const statuses = new Map(answers.filter((answer) => answer !== undefined));
  return ok({
    membership: membership.value,
    statuses,
    authOn,
    ...(seat === undefined ? {} : { seat }),
  });
}

/** Undefined: etcd before 3.5 does not tell, or nobody answered. */
async function asksForUsers(
  endpoints: readonly string[],
  tls: TLSOptions | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const client = createClient({ endpoints, tls, clock });
  try {
    const answer = await client.auth.status({ signal });
    return answer.ok ? answer.value.isEnabled : undefined;
  } finally {
    await client.close();
  }
}
