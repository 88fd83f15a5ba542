import { type ClusterID, type MemberID, type Result, err, ok } from '../../base/index.js';
import {
  type EtcdSighting,
  type HostSighting,
  type Keeper,
  adoptionProblems,
} from '../../core/adoption/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostShell } from '../../engine/ports/index.js';
import { ADOPT_SCRIPT } from './script.js';

/** Whose log begins so; undefined: nobody's. */
export type IdentityOf = (
  head: Uint8Array,
) => { readonly memberID: MemberID; readonly clusterID: ClusterID } | undefined;

/** The first connection to a host and a look at it. */
const LOOK_MS = 20_000;

/** Every etcd of a host, in one round trip. */
export async function readHost(
  shell: HostShell,
  host: HostName,
  identityOf: IdentityOf,
  signal: AbortSignal,
): Promise<HostSighting> {
  const command = { doing: 'see which etcd runs', script: ADOPT_SCRIPT, deadlineMs: LOOK_MS };
  const end = await shell.run(host, command, signal);
  if (end.kind !== 'ended') return { kind: 'unseen', host, problem: end.problem };
  const processes = parseSightings(end.stdout, identityOf);
  if (processes.ok) return { kind: 'seen', host, processes: processes.value };
  const because = end.stderr.trim() === '' ? processes.error : end.stderr.trim();
  return { kind: 'unseen', host, problem: adoptionProblems.hostUnread({ host, because }) };
}

/** Takes apart what the script printed; the error says what is missing. */
export function parseSightings(
  stdout: Uint8Array,
  identityOf: IdentityOf,
): Result<readonly EtcdSighting[], string> {
  const parts = new Map<string, Buffer>();
  for (const line of Buffer.from(stdout).toString('latin1').split('\n')) {
    const [, name, content = ''] = /^@(\S+) (\S*)$/.exec(line) ?? [];
    if (name !== undefined) parts.set(name, Buffer.from(content, 'base64'));
  }
  if (!parts.has('end')) return err('the answer is not whole');
  const pids = [...parts.keys()].flatMap((name) => /^(\d+)\.cmdline$/.exec(name)?.[1] ?? []);
  return ok(pids.map((pid) => sightingOf(pid, parts, identityOf)));
}

function sightingOf(
  pid: string,
  parts: ReadonlyMap<string, Buffer>,
  identityOf: IdentityOf,
): EtcdSighting {
  const bytes = (name: string): Buffer | undefined => parts.get(`${pid}.${name}`);
  const text = (name: string): string => bytes(name)?.toString('utf8').trimEnd() ?? '';
  const lines = (name: string): readonly string[] =>
    text(name)
      .split('\n')
      .filter((line) => line !== '');
  const head = bytes('head');
  const identity = head === undefined ? undefined : identityOf(head);
  const config = bytes('config')?.toString('utf8');
  const dataDir = text('data');
  const walDir = text('wal');
  return {
    pid: Number(pid),
    words: (bytes('cmdline')?.toString('utf8') ?? '').split('\0').slice(0, -1),
    environment: lines('environment'),
    ...(config === undefined ? {} : { config }),
    user: text('user'),
    keeper: keeperOf(Number(pid), text),
    ...(dataDir === '' ? {} : { dataDir }),
    ...(walDir === '' ? {} : { walDir }),
    ...(identity === undefined ? {} : { identity }),
    closedDirectories: lines('closed'),
    closedFiles: lines('keys'),
    changedFiles: lines('changed'),
  };
}

/** Units whose files are written down, and what they say of the next boot. */
const AT_BOOT: Readonly<Record<string, boolean>> = {
  enabled: true,
  linked: false,
  alias: true,
  static: false,
  indirect: true,
  disabled: false,
};

/** Where a command runs that somebody typed, or had run once. */
const TYPED =
  /^(session-\w+|run-\w+)\.scope$|^(sshd?(@.*)?|crond?|rc-local|getty@.*|user@\d+)\.service$/;

function keeperOf(pid: number, text: (name: string) => string): Keeper {
  const cgroup = text('cgroup');
  const unit = text('unit');
  const state = text('state');
  if (/docker|containerd|kubepods|libpod|crio|machine\.slice/.test(cgroup)) {
    return { kind: 'other', what: `a container (${cgroup})` };
  }
  if (text('kept') !== '') {
    return { kind: 'other', what: `Quorate itself, by ${unit}` };
  }
  if (unit === '' || TYPED.test(unit)) return { kind: 'by-hand' };
  if (Number(text('main')) !== pid) {
    return { kind: 'other', what: `${unit}, whose main process it is not` };
  }
  const atBoot = Object.hasOwn(AT_BOOT, state) ? AT_BOOT[state] : undefined;
  if (atBoot === undefined || !/^[A-Za-z0-9:_.@-]+\.service$/.test(unit)) {
    return { kind: 'other', what: `${unit}, a unit that is ${state === '' ? 'odd' : state}` };
  }
  return { kind: 'unit', unit, atBoot };
}
