import { stepOf } from '../make.js';
import { proveNotAMember } from '../proof.js';
import { type Rule, nameOn } from '../view.js';

/**
 * Data of this cluster whose member is no longer in the list: its process is stopped (a removed member ends by
 * itself, unless it was cut off), then the data is moved aside. On proof only; never deleted.
 */
export const putAsideStaleData: Rule = (view) => {
  const { observation, record, unresolved, guards } = view;
  for (const sight of observation.hosts) {
    const { data, host, process } = sight;
    if (data.kind !== 'present' || record.clusterID === undefined) continue;
    if (!guards.dataIsOurs(sight, record.clusterID)) continue;
    const proof = proveNotAMember(data.memberID, observation, unresolved, guards);
    if (proof === undefined) continue;
    if (process.kind === 'running') {
      const name = nameOn(view, sight);
      return stepOf(view, { kind: 'stop-member', host, name }, 'not-a-member-any-more');
    }
    if (process.kind === 'stopped') {
      return stepOf(view, { kind: 'set-aside-data', host, proof }, 'not-a-member-any-more');
    }
  }
  return undefined;
};
