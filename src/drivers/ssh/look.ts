import { parseEtcdVersion, type EtcdVersion, type StartFlags } from '../../core/cluster/index.js';
import type { Launch } from '../../core/planner/index.js';
import type { CertificateFile } from '../../engine/ports/index.js';
import { oldestLogFile } from '../evidence/index.js';
import { versionOfBinary } from './layout.js';
import {
  type GatewayFile,
  type MemberFile,
  parseGatewayFile,
  parseMemberFile,
} from './state-files.js';

/** What one look at a host brought back, taken apart and not yet judged. */
export interface Look {
  readonly bootID: string;
  /** Seconds since the host booted, at the time of the look. */
  readonly uptimeSeconds: number;
  readonly member: UnitLook & { readonly file: MemberFile | undefined };
  readonly gateway: UnitLook & {
    readonly file: GatewayFile | undefined;
    /** Of the unit as it is, and as we wrote it. */
    readonly unitDigest: string | undefined;
    readonly writtenDigest: string | undefined;
  };
  /** Absent: there is no unit file. */
  readonly unitDigest: string | undefined;
  /** Binaries that are not what we brought: sha256 then and now. */
  readonly changedBinaries: readonly {
    readonly file: string;
    readonly written: string;
    readonly found: string;
  }[];
  /** Lines of other people's drop-ins that change what we rely on; '' when there are none. */
  readonly dropIns: string;
  /** The life that was allowed to read bootstrap flags. */
  readonly firstLife: string | undefined;
  /** Processes on our data directory that are not the unit's. */
  readonly others: readonly { readonly pid: number; readonly dataDir: string }[];
  readonly data: DataLook;
}

export interface UnitLook {
  /** Between two lives: systemd waits before it starts it again. */
  readonly waitsForRestart: boolean;
  readonly running: RunningLook | undefined;
  readonly ended: EndedLook | undefined;
  /** Of the running life where it was asked for, else of the last one. Absent: the journal has none. */
  readonly log: { readonly head: string; readonly tail: string } | undefined;
}

export interface RunningLook {
  readonly pid: number;
  readonly invocation: string;
  readonly program: string;
  /** Empty when the process is being killed and its command line can no longer be read. */
  readonly flags: StartFlags;
  readonly version: EtcdVersion | undefined;
  /** Seconds after the boot at which it started; absent when it went while we looked. */
  readonly startedSeconds: number | undefined;
}

/** What the unit itself noted when the last life ended. */
export interface EndedLook {
  readonly invocation: string;
  readonly result: string;
  readonly code: string;
  readonly status: string;
  readonly asked: boolean;
  readonly inARow: number;
  readonly startedSeconds: number;
  readonly exitedSeconds: number;
  readonly bootID: string;
}

export type DataLook =
  /** The host's own words about a file or directory that cannot be read. */
  | { readonly kind: 'trouble'; readonly words: string }
  /** A disk for it is in the host's table of mounts, and it is not mounted. */
  | { readonly kind: 'unmounted'; readonly mountPoint: string }
  | { readonly kind: 'log'; readonly file: string; readonly head: Uint8Array }
  | { readonly kind: 'no-log'; readonly hasDatabase: boolean };

/** The unit of start times in /proc/PID/stat: USER_HZ, 100 on every Linux. */
const TICKS_PER_SECOND = 100;

/** Takes apart what `lookScript` printed; the text of what is missing when it is not whole. */
export function parseLook(stdout: Uint8Array, dataDir: string): Look | string {
  const parts = partsOf(stdout);
  const text = (name: string): string | undefined => parts.get(name)?.toString('utf8').trimEnd();
  const bootID = text('boot');
  const uptime = Number.parseFloat(text('uptime') ?? '');
  const unit = text('unit');
  const gateway = text('gateway.unit');
  if (bootID === undefined || unit === undefined || gateway === undefined || Number.isNaN(uptime)) {
    return `the answer lacks a part: ${[...parts.keys()].join(' ')}`;
  }
  return {
    bootID,
    uptimeSeconds: uptime,
    member: {
      ...unitLook(parts, 'member', unit, text('ended')),
      file: parseMemberFile(text('member')),
    },
    gateway: {
      ...unitLook(parts, 'gateway', gateway, text('gateway.ended')),
      file: parseGatewayFile(text('gateway')),
      unitDigest: text('gateway.digest')?.split(' ')[0],
      writtenDigest: text('gateway.written'),
    },
    unitDigest: text('unit.digest')?.split(' ')[0],
    changedBinaries: changedBinaries(text('binaries') ?? ''),
    dropIns: text('drop-ins') ?? '',
    firstLife: text('first-life'),
    others: othersIn(parts, dataDir),
    data: dataLook(parts),
  };
}

const changedBinaries = (text: string): Look['changedBinaries'] =>
  text.split('\n').flatMap((line) => {
    const [written, found, file] = line.split(' ');
    return written === undefined || found === undefined || file === undefined
      ? []
      : [{ file, written, found }];
  });

/** The files of certificates that the look was told of, in the same order. */
export function certificateFiles(
  stdout: Uint8Array,
  paths: readonly string[],
): Readonly<Record<string, CertificateFile>> {
  const parts = partsOf(stdout);
  return Object.fromEntries(
    paths.map((path, i): [string, CertificateFile] => {
      const certificates = parts.get(`certificate.${i}`)?.toString('utf8');
      return [
        path,
        certificates === undefined ? { kind: 'absent' } : { kind: 'present', certificates },
      ];
    }),
  );
}

