import {
  type Result,
  err,
  assertNever,
  formatGoDuration,
  nearest,
  ok,
  parseDurationMs,
  parseSizeBytes,
} from '../../../base/index.js';
import type { FlagInfo, FlagUnit } from './lookup.js';
import { gateFault } from './feature-gates.js';
import type { ValueFault } from './value-fault.js';

/** A value as a spec may write it. */
export type SpecFlagValue = string | number | boolean;

const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int: [-(2n ** 63n), 2n ** 63n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint: [0n, 2n ** 64n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

const UNIT_WORDS: Readonly<Record<FlagUnit, string>> = {
  ms: 'a duration of whole milliseconds such as 100ms, or their bare number',
  s: 'a duration of whole seconds such as 5m, or their bare number',
  bytes: 'a size such as 8GiB, or a bare number of bytes',
  MiB: 'a size of whole MiB such as 200MiB, or their bare number',
};

const UNIT_FACTORS: Readonly<Record<FlagUnit, number>> = {
  ms: 1,
  s: 1000,
  bytes: 1,
  MiB: 1024 ** 2,
};

/**
 * The value as etcd's command line wants it: `100ms` → `100` for a flag that counts milliseconds, `8GiB` → bytes,
 * durations in Go's spelling (which has no days).
 */
export function toEtcdValue(info: FlagInfo, value: SpecFlagValue): Result<string, ValueFault> {
  const text = inUnitOf(info, String(value));
  const fault = flagValueFault(info, text);
  return fault === undefined ? ok(text) : err(fault);
}

/** Undefined when `text`, already in etcd's own unit, is a value that etcd accepts for the flag. */
export function flagValueFault(info: FlagInfo, text: string): ValueFault | undefined {
  if (info.allowed !== undefined && info.type !== 'bool') return enumFault(info.allowed, text);
  switch (info.type) {
    case 'bool':
      return enumFault(['true', 'false'], text);
    case 'duration':
      return isGoDuration(text)
        ? undefined
        : { allowed: 'a duration with its unit, such as 5s or 1m30s' };
    case 'int':
    case 'int64':
    case 'uint':
    case 'uint32':
    case 'uint64':
      return numberFault(info, text);
    case 'featureGates':
      return gateFault(text);
    case 'urls':
      return text === '' || text === '*' || text.split(',').every(isURL)
        ? undefined
        : {
            allowed:
              'URLs with a port and no path, such as https://example.com:443, separated by commas',
          };
    case 'string':
    case 'strings':
    case 'enum':
    case 'ignored':
      return info.name === 'auto-compaction-retention' ? retentionFault(text) : undefined;
    default:
      return assertNever(info.type);
  }
}

function inUnitOf(info: FlagInfo, text: string): string {
  if (info.type === 'duration' || info.name === 'auto-compaction-retention') {
    const ms = parseDurationMs(text);
    // `0` stays: to auto-compaction-retention it is a number of revisions or hours.
    return ms === undefined || text === '0' ? text : formatGoDuration(ms);
  }
  if (info.unit === undefined || /^-?\d+$/.test(text)) return text;
  const amount =
    info.unit === 'bytes' || info.unit === 'MiB' ? parseSizeBytes(text) : parseDurationMs(text);
  const inUnit = amount === undefined ? undefined : amount / UNIT_FACTORS[info.unit];
  return inUnit !== undefined && Number.isSafeInteger(inUnit) ? String(inUnit) : text;
}

function numberFault(info: FlagInfo, text: string): ValueFault | undefined {
  const [low, high] = RANGES[info.type] ?? [0n, 0n];
  if (/^-?\d+$/.test(text) && BigInt(text) >= low && BigInt(text) <= high) return undefined;
  if (info.unit !== undefined) return { allowed: UNIT_WORDS[info.unit] };
  return { allowed: low === 0n ? `a whole number from 0 to ${high}` : 'a whole number' };
}

function enumFault(allowed: readonly string[], text: string): ValueFault | undefined {
  if (allowed.includes(text)) return undefined;
  const near = nearest(text, allowed);
  return { allowed: allowed.join(', '), ...(near === undefined ? {} : { nearest: near }) };
}

/** Hours or a duration when periodic, a number of revisions otherwise: which of them is for read-flags to know. */
const retentionFault = (text: string): ValueFault | undefined =>
  /^\d+$/.test(text) || isGoDuration(text)
    ? undefined
    : { allowed: 'a duration such as 1h, or a whole number (hours, or revisions in that mode)' };

const isGoDuration = (text: string): boolean =>
  text === '0' || /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text);

/** etcd's own rule for every list of URLs, `cors` included: host and port, no path. */
const isURL = (text: string): boolean =>
  /^(https?|unixs?):\/\/(\[[0-9a-fA-F:.]+\]|[^\s,/:?#[\]]+):\d{1,5}$/.test(text);
