import { type Clock, type Result, err, ok } from '../../base/index.js';
import type { ListedMember } from '../../core/bootstrap/index.js';
import { type TLSOptions, createClient, problemOfEtcdError } from '../../etcd/index.js';

/** Where the list of members comes from. */
export interface MemberListReader {
  /** Through the leader, so that no member that was removed or left behind is believed. */
  read(): Promise<Result<readonly ListedMember[]>>;
  close(): Promise<void>;
}

const LIST_MS = 2_000;

/** Begins with the endpoints given and goes where the list says. */
export function createMemberListReader(parts: {
  readonly endpoints: readonly string[];
  readonly tls: TLSOptions | undefined;
  readonly clock: Clock;
}): MemberListReader {
  const { endpoints, tls, clock } = parts;
  const client = createClient({
    endpoints,
    tls,
    clock,
    followMembers: true,
    balancer: 'pin-first',
  });
  return {
    read: async () => {
      const listed = await client.cluster.memberListLinearizable({ deadlineMs: LIST_MS });
      return listed.ok
        ? ok(listed.value.members)
        : err(problemOfEtcdError(listed.error, { what: 'read the member list', target: 'etcd' }));
    },
    close: () => client.close(0),
  };
}
