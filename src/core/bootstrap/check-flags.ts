import type { Problem } from '../../base/index.js';
import { type EtcdVersion, type StartFlags, minorOf } from '../cluster/index.js';
import { flagInfo, flagValueFault, minorsWith } from '../spec/index.js';
import { badStartFlag } from './problems.js';

/** Every flag exists in that version and has a value of its type: the last assertion before any start. */
export function checkFlags(flags: StartFlags, version: EtcdVersion): readonly Problem[] {
  const minor = minorOf(version);
  return Object.entries(flags).flatMap(([flag, found]) => {
    const info = flagInfo(minor, flag);
    if (info === undefined) {
      const minors = minorsWith(flag);
      const allowed =
        minors.length === 0
          ? 'no version of etcd has this flag'
          : `only etcd ${minors.join(', ')} has this flag`;
      return [badStartFlag({ version, flag, found, allowed })];
    }
    const fault = flagValueFault(info, found);
    return fault === undefined
      ? []
      : [badStartFlag({ version, flag, found, allowed: fault.allowed })];
  });
}
