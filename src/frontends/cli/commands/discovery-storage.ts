import { type Problem, type Result, err, ok } from '../../../base/index.js';
import { readClusterName } from '../choose.js';
import type { Context } from '../context.js';
import { DISCOVERY_CLUSTER, type DiscoveryStorage } from '../discovery-ports.js';
import type { ManagedCluster } from '../ports.js';
import { discoveryNowhere, usage } from '../problems.js';

export interface StorageOptions {
  readonly endpoints?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The etcd that was named by its endpoints; undefined when none was. */
export function namedStorage({
  endpoints,
  cacert,
  cert,
  key,
}: StorageOptions): Result<DiscoveryStorage | undefined> {
  if ((cert === undefined) !== (key === undefined)) {
    return err(usage({ message: '--cert and --key belong together', hint: 'Give both or none.' }));
  }
  if (endpoints === undefined) return ok(undefined);
  const list = endpoints
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return ok({ endpoints: list, cacert, cert, key });
}

/** Tokens do not belong into whatever cluster QUORATE_CLUSTER happens to name, so only `--cluster` names another. */
export function discoveryCluster(context: Context): Result<ManagedCluster> {
  const name = readClusterName(context.typedCluster ?? DISCOVERY_CLUSTER);
  return name.ok ? ok(context.ports.clusters.open(name.value)) : name;
}

/** Its client URLs, as they were recorded. */
export async function storageOf(cluster: ManagedCluster): Promise<Result<DiscoveryStorage>> {
  const record = await cluster.store.readRecord();
  if (!record.ok) return record;
  const endpoints = Object.values(record.value?.addresses ?? {}).flatMap(
    ({ clientURLs }) => clientURLs,
  );
  return endpoints.length === 0
    ? err(discoveryNowhere({ cluster: cluster.name }))
    : ok({ endpoints, cacert: undefined, cert: undefined, key: undefined });
}

/** What was named, else the etcd of this machine's own service. */
export async function anyStorage(
  context: Context,
  options: StorageOptions,
): Promise<Result<DiscoveryStorage, Problem>> {
  const named = namedStorage(options);
  if (!named.ok) return named;
  if (named.value !== undefined) return ok(named.value);
  const cluster = discoveryCluster(context);
  if (!cluster.ok) return cluster;
  const known = await context.ports.clusters.list();
  return known.includes(cluster.value.name)
    ? storageOf(cluster.value)
    : err(discoveryNowhere({ cluster: cluster.value.name }));
}
