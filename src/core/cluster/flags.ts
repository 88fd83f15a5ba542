/** etcd's flags as a person would type them, without the leading dashes, values already in etcd's own units. */
export type StartFlags = Readonly<Record<string, string>>;

/** etcd's flag `--initial-cluster-state`; nothing else is called cluster state. */
export type InitialClusterState = 'new' | 'existing';

/** Flags that etcd reads only while its data directory is empty (etcd-facts 1.2). */
export const BOOTSTRAP_ONLY_FLAGS: ReadonlySet<string> = new Set([
  'initial-cluster',
  'initial-cluster-state',
  'initial-cluster-token',
  'initial-advertise-peer-urls',
  'discovery',
  'discovery-token',
  'discovery-endpoints',
  'discovery-srv',
  'discovery-srv-name',
  'discovery-fallback',
]);

/** Flags that say who a member is and where; certificates aside, all others are the same for every member of a cluster. */
export const OWN_FLAGS: ReadonlySet<string> = new Set([
  'name',
  'data-dir',
  'listen-peer-urls',
  'listen-client-urls',
  'advertise-client-urls',
  'listen-metrics-urls',
]);

/** The flags of `running` that a restart with `wanted` would change; bootstrap-only flags never count. */
export function differingFlags(running: StartFlags, wanted: StartFlags): readonly string[] {
  const names = new Set([...Object.keys(running), ...Object.keys(wanted)]);
  return [...names]
    .filter((name) => !BOOTSTRAP_ONLY_FLAGS.has(name) && running[name] !== wanted[name])
    .sort();
}

/** As one argument each: `--name=m1`. etcd accepts this form for every type of flag. */
export const argumentsOf = (flags: StartFlags): readonly string[] =>
  Object.keys(flags)
    .sort()
    .map((name) => `--${name}=${flags[name] ?? ''}`);
