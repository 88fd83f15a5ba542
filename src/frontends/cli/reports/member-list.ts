import type { ClusterID, MemberID, RaftTerm } from '../../../base/index.js';
import { type Member, isStarted } from '../../../core/cluster/index.js';

/** The membership as the cluster itself tells it. */
export interface MemberListReport {
  readonly clusterID: ClusterID;
  /** `linearizable`: read through quorum. `local`: one member's own copy, which may be old. */
  readonly read: 'linearizable' | 'local';
  readonly members: readonly ListedMember[];
  readonly leader?: MemberID;
  readonly raftTerm?: RaftTerm;
}

export interface ListedMember extends Member {
  /** Absent when nobody asked the members themselves. */
  readonly healthy?: boolean;
}

export const statusWord = (member: Member): 'started' | 'unstarted' =>
  isStarted(member) ? 'started' : 'unstarted';
