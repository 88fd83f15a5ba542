import { parse } from 'yaml';
import { type Result, err, formatGoDuration, ok } from '../../base/index.js';
import type { EtcdMinor, StartFlags } from '../cluster/index.js';
import { flagInfo } from '../spec/index.js';

/** The sections of a configuration file whose keys are flags under other names. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'client-transport-security': {
    'cert-file': 'cert-file',
    'key-file': 'key-file',
    'client-cert-auth': 'client-cert-auth',
    'trusted-ca-file': 'trusted-ca-file',
    'auto-tls': 'auto-tls',
    'client-cert-file': 'client-cert-file',
    'client-key-file': 'client-key-file',
  },
  'peer-transport-security': {
    'cert-file': 'peer-cert-file',
    'key-file': 'peer-key-file',
    'client-cert-auth': 'peer-client-cert-auth',
    'trusted-ca-file': 'peer-trusted-ca-file',
    'auto-tls': 'peer-auto-tls',
    'allowed-cn': 'peer-cert-allowed-cn',
    'allowed-hostname': 'peer-cert-allowed-hostname',
    'client-cert-file': 'peer-client-cert-file',
    'client-key-file': 'peer-client-key-file',
  },
};

const NS_PER_MS = 1_000_000;

/**
 * The flags that a configuration file amounts to. Keys that etcd does not know it ignores, and so do we. The error says what
 * is wrong with the text.
 */
export function flagsOfConfigFile(text: string, minor: EtcdMinor): Result<StartFlags, string> {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    return err(`its configuration file is no YAML: ${error instanceof Error ? error.message : ''}`);
  }
  if (content === null || content === undefined) return ok({});
  if (!isFields(content)) return err('its configuration file is no list of settings');
  const flags: Record<string, string> = {};
  const take = (name: string, value: unknown): void => {
    const said = textOf(name, value, minor);
    if (said !== undefined && said !== '') flags[name] = said;
  };
  for (const [key, value] of Object.entries(content)) {
    const section = SECTIONS[key];
    if (section === undefined) take(key, value);
    else if (isFields(value)) {
      for (const [inner, name] of Object.entries(section)) take(name, value[inner]);
    }
  }
  return ok(flags);
}

/** Undefined: nothing was said, or nothing that this etcd knows. */
function textOf(name: string, value: unknown, minor: EtcdMinor): string | undefined {
  const info = flagInfo(minor, name);
  if (info === undefined || value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.map(String).join(',');
  // A bare number is what Go reads as a duration in a file: nanoseconds.
  if (info.type === 'duration' && typeof value === 'number') {
    return formatGoDuration(value / NS_PER_MS);
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
