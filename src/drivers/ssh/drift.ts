import type { Problem } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostPaths } from './layout.js';
import type { Look } from './look.js';
import { binaryChanged, unitChanged, unitGone } from './problems.js';

export interface DriftOn {
  readonly host: HostName;
  readonly paths: HostPaths;
  /** `ssh -l root 10.0.1.10`. */
  readonly login: string;
}

/** A drop-in that changes what we rely on may undo every protection of the unit. */
export const dropInProblem = (
  { dropIns }: Look,
  { host, paths, login }: DriftOn,
): Problem | undefined =>
  dropIns === ''
    ? undefined
    : unitChanged({ host, file: `${paths.unitFile}.d`, difference: dropIns, login });

/** What somebody else changed on a host in what we wrote: shown, and never written over while it matters. */
export function driftOf(look: Look, on: DriftOn): readonly Problem[] {
  const { host, paths, login } = on;
  const unit = (file: string, written: string | undefined, found: string | undefined) =>
    written === undefined || found === undefined || found === written
      ? []
      : [unitChanged({ host, file, difference: differs(file, written, found), login })];
  const { member, gateway, unitDigest } = look;
  // One that is stopped has its unit written at its next start.
  const isGone =
    member.file !== undefined && member.running !== undefined && unitDigest === undefined;
  const dropIn = dropInProblem(look, on);
  return [
    ...unit(paths.unitFile, member.file?.unitDigest, unitDigest),
    ...(isGone ? [unitGone({ host, file: paths.unitFile, unit: paths.unit, login })] : []),
    ...(dropIn === undefined ? [] : [dropIn]),
    ...unit(paths.gatewayUnitFile, gateway.writtenDigest, gateway.unitDigest),
    ...look.changedBinaries.map(({ file, written, found }) =>
      binaryChanged({ host, file, difference: differs(file, written, found), login }),
    ),
  ];
}

const differs = (file: string, written: string, found: string): string =>
  `${file} is not what was written there (sha256 ${found}, not ${written}).`;
