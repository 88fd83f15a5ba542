import type { ClusterName, EtcdVersion } from '../../core/cluster/index.js';

/** Everything of one cluster on a host. A host runs at most one member and one gateway of a cluster. */
export interface HostPaths {
  /** What has to outlast a boot: record, wish and lock of the cluster too, which others keep there. */
  readonly stateDir: string;
  /** What must not outlast a boot. */
  readonly runDir: string;
  readonly dataDir: string;
  readonly asideDir: string;
  /** The last launch of the member, and the digest of the unit that we wrote for it. */
  readonly member: string;
  /** Which life of the member was allowed to read bootstrap flags, by systemd's invocation id. */
  readonly firstLife: string;
  /** The member was removed from its cluster: it is not started again before we say so. */
  readonly removed: string;
  /** Permission for one start with bootstrap flags, and those flags. */
  readonly ticket: string;
  /** The ticket that is being used. */
  readonly usedTicket: string;
  /** How the last life ended. */
  readonly ended: string;
  readonly lock: string;
  readonly unit: string;
  readonly unitFile: string;
  readonly gateway: string;
  /** sha256 of the gateway's unit file as we wrote it. */
  readonly gatewayWritten: string;
  readonly gatewayEnded: string;
  readonly gatewayUnit: string;
  readonly gatewayUnitFile: string;
  /** A member that a person made: by what it ran before. Absent: it is ours from its birth. */
  readonly former?: FormerPaths;
}

export interface FormerPaths {
  /** Absent: somebody typed its command. */
  readonly unit?: FormerUnit;
  /** What it is, as far as flags go that only some versions have. */
  readonly version: EtcdVersion;
}

export interface FormerUnit {
  readonly name: string;
  /** Where its file was, if it was a person's own; a link to nothing stands there once it is out of the way. */
  readonly file: string;
  /** Where the file is kept. */
  readonly keptFile: string;
}

/** What the record knows of a member that a person made. */
export interface AdoptedMember {
  readonly unit?: string | undefined;
  readonly dataDir: string;
  readonly version: EtcdVersion;
}

const UNITS = '/etc/systemd/system';

/** A cluster's name has no dot, so that none of these names is another cluster's. */
export function hostPaths(cluster: ClusterName, adopted?: AdoptedMember): HostPaths {
  const stateDir = `/var/lib/quorate/${cluster}`;
  const runDir = `/run/quorate/${cluster}`;
  const dataDir = adopted?.dataDir ?? `/var/lib/etcd/${cluster}`;
  const unit = `etcd-${cluster}.service`;
  const gatewayUnit = `etcd-${cluster}.gateway.service`;
  return {
    stateDir,
    runDir,
    dataDir,
    asideDir: `${dataDir}.aside`,
    member: `${stateDir}/member.json`,
    firstLife: `${stateDir}/first-life`,
    removed: `${stateDir}/removed`,
    ticket: `${runDir}/ticket`,
    usedTicket: `${runDir}/ticket.used`,
    ended: `${runDir}/ended`,
    lock: `${runDir}/lock`,
    unit,
    unitFile: `${UNITS}/${unit}`,
    gateway: `${stateDir}/gateway.json`,
    gatewayWritten: `${stateDir}/gateway.json.unit`,
    gatewayEnded: `${runDir}/gateway.ended`,
    gatewayUnit,
    gatewayUnitFile: `${UNITS}/${gatewayUnit}`,
    ...(adopted === undefined ? {} : { former: formerPaths(adopted, stateDir) }),
  };
}

const formerPaths = ({ unit: name, version }: AdoptedMember, stateDir: string): FormerPaths => ({
  version,
  ...(name === undefined
    ? {}
    : { unit: { name, file: `${UNITS}/${name}`, keptFile: `${stateDir}/former/${name}` } }),
});

export const BINARIES = '/opt/quorate/etcd';
export const binaryPath = (version: EtcdVersion): string => `${BINARIES}/${version}/etcd`;

/** Beside a binary: its sha256, size and time when it was proven. */
export const provenPath = (version: EtcdVersion): string => `${binaryPath(version)}.proven`;

/** The version of a binary of ours, by its path. */
export const versionOfBinary = (path: string): string | undefined =>
  new RegExp(`^${BINARIES}/([^/]+)/etcd$`).exec(path)?.[1];

/** Who runs etcd on a host; made when it is not there. */
export const ETCD_USER = 'etcd';
