import { type AlarmSight, labelOf } from '../cluster/index.js';
import type { View } from './view.js';

/** Who raised an alarm, by name where it is still a member; empty when etcd does not say. */
export const alarmedBy = ({ standing }: View, alarm: AlarmSight['alarm']): readonly string[] =>
  standing.alarms.flatMap((sight) => {
    if (sight.alarm !== alarm || sight.member === undefined) return [];
    const member = standing.standings.find(({ member: { id } }) => id === sight.member)?.member;
    return [member === undefined ? sight.member : labelOf(member)];
  });
