import { existsSync } from 'node:fs';
import type { ClusterName } from '../core/cluster/index.js';
import type { ClusterSpec } from '../core/spec/index.js';
import { clusterDirectory } from '../drivers/local/index.js';
import { hostsKeeping } from './hosts-keeping.js';
import type { Keeping } from './keeping.js';
import { localKeeping } from './local-keeping.js';
import type { Machine } from './machine.js';
import { readSeat, seatFor } from './seat-file.js';

/**
 * Where the cluster of this name is kept: on the hosts whose seat this machine is; else on this machine, if it has it; else
 * where the spec says.
 */
export function keepingOf(
  machine: Machine,
  home: string,
  name: ClusterName,
  spec: ClusterSpec | undefined,
): Keeping {
  const stateDir = clusterDirectory(home, name);
  const known = readSeat(stateDir);
  if (known !== undefined) {
    const seat = (spec === undefined ? undefined : seatFor(spec, known)) ?? known;
    return hostsKeeping(machine, { name, stateDir, seat });
  }
  const asked = spec === undefined || existsSync(stateDir) ? undefined : seatFor(spec, undefined);
  return asked === undefined
    ? localKeeping(machine, name, stateDir)
    : hostsKeeping(machine, { name, stateDir, seat: asked });
}
