import { type MemberID, memberIDOf } from '../../base/index.js';
import type { Observation } from './observation.js';

/** An alarm that etcd keeps until somebody disarms it. */
export interface AlarmSight {
  readonly alarm: 'NOSPACE' | 'CORRUPT';
  /** Absent when etcd does not say whose it is, as its periodic check for corruption does. */
  readonly member?: MemberID;
}

/**
 * Every alarm of the cluster, once. Each member tells all of them in its Status, whoever raised them, as text:
 * `memberID:13803658152347727308 alarm:NOSPACE`, the id in decimal and left out when it is 0.
 */
export function alarmsIn({ hosts }: Observation): readonly AlarmSight[] {
  const alarms = new Map<string, AlarmSight>();
  for (const { status } of hosts) {
    if (status.kind !== 'answered') continue;
    for (const text of status.errors) {
      const sight = readAlarm(text);
      if (sight !== undefined) alarms.set(`${sight.alarm} ${sight.member ?? ''}`, sight);
    }
  }
  return [...alarms.values()];
}

function readAlarm(text: string): AlarmSight | undefined {
  const alarm = /\b(NOSPACE|CORRUPT)\b/.exec(text)?.[1];
  if (alarm !== 'NOSPACE' && alarm !== 'CORRUPT') return undefined;
  const id = BigInt(/memberID:\s*(\d+)/.exec(text)?.[1] ?? 0);
  return id === 0n ? { alarm } : { alarm, member: memberIDOf(id) };
}
