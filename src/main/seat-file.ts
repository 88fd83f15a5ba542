import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, err, ok } from '../base/index.js';
import { type ClusterName, type HostName, parseHostName } from '../core/cluster/index.js';
import type { ClusterSpec, SSHOptions } from '../core/spec/index.js';
import { makeDirectory, writeWhole } from '../disk/index.js';
import { clusterNotOfSeat, fileUnwritable } from './problems.js';

/**
 * What this machine knows of a cluster that lives on other hosts: how to reach them. Everything else is on the hosts, so
 * that any seat can go on; a seat that has lost this file needs the spec again, and nothing more.
 */
export interface SeatFile {
  readonly formatVersion: 1;
  readonly ssh: SSHOptions;
  /** Every host that may hold state of the cluster: those that the spec names, and those that it named before. */
  readonly hosts: readonly HostName[];
  /** Those among them that may hold the record: the members'. Never forgotten here, so that no state is ever begun anew. */
  readonly holders: readonly HostName[];
}

const pathIn = (stateDir: string): string => join(stateDir, 'seat.json');

/**
 * Undefined: the cluster runs on this machine, or nobody knows it here. Read at once and whole: whoever opens a cluster
 * has to know what kind it is.
 */
export function readSeat(stateDir: string): SeatFile | undefined {
  let text: string;
  try {
    text = readFileSync(pathIn(stateDir), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return seatOf(JSON.parse(text));
  } catch {
    // As if it were lost: the next `apply -f` writes it again.
    return undefined;
  }
}

function seatOf(value: unknown): SeatFile | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { ssh, hosts, holders } = value as Readonly<Record<'ssh' | 'hosts' | 'holders', unknown>>;
  if (typeof ssh !== 'object' || ssh === null) return undefined;
  if (!Array.isArray(hosts) || !Array.isArray(holders)) return undefined;
  const { user, port, identityFile, configFile, binaries } = ssh as Record<string, unknown>;
  return {
    formatVersion: 1,
    ssh: {
      ...(typeof user === 'string' ? { user } : {}),
      ...(typeof port === 'number' ? { port } : {}),
      ...(typeof identityFile === 'string' ? { identityFile } : {}),
      ...(typeof configFile === 'string' ? { configFile } : {}),
      ...(binaries === 'copied' || binaries === 'fetched' ? { binaries } : {}),
    },
    hosts: namesIn(hosts),
    holders: namesIn(holders),
  };
}

const namesIn = (values: readonly unknown[]): readonly HostName[] =>
  values.flatMap((value) => {
    const parsed = parseHostName(String(value));
    return parsed.ok ? [parsed.value] : [];
  });

/** The seat that a spec asks for; hosts that were known before stay known, because they may still hold state. */
export function seatFor(spec: ClusterSpec, before: SeatFile | undefined): SeatFile | undefined {
  if (spec.driver.kind !== 'ssh') return undefined;
  const members = spec.members.map(({ host }) => host);
  const proxies = spec.proxies.map(({ host }) => host);
  return {
    formatVersion: 1,
    ssh: spec.driver.options,
    hosts: [...new Set([...(before?.hosts ?? []), ...members, ...proxies])],
    holders: [...new Set([...(before?.holders ?? []), ...members])],
  };
}

export async function writeSeat(stateDir: string, seat: SeatFile): Promise<Result<void>> {
  const path = pathIn(stateDir);
  try {
    await makeDirectory(stateDir);
    await writeWhole(path, `${JSON.stringify(seat, undefined, 2)}\n`, { durable: true });
    return ok(undefined);
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    return err(fileUnwritable({ path, because }));
  }
}

/** A cluster stays where it was made: another driver under the same name would be a second cluster. */
export function sameDriver(
  cluster: ClusterName,
  kept: 'local' | 'ssh',
  spec: Pick<ClusterSpec, 'driver'>,
): Result<void> {
  const wanted = spec.driver.kind;
  return wanted === kept ? ok(undefined) : err(clusterNotOfSeat({ cluster, kept, wanted }));
}
