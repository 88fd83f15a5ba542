import { memberIDOf, type MemberID } from '../../base/index.js';
import type { Caller, CallOptions, Turn } from '../calls/caller.js';
import { lazyCodec } from '../calls/codec.js';
import type { CallResult } from '../errors.js';
import { rpcs } from '../rpcs.js';
import type * as Wire from '../wire/generated/cluster.js';
import { bigintOfMemberID, headerOf, mapCall, type ResponseHeader } from './common.js';
import { rangeCodec } from './kv.js';
import { rangeRequestOf } from './kv-messages.js';
import { statusCodec } from './maintenance.js';

/** A member as the list has it. An empty name means that it has never been started; it does not say who is alive. */
export interface EtcdMember {
  readonly id: MemberID;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberList {
  readonly header: ResponseHeader;
  readonly members: readonly EtcdMember[];
}

export interface AddedMember extends MemberList {
  readonly member: EtcdMember;
}

/** The member list and its changes. A change that timed out is `unknown` and never sent again. */
export class ClusterAPI {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * The list as one member has it. It may be out of date, and an isolated member answers too.
   * `linearizable` is obeyed from 3.5 on and silently ignored by 3.4: `memberListLinearizable` holds everywhere.
   *
   * @example
   * const seen = await client.cluster.memberList({ endpoint: 'http://127.0.0.1:2379' });
   * if (seen.ok) for (const { id, name } of seen.value.members) console.log(id, name);
   */
  async memberList(
    options: CallOptions & { readonly linearizable?: boolean } = {},
  ): Promise<CallResult<MemberList>> {
    const linearizable = options.linearizable === true;
    const rpc = linearizable ? rpcs.memberListLinearizable : rpcs.memberList;
    const answer = await this.#caller.unary(rpc, listCodec, { linearizable }, options);
    return mapCall(answer, memberListOf);
  }

  /**
   * The list as a quorum has it, on every version. A 3.4 member always answers from its own data, so it is made to
   * read through the leader first: what it has applied then includes every change made before the call.
   *
   * @example
   * const list = await client.cluster.memberListLinearizable({ deadlineMs: 2_000 });
   * const voters = list.ok ? list.value.members.filter(({ isLearner }) => !isLearner) : [];
   */
  async memberListLinearizable(options: CallOptions = {}): Promise<CallResult<MemberList>> {
    const rpc = rpcs.memberListLinearizable;
    const attempt = (turn: Turn) => this.#listThroughLeader(turn);
    return mapCall(await this.#caller.fallOver(rpc, options, attempt), memberListOf);
  }

  async #listThroughLeader(turn: Turn): Promise<CallResult<Wire.MemberListResponse>> {
    const caller = this.#caller;
    const status = await caller.unaryAt(turn, rpcs.status, statusCodec, {});
    if (!status.ok) return status;
    if (listsLocally(status.value.version)) {
      const read = rangeRequestOf('\0', { limit: 1, keysOnly: true });
      const barrier = await caller.unaryAt(turn, rpcs.range, rangeCodec, read);
      if (!barrier.ok) return barrier;
    }
    const rpc = rpcs.memberListLinearizable;
    return await caller.unaryAt(turn, rpc, listCodec, { linearizable: true });
  }

  /**
   * Registers a member; its process is started after that. A learner does not vote until it is promoted. Refused while
   * the cluster is unhealthy (`--strict-reconfig-check`), or when the peer URLs are taken.
   *
   * @example
   * const added = await client.cluster.memberAdd({ peerURLs: ['http://10.0.1.13:2380'], isLearner: true });
   * if (added.ok) console.log(`${added.value.member.id} of ${added.value.members.length}`);
   * else if (added.error.kind === 'unknown') console.warn('it may be registered: read the list before anything else');
   */
  async memberAdd(
    member: { readonly peerURLs: readonly string[]; readonly isLearner: boolean },
    options?: CallOptions,
  ): Promise<CallResult<AddedMember>> {
    const answer = await this.#caller.unary(rpcs.memberAdd, addCodec, member, options);
    return mapCall(answer, ({ header, member: added, members }) => ({
      ...memberListOf({ header, members }),
      member: memberOf(added ?? NO_MEMBER),
    }));
  }

  /**
   * Takes a member out, for good: its id never comes back, and its process ends by itself if it runs. Move the lead away
   * from it first, and let clients forget it. Refused when too few voters would be connected afterwards.
   *
   * @example
   * const removed = await client.cluster.memberRemove(member.id);
   * if (removed.ok) console.log(`${removed.value.members.length} members are left`);
   */
  async memberRemove(id: MemberID, options?: CallOptions): Promise<CallResult<MemberList>> {
    const request = { ID: bigintOfMemberID(id) };
    const answer = await this.#caller.unary(rpcs.memberRemove, removeCodec, request, options);
    return mapCall(answer, memberListOf);
  }

  /**
   * Replaces the member's peer URLs. Up to 3.5.30 and 3.6.11 this also makes a learner a voter in the list.
   *
   * @example
   * const moved = await client.cluster.memberUpdate(member.id, ['http://10.0.1.23:2380']);
   * if (!moved.ok) console.error(moved.error.message);
   */
  async memberUpdate(
    id: MemberID,
    peerURLs: readonly string[],
    options?: CallOptions,
  ): Promise<CallResult<MemberList>> {
    const request = { ID: bigintOfMemberID(id), peerURLs };
    const answer = await this.#caller.unary(rpcs.memberUpdate, updateCodec, request, options);
    return mapCall(answer, memberListOf);
  }

  /**
   * Makes a learner a voter. Refused while it has not caught up with the leader.
   *
   * @example
   * const promoted = await client.cluster.memberPromote(learner.id);
   * if (!promoted.ok && promoted.error.kind === 'refused') console.log(promoted.error.reason); // say learner-not-ready
   */
  async memberPromote(id: MemberID, options?: CallOptions): Promise<CallResult<MemberList>> {
    const request = { ID: bigintOfMemberID(id) };
    const answer = await this.#caller.unary(rpcs.memberPromote, promoteCodec, request, options);
    return mapCall(answer, memberListOf);
  }
}

/** MemberList became linearizable with 3.5. */
function listsLocally(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 3 || (major === 3 && minor < 5);
}

const wire = () => import('../wire/generated/cluster.js');
const listCodec = lazyCodec(wire, 'MemberListRequest', 'MemberListResponse');
const addCodec = lazyCodec(wire, 'MemberAddRequest', 'MemberAddResponse');
const removeCodec = lazyCodec(wire, 'MemberRemoveRequest', 'MemberRemoveResponse');
const updateCodec = lazyCodec(wire, 'MemberUpdateRequest', 'MemberUpdateResponse');
const promoteCodec = lazyCodec(wire, 'MemberPromoteRequest', 'MemberPromoteResponse');

const NO_MEMBER = { ID: 0n, name: '', peerURLs: [], clientURLs: [], isLearner: false };

const memberOf = ({ ID, name, peerURLs, clientURLs, isLearner }: Wire.Member): EtcdMember => ({
  id: memberIDOf(ID),
  name,
  peerURLs,
  clientURLs,
  isLearner,
});

const memberListOf = ({ header, members }: Wire.MemberListResponse): MemberList => ({
  header: headerOf(header),
  members: members.map(memberOf),
});
