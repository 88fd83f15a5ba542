import { type Clock, type Result, err, ok } from '../../base/index.js';
import type { ListedMember } from '../../core/bootstrap/index.js';
import { type TLSOptions, createClient, problemOfEtcdError } from '../../etcd/index.js';

/** Where the list of members comes from. */
export interface MemberListReader {
  /** Through the leader, so that no member that was removed or left behind is believed. */
  read(options?: { readonly deadlineMs: number }): Promise<Result<readonly ListedMember[]>>;
  /** Whether this very member answers clients at that address, wherever names lead. */
  isAt(member: ListedMember, address: string): Promise<boolean>;
  close(): Promise<void>;
}

const LIST_MS = 2_000;
const STATUS_MS = 3_000;

/** Begins with the endpoints given and goes where the list says. */
export function createMemberListReader(parts: {
  readonly endpoints: readonly string[];
  readonly tls: TLSOptions | undefined;
  readonly clock: Clock;
  /** Where names lead that this machine's resolver may not know; undefined for the rest. */
  readonly addressOf: (host: string) => string | undefined;
}): MemberListReader {
  const { endpoints, tls, clock, addressOf } = parts;
  const client = createClient({
    endpoints,
    tls,
    clock,
    addressOf,
    followMembers: true,
    balancer: 'pin-first',
  });
  return {
    read: async ({ deadlineMs } = { deadlineMs: LIST_MS }) => {
      const listed = await client.cluster.memberListLinearizable({ deadlineMs });
      return listed.ok
        ? ok(listed.value.members)
        : err(problemOfEtcdError(listed.error, { what: 'read the member list', target: 'etcd' }));
    },
    isAt: async ({ id, clientURLs }, address) => {
      const there = createClient({ tls, clock, addressOf: () => address });
      try {
        for (const endpoint of clientURLs) {
          const status = await there.maintenance.status({ endpoint, deadlineMs: STATUS_MS });
          if (status.ok && status.value.header.memberID === id) return true;
        }
        return false;
      } finally {
        await there.close(0);
      }
    },
    close: () => client.close(0),
  };
}
