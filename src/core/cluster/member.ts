import type { ClusterID, MemberID } from '../../base/index.js';
import type { ClientURL, MemberName, PeerURL } from './names.js';

/** An entry in the cluster's membership, whether or not it runs. */
export interface Member {
  readonly id: MemberID;
  /** Empty until the member has started for the first time and published its name. */
  readonly name: MemberName | '';
  readonly peerURLs: readonly PeerURL[];
  readonly clientURLs: readonly ClientURL[];
  readonly isLearner: boolean;
}

/** "Started" means: has ever published its name. It says nothing about being alive (etcd's own meaning). */
export const isStarted = (member: Member): boolean => member.name !== '';

export const votersOf = (members: readonly Member[]): readonly Member[] =>
  members.filter((member) => !member.isLearner);

export const learnersOf = (members: readonly Member[]): readonly Member[] =>
  members.filter((member) => member.isLearner);

export interface Membership {
  readonly clusterID: ClusterID;
  readonly members: readonly Member[];
}

/** For messages: the name if it has one, else its id. */
export const labelOf = (member: { readonly id: MemberID; readonly name: string }): string =>
  member.name === '' ? member.id : member.name;
