import { type EtcdVersion, type StartFlags, parseEtcdVersion } from '../../core/cluster/index.js';
import type { Launch } from '../../core/planner/index.js';

/** What we write on a host before each start of a member. */
export interface MemberFile {
  readonly launch: Launch;
  /** sha256 of the unit file as we wrote it: another one there is somebody else's. */
  readonly unitDigest: string;
  /** The boot in which this start was asked for. */
  readonly bootID: string;
  /** Of this seat's clock, in milliseconds. */
  readonly askedAtMs: number;
}

export interface GatewayFile {
  readonly listen: readonly string[];
  readonly endpoints: readonly string[];
  readonly bootID: string;
  readonly askedAtMs: number;
}

export const stateText = (file: MemberFile | GatewayFile): string =>
  `${JSON.stringify(file, undefined, 2)}\n`;

type Fields = Readonly<Record<string, unknown>>;

/** Undefined when there is none, or when it is damaged: systemd knows what runs anyway. */
export function parseMemberFile(text: string | undefined): MemberFile | undefined {
  const data = fieldsOf(text);
  const launch = isFields(data?.['launch']) ? data['launch'] : undefined;
  const version = versionOf(launch?.['version']);
  const purpose = PURPOSES.find((known) => known === launch?.['purpose']);
  const flags = launch?.['flags'];
  if (data === undefined || version === undefined || purpose === undefined || !isFlags(flags)) {
    return undefined;
  }
  return {
    launch: { purpose, version, flags },
    unitDigest: textOf(data['unitDigest']),
    bootID: textOf(data['bootID']),
    askedAtMs: Number(data['askedAtMs'] ?? 0),
  };
}

export function parseGatewayFile(text: string | undefined): GatewayFile | undefined {
  const data = fieldsOf(text);
  if (data === undefined || !isTexts(data['listen']) || !isTexts(data['endpoints']))
    return undefined;
  return {
    listen: data['listen'],
    endpoints: data['endpoints'],
    bootID: textOf(data['bootID']),
    askedAtMs: Number(data['askedAtMs'] ?? 0),
  };
}

const PURPOSES = ['birth', 'join', 'restart'] as const;

const versionOf = (value: unknown): EtcdVersion | undefined =>
  typeof value === 'string' ? parseEtcdVersion(value) : undefined;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isFlags = (value: unknown): value is StartFlags =>
  isFields(value) && Object.values(value).every((flag) => typeof flag === 'string');
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');

function fieldsOf(text: string | undefined): Fields | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
