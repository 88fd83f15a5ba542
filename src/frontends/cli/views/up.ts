import { type ClusterID, formatDurationMs } from '../../../base/index.js';
import type { View } from './view.js';

export interface UpReport {
  readonly name: string;
  /** Absent while the birth is still being recorded. */
  readonly id?: ClusterID;
  readonly version: string;
  readonly endpoints: readonly string[];
  /** From the start of the command to the first acknowledged write. */
  readonly tookMs: number;
}

export const upView: View<UpReport> = {
  text: ({ name, version, endpoints, tookMs }, style) => {
    const list = endpoints.join(',');
    const named = name === 'default' ? '' : ` ${name}`;
    const members = endpoints.length === 1 ? '1 member' : `${endpoints.length} members`;
    return [
      `${style.bold(name)} ${style.good('takes writes')}: ${members}, etcd ${version}, after ${formatDurationMs(tookMs)}`,
      '',
      `  endpoints  ${list}`,
      `  try        etcdctl --endpoints=${list} put greeting hello`,
      `  look       quorate status${named}`,
      `  stop       quorate down${named}`,
      '',
    ].join('\n');
  },
  data: ({ name, id, version, endpoints, tookMs }) => ({
    cluster: { name, id: id ?? null, version },
    endpoints,
    tookMs: Math.round(tookMs),
  }),
};
