import {
  BOOTSTRAP_ONLY_FLAGS,
  type EtcdVersion,
  OWN_FLAGS,
  type StartFlags,
  isAtLeast,
  minorOf,
} from '../cluster/index.js';
import { flagInfo, readFlags, whyReserved } from '../spec/index.js';

/** Where the log goes is a matter of the unit, and no reason for a restart. */
const LOG: ReadonlySet<string> = new Set([
  'logger',
  'log-output',
  'log-outputs',
  'log-format',
  'enable-log-rotation',
  'log-rotation-config-json',
]);

/** The flags of a process that somebody else started, sorted by what they are to us. */
export interface SortedFlags {
  /** Name, place and addresses, what was left out as etcd has it. */
  readonly own: StartFlags;
  /** What a spec says in `spec.etcd`, in the spelling that this minor prefers, and only where it is not the default. */
  readonly extra: StartFlags;
  /** What a spec cannot say there: certificates, and what no cluster of ours runs with. Only where it is not the default. */
  readonly reserved: StartFlags;
}

/** What is read only at a birth, what only says where the log goes, and what etcd ignores is left out. */
export function sortedFlags(given: StartFlags, version: EtcdVersion): SortedFlags {
  const minor = minorOf(version);
  const own: Record<string, string> = {};
  const extra: Record<string, string> = {};
  const reserved: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const info = flagInfo(minor, name);
    if (isOfNoMatter(name) || info?.type === 'ignored') continue;
    if (OWN_FLAGS.has(name)) own[name] = value;
    else if (value === info?.default) continue;
    else if (whyReserved(name) === undefined) extra[name] = value;
    else reserved[name] = value;
  }
  const { name = defaultOf(minor, 'name', 'default') } = own;
  return {
    own: {
      name,
      'data-dir': own['data-dir'] ?? `${name}.etcd`,
      ...urls(own, minor, 'listen-peer-urls'),
      ...urls(own, minor, 'listen-client-urls'),
      ...urls(own, minor, 'advertise-client-urls'),
      ...urls(own, minor, 'listen-metrics-urls'),
    },
    extra: withoutDefaults(extra, minor),
    reserved,
  };
}

/** The same flags as a settled life of ours would have said them, so that the two can be compared. */
export function settledFlags(given: StartFlags, version: EtcdVersion): StartFlags {
  const { own, extra, reserved } = sortedFlags(given, version);
  return {
    ...extra,
    ...reserved,
    ...(isAtLeast(version, 3, 5) ? {} : { logger: 'zap' }),
    'log-outputs': 'stderr',
    ...own,
  };
}

const isOfNoMatter = (name: string): boolean =>
  BOOTSTRAP_ONLY_FLAGS.has(name) ||
  name.startsWith('discovery') ||
  name === 'config-file' ||
  LOG.has(name);

/** Sorted, so that the same URLs in another order are no change. Absent where there are none. */
function urls(own: StartFlags, minor: string, flag: string): StartFlags {
  const text = own[flag] ?? defaultOf(minor, flag, '');
  const list = text.split(',').filter((url) => url !== '');
  return list.length === 0 ? {} : { [flag]: [...list].sort().join(',') };
}

const defaultOf = (minor: string, flag: string, without: string): string =>
  flagInfo(minor, flag)?.default ?? without;

/** In etcd's own units, old spellings turned into the ones that this minor prefers. */
function withoutDefaults(extra: StartFlags, minor: string): StartFlags {
  const { flags, problems } = readFlags(minor, extra);
  if (problems.length > 0) return extra;
  return Object.fromEntries(
    Object.entries(flags).filter(([name, value]) => {
      const usual = defaultOf(minor, name, '');
      return value !== usual && value !== readFlags(minor, { [name]: usual }).flags[name];
    }),
  );
}
