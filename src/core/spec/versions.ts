import {
  type EtcdVersion,
  SUPPORTED_MINORS,
  compareVersions,
  parseEtcdVersion,
} from '../cluster/index.js';

const SHAPE = /^\d+\.\d+(\.\d+(-[0-9A-Za-z.]+)?)?$/;

/** What is wrong with a `spec.version`; undefined when nothing is. */
export function versionFault(
  version: string,
): { readonly allowed: string; readonly nearest?: string } | undefined {
  const minor = minorOfSpec(version);
  if (SHAPE.test(version) && isSupported(minor)) return undefined;
  const near = nearestVersion(version);
  return {
    allowed: `a minor (${SUPPORTED_MINORS.join(', ')}) for its newest patch, or an exact version such as 3.6.15`,
    ...(near === undefined ? {} : { nearest: near }),
  };
}

/** Without its `v`, or the supported minor that is closest in time; undefined when it is no version at all. */
function nearestVersion(version: string): string | undefined {
  const bare = version.replace(/^v/, '');
  if (!SHAPE.test(bare)) return undefined;
  if (isSupported(minorOfSpec(bare))) return bare;
  const [major = 0, minor = 0] = bare.split('.').map(Number);
  const isOlder = major < 3 || (major === 3 && minor < 4);
  return isOlder ? SUPPORTED_MINORS[0] : SUPPORTED_MINORS.at(-1);
}

/** The minor of a `spec.version`: `3.6` of `3.6` and of `3.6.15`. */
export const minorOfSpec = (version: string): string => version.split('.').slice(0, 2).join('.');

const isSupported = (minor: string): boolean =>
  (SUPPORTED_MINORS as readonly string[]).includes(minor);

/** Faults of released versions that touch data, with the patch that ends each (etcd-facts 13). */
const FAULTS: readonly {
  readonly from: string;
  readonly fixedIn: string;
  readonly because: string;
}[] = [
  { from: '3.4.0', fixedIn: '3.4.4', because: 'defragmentation can corrupt the database' },
  { from: '3.4.0', fixedIn: '3.4.8', because: 'with authentication on, data can be corrupted' },
  {
    from: '3.4.20',
    fixedIn: '3.4.22',
    because: 'with authentication on, a newly added member can end up with other data',
  },
  {
    from: '3.4.0',
    fixedIn: '3.4.38',
    because: 'a snapshot that arrives during defragmentation can corrupt the database',
  },
  { from: '3.4.0', fixedIn: '3.4.42', because: 'a linearizable read can be stale after a pause' },
  {
    from: '3.5.0',
    fixedIn: '3.5.3',
    because: 'a crash under load can lose acknowledged writes on some members',
  },
  {
    from: '3.5.0',
    fixedIn: '3.5.6',
    because: 'a crash during defragmentation makes members differ',
  },
  {
    from: '3.5.0',
    fixedIn: '3.5.23',
    because: 'a snapshot that arrives during defragmentation can corrupt the database',
  },
  { from: '3.5.0', fixedIn: '3.5.28', because: 'a linearizable read can be stale after a pause' },
  {
    from: '3.5.1',
    fixedIn: '3.5.24',
    because: 'a promotion is not stored, which blocks the upgrade to 3.6',
  },
  {
    from: '3.6.0',
    fixedIn: '3.6.5',
    because: 'a snapshot that arrives during defragmentation can corrupt the database',
  },
  { from: '3.6.0', fixedIn: '3.6.9', because: 'a linearizable read can be stale after a pause' },
  {
    from: '3.7.0',
    fixedIn: '3.7.1',
    because: 'permission to read one key lets a watch see every later key',
  },
];

/** Known faults of an exact version, each with the patch that ends it. A minor alone has none: its newest patch runs. */
export function versionWarnings(
  version: string,
): readonly { readonly because: string; readonly fixedIn: string }[] {
  const exact = parseEtcdVersion(version);
  if (exact === undefined) return [];
  const within = (from: EtcdVersion | undefined, before: EtcdVersion | undefined) =>
    from !== undefined &&
    before !== undefined &&
    compareVersions(exact, from) >= 0 &&
    compareVersions(exact, before) < 0;
  return FAULTS.filter(({ from, fixedIn }) =>
    within(parseEtcdVersion(from), parseEtcdVersion(fixedIn)),
  ).map(({ because, fixedIn }) => ({ because, fixedIn }));
}
