import { labelOf } from '../../cluster/index.js';
import { refuseCopy } from '../log-home.js';
import { blockedBy } from '../make.js';
import {
  corruptData,
  foreignData,
  memberWrongVersion,
  strangerInList,
  unreadableData,
} from '../problems.js';
import { type Rule, ours, sightOf } from '../view.js';

/** What repairs cannot mend and growth must not step over: foreign, unreadable or corrupt data, lying binaries, members nobody knows. */
export const refuseUnusableHosts: Rule = (view) => {
  const cluster = view.target.name;
  for (const member of ours(view)) {
    const sight = sightOf(view, member);
    const { data, process, host } = sight;
    if (data.kind === 'unreadable' && process.kind !== 'running') {
      return blockedBy(unreadableData({ cluster, host, because: data.problem.detail }));
    }
    if (data.kind !== 'present' || view.record.clusterID === undefined) continue;
    if (view.guards.dataIsOurs(sight, view.record.clusterID)) {
      const copy = refuseCopy(view, sight);
      if (copy !== undefined) return copy;
      continue;
    }
    return blockedBy(
      foreignData({
        cluster,
        host,
        expected: view.record.clusterID,
        found: data.clusterID,
        memberID: data.memberID,
        running: process.kind === 'running',
      }),
    );
  }
  if (view.standing.alarms.some((own) => own.alarm === 'CORRUPT' && own.member === undefined)) {
    return blockedBy(corruptData({ cluster, members: [] }));
  }
  for (const { member, sight, wanted, retired } of view.standing.standings) {
    const launchedAs = sight?.process.kind === 'running' ? sight.process.version : undefined;
    if (
      sight?.status.kind === 'answered' &&
      (launchedAs ?? sight.status.version) !== sight.status.version
    ) {
      return blockedBy(
        memberWrongVersion({
          cluster,
          member: labelOf(member),
          launchedAs: launchedAs ?? '',
          answers: sight.status.version,
        }),
      );
    }
    if (sight !== undefined || wanted !== undefined || retired) continue;
    return blockedBy(
      strangerInList({
        cluster,
        memberID: member.id,
        name: member.name,
        peerURLs: member.peerURLs,
        role: member.isLearner ? 'learner' : 'voter',
      }),
    );
  }
  return undefined;
};
