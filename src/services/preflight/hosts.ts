import type { ClusterName, HostName } from '../../core/cluster/index.js';

/** What is to run on the hosts, as far as it matters to whether they are fit for it. */
export interface PreflightWish {
  readonly cluster: ClusterName;
  readonly hosts: readonly PreflightHost[];
  /** Whether the cluster was born or is being born: then data and members are expected, else they are in the way. */
  readonly isBorn: boolean;
  /** Who keeps the members running: systemd as services, or we as processes of our own on this machine. */
  readonly keptBy: 'systemd' | 'process';
  /** Units that are this cluster's own. */
  readonly ownUnits: readonly string[];
  /** The user who runs etcd; made where there is none. */
  readonly user: string;
  /** How large the database may grow. */
  readonly quotaBytes: number;
  readonly heartbeatMs: number;
}

export interface PreflightHost {
  readonly host: HostName;
  /** Where a member or gateway will listen there. */
  readonly listens: readonly Listen[];
  /** By what others dial it. */
  readonly dialled: readonly Dialled[];
  /** Where members keep their data; none on a host that has a gateway only. */
  readonly dataDirs: readonly string[];
}

export type Plane = 'peer' | 'client' | 'metrics';

/** One address to bind. */
export interface Listen {
  readonly plane: Plane;
  /** As in the URL, without brackets. */
  readonly address: string;
  readonly port: number;
}

/** One URL that is advertised. */
export interface Dialled {
  readonly plane: 'peer' | 'client';
  readonly scheme: 'http' | 'https';
  /** A name or an address, without brackets. */
  readonly name: string;
  readonly port: number;
}

const URL_PARTS = /^(https?):\/\/(?:\[([^\]]+)\]|([^:/]+)):(\d+)$/;

/** Undefined for what is no `scheme://host:port`. */
export function partsOfURL(url: string): Omit<Dialled, 'plane'> | undefined {
  const [, scheme, bracketed, plain, port] = URL_PARTS.exec(url) ?? [];
  const name = bracketed ?? plain;
  if (name === undefined || (scheme !== 'http' && scheme !== 'https')) return undefined;
  return { scheme, name, port: Number(port) };
}

export const isAddress = (name: string): boolean =>
  /^\d+\.\d+\.\d+\.\d+$/.test(name) || name.includes(':');

/** `10.0.1.10:2380`, `[::1]:2380`. */
export const atPort = (name: string, port: number): string =>
  name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`;
