import { nearest } from '../../../base/index.js';
import type { ValueFault } from './value-fault.js';

/** The gates of etcd 3.6, and those that 3.7 adds (etcd-facts 9.3). */
const GATES_3_6 = [
  'AllAlpha',
  'AllBeta',
  'CompactHashCheck',
  'InitialCorruptCheck',
  'LeaseCheckpoint',
  'LeaseCheckpointPersist',
  'SetMemberLocalAddr',
  'StopGRPCServiceOnDefrag',
  'TxnModeWriteWithSharedBuffer',
];
const GATES_3_7 = [...GATES_3_6, 'FastLeaseKeepAlive', 'PriorityRequest'];

export type Gates = ReadonlyMap<string, string>;

/** The gates that a minor knows; none before 3.6. */
export const gatesOf = (minor: string): readonly string[] => {
  if (minor < '3.6') return [];
  return minor < '3.7' ? GATES_3_6 : GATES_3_7;
};

/** `A=true,B=false` as a map; a part without `=` gets an empty value. */
export const parseGates = (text: string): Gates =>
  new Map(
    text
      .split(',')
      .filter((part) => part !== '')
      .map((part) => {
        const [gate = '', value = ''] = part.split('=');
        return [gate.trim(), value.trim()];
      }),
  );

export const formatGates = (gates: Gates): string =>
  [...gates]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([gate, value]) => `${gate}=${value}`)
    .join(',');

/** The shape only, or with `minor` the names too. etcd ends with exit code 2 on a gate it does not know. */
export function gateFault(text: string, minor?: string): ValueFault | undefined {
  const known = minor === undefined ? undefined : gatesOf(minor);
  for (const [gate, value] of parseGates(text)) {
    if (value !== 'true' && value !== 'false')
      return { allowed: 'Gate=true or Gate=false, separated by commas' };
    if (known !== undefined && !known.includes(gate)) {
      const near = nearest(gate, known);
      return {
        allowed: `the gates ${known.join(', ')}`,
        ...(near === undefined ? {} : { nearest: near }),
      };
    }
  }
  return undefined;
}