export function partsOf(stdout: Uint8Array): ReadonlyMap<string, Buffer> {
  const parts = new Map<string, Buffer>();
  for (const line of Buffer.from(stdout).toString('latin1').split('\n')) {
    const [, name, content = ''] = /^@(\S+) (\S*)$/.exec(line) ?? [];
    if (name !== undefined) parts.set(name, Buffer.from(content, 'base64'));
  }
  return parts;
}

const properties = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(/[\n ](?=[A-Za-z]+=)/).map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );

function unitLook(
  parts: ReadonlyMap<string, Buffer>,
  name: 'member' | 'gateway',
  unit: string,
  ended: string | undefined,
): UnitLook {
  const shown = properties(unit);
  const pid = Number(shown.get('MainPID') ?? 0);
  const head = parts.get(`${name}.log.head`)?.toString('utf8');
  const tail = parts.get(`${name}.log.tail`)?.toString('utf8');
  return {
    waitsForRestart: (shown.get('SubState') ?? '').startsWith('auto-restart'),
    running: pid === 0 ? undefined : runningLook(parts, name, pid, shown.get('InvocationID') ?? ''),
    ended: ended === undefined ? undefined : endedLook(ended),
    // A journal that knows nothing of a life says nothing: then there is no log, not an empty one.
    log:
      head === undefined || tail === undefined || head + tail === '' ? undefined : { head, tail },
  };
}

function runningLook(
  parts: ReadonlyMap<string, Buffer>,
  name: string,
  pid: number,
  invocation: string,
): RunningLook {
  const words = commandLine(parts.get(`${name}.cmdline`));
  const program = words[0] ?? '';
  const stat = parts.get(`${name}.stat`)?.toString('latin1');
  // The second field is the program's name in parentheses and may hold blanks and parentheses itself.
  const ticks = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return {
    pid,
    invocation,
    program,
    flags: flagsOf(words),
    version: parseEtcdVersion(versionOfBinary(program) ?? ''),
    startedSeconds: Number.isNaN(ticks) ? undefined : ticks / TICKS_PER_SECOND,
  };
}

const commandLine = (bytes: Buffer | undefined): readonly string[] =>
  bytes === undefined || bytes.length === 0 ? [] : bytes.toString('utf8').split('\0').slice(0, -1);

/** The flags of a command line of ours. */
function flagsOf(words: readonly string[]): StartFlags {
  const flags: Record<string, string> = {};
  for (const word of words.slice(1)) {
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined) flags[name] = value;
  }
  return flags;
}

function endedLook(text: string): EndedLook | undefined {
  const shown = properties(text);
  const number = (name: string): number => Number(shown.get(name) ?? Number.NaN);
  const look = {
    invocation: shown.get('invocation') ?? '',
    result: shown.get('result') ?? '',
    code: shown.get('code') ?? '',
    status: shown.get('status') ?? '',
    asked: shown.get('asked') === '1',
    inARow: number('inARow'),
    startedSeconds: number('startedUs') / 1e6,
    exitedSeconds: number('exitedUs') / 1e6,
    bootID: shown.get('boot') ?? '',
  };
  return Number.isNaN(look.inARow + look.startedSeconds + look.exitedSeconds) ? undefined : look;
}

function othersIn(parts: ReadonlyMap<string, Buffer>, dataDir: string): Look['others'] {
  return [...parts].flatMap(([name, bytes]) => {
    const [, pid] = /^other\.(\d+)$/.exec(name) ?? [];
    if (pid === undefined) return [];
    const text = (part: string) => parts.get(`${part}.${pid}`)?.toString('utf8').trim() ?? '';
    const used = dataDirOf(commandLine(bytes)) || text('env');
    const absolute = used === '' || used.startsWith('/') ? used : `${text('cwd')}/${used}`;
    return normal(absolute) === dataDir ? [{ pid: Number(pid), dataDir: absolute }] : [];
  });
}

const normal = (path: string): string =>
  path.replaceAll(/\/(\.?\/)+/g, '/').replace(/(.)\/\.?$/, '$1');

/** The value of `--data-dir` in any spelling etcd accepts, as written; '' when there is none. */
function dataDirOf(words: readonly string[]): string {
  for (let i = 1; i < words.length; i++) {
    const match = /^--?data-dir(?:=(.*))?$/s.exec(words[i] ?? '');
    if (match !== null) return match[1] ?? words[i + 1] ?? '';
  }
  return '';
}

function dataLook(parts: ReadonlyMap<string, Buffer>): DataLook {
  const trouble = parts.get('data.trouble')?.toString('utf8').trim();
  if (trouble !== undefined) return { kind: 'trouble', words: trouble };
  const names = (part: string): readonly string[] =>
    (parts.get(part)?.toString('utf8') ?? '').split('\n').filter((name) => name !== '');
  const head = parts.get('wal.head');
  const file = oldestLogFile(names('wal.names'));
  if (head !== undefined && file !== undefined) return { kind: 'log', file, head };
  const mountPoint = parts.get('unmounted')?.toString('utf8').trim();
  if (mountPoint !== undefined) return { kind: 'unmounted', mountPoint };
  return { kind: 'no-log', hasDatabase: names('snap.names').length > 0 };
}

/** A life that was allowed to read its bootstrap flags keeps the purpose of its launch; every other one is a restart. */
export const purposeOf = (look: Look, invocation: string): Launch['purpose'] =>
  look.member.file !== undefined && look.firstLife === invocation && invocation !== ''
    ? look.member.file.launch.purpose
    : 'restart';
