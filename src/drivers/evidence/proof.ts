import type { DataSight } from '../../core/cluster/index.js';
import type { NotAMemberProof } from '../../core/planner/index.js';

/** Whether this is the very data that the proof is about: the only one that may be moved aside. */
export const isDataOf = (proof: NotAMemberProof, data: DataSight): boolean =>
  data.kind === 'present' &&
  data.memberID === proof.memberID &&
  data.clusterID === proof.clusterID &&
  !proof.listed.includes(proof.memberID);

/** What a data directory was found to hold, for a refusal. */
export function dataInWords(data: DataSight): string {
  switch (data.kind) {
    case 'present':
      return `member ${data.memberID} of cluster ${data.clusterID}`;
    case 'empty':
      return 'no data';
    case 'unreadable':
      return data.problem.detail;
    case 'unseen':
      return data.because;
  }
}

/** What the proof is about, for the same refusal. */
export const proofInWords = ({ memberID, clusterID }: NotAMemberProof): string =>
  `member ${memberID} of cluster ${clusterID}, not in its member list`;
