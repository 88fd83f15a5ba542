import type { ClusterID, JsonValue, MemberID } from '../../../base/index.js';
import type { Member } from '../../../core/cluster/index.js';
import type { View } from './view.js';

/** A change of the membership, told in etcdctl's words so that scripts find them. */
export type MemberChange =
  | {
      readonly kind: 'added';
      readonly clusterID: ClusterID;
      readonly member: Member;
      /** The four variables with which a person starts it. */
      readonly env: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'removed' | 'updated' | 'promoted';
      readonly clusterID: ClusterID;
      readonly memberID: MemberID;
      readonly name: string;
    }
  | {
      readonly kind: 'replaced';
      readonly clusterID: ClusterID;
      readonly memberID: MemberID;
      readonly name: string;
      readonly by: { readonly id: MemberID; readonly name: string };
    }
  | {
      readonly kind: 'leader-moved';
      readonly clusterID: ClusterID;
      readonly from: MemberID;
      readonly to: MemberID;
    };

export const memberChangeView: View<MemberChange> = {
  text: (change) => {
    switch (change.kind) {
      case 'added': {
        const variables = Object.entries(change.env).map(([name, value]) => `${name}="${value}"\n`);
        return `Member ${change.member.id} added to cluster ${change.clusterID}\n\n${variables.join('')}`;
      }
      case 'removed':
        return `Member ${change.memberID} removed from cluster ${change.clusterID}\n`;
      case 'updated':
      case 'promoted':
        return `Member ${change.memberID} ${change.kind} in cluster ${change.clusterID}\n`;
      case 'replaced':
        return `Member ${change.memberID} replaced by ${change.by.id} in cluster ${change.clusterID}\n`;
      case 'leader-moved':
        return change.from === change.to
          ? `Member ${change.to} leads already\n`
          : `Leadership transferred from ${change.from} to ${change.to}\n`;
    }
  },
  data: dataOf,
};

function dataOf(change: MemberChange): JsonValue {
  const { clusterID } = change;
  switch (change.kind) {
    case 'added': {
      const { id, name, peerURLs, isLearner } = change.member;
      const member = { id, name: change.env['ETCD_NAME'] ?? name, peerURLs, isLearner };
      return { kind: change.kind, clusterID, member, env: change.env };
    }
    case 'removed':
    case 'updated':
    case 'promoted':
      return { kind: change.kind, clusterID, member: { id: change.memberID, name: change.name } };
    case 'replaced':
      return {
        kind: change.kind,
        clusterID,
        member: { id: change.memberID, name: change.name },
        by: { id: change.by.id, name: change.by.name },
      };
    case 'leader-moved':
      return { kind: change.kind, clusterID, from: change.from, to: change.to };
  }
}
