import { recordContradicts, twoClusters } from '../problems.js';
import { blockedBy } from '../make.js';
import type { Rule } from '../view.js';

/**
 * Safety rule 3: members that have a leader and answer with another ClusterID are a refusal, not a repair. A lone
 * process that founded a cluster of its own has no leader of ours and is told by refuse-unusable-hosts.
 */
export const refuseOtherClusters: Rule = ({ target, record, observation }) => {
  const answering = new Set(
    observation.hosts.flatMap(({ status }) =>
      status.kind === 'answered' && status.leader !== undefined ? [status.clusterID] : [],
    ),
  );
  if (observation.memberList.kind === 'linearizable')
    answering.add(observation.memberList.clusterID);
  if (answering.size > 1) {
    return blockedBy(
      twoClusters({
        cluster: target.name,
        expected: record.clusterID ?? 'not recorded yet',
        seen: [...answering].sort(),
      }),
    );
  }
  const [answered] = answering;
  if (record.clusterID === undefined || answered === undefined) return undefined;
  if (answered === record.clusterID) return undefined;
  return blockedBy(
    recordContradicts({ cluster: target.name, recorded: record.clusterID, answered }),
  );
};
