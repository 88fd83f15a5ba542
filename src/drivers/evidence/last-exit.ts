import { type Instant, instantOf } from '../../base/index.js';
import type { ExitReason, LastExit } from '../../core/cluster/index.js';
import type { Launch } from '../../core/planner/index.js';
import { type ExitData, problemOfExit } from './exit-problems.js';

/** A life shorter than this counts as a failed start. */
export const SHORT_LIFE_MS = 10_000;

/** What a driver remembers of the last life of a member's process. */
export interface EndedLife {
  readonly launch: Launch;
  readonly spawnedAt: Instant;
  /** How many lives right before this one were short. */
  readonly shortLivesBefore: number;
  /** When we asked it to end; whatever its log says then, that is why it ended. */
  readonly askedAt?: Instant;
  readonly endedAt?: Instant;
}

/** What one life wrote: its beginning and its end, which may be the same text. */
export interface LifeLog {
  readonly head: string;
  readonly tail: string;
  /** Milliseconds since the epoch of the last line. */
  readonly lastWriteMs: number;
}

/** What is known about the end of a life from outside its log. */
export interface End extends Omit<ExitData, 'words'> {
  readonly log: LifeLog | undefined;
  /** The last moment it was seen alive or seen to end, if this process saw either. */
  readonly seenMs: number | undefined;
  /** The machine was started again since: whatever ran then is gone. */
  readonly rebooted: boolean;
  /** The data directory holds a write-ahead log now. */
  readonly hasLog: boolean;
}

/** Why the last life ended, as far as its log, our own record and the state of the directory say. */
export function lastExitOf(life: EndedLife, end: End): LastExit {
  const said = life.askedAt !== undefined ? ASKED : reasonFrom(life, end);
  const atMs = life.endedAt ?? Math.max(life.spawnedAt, end.log?.lastWriteMs ?? 0, end.seenMs ?? 0);
  const short = said.reason !== 'asked' && !end.rebooted && atMs - life.spawnedAt < SHORT_LIFE_MS;
  return {
    at: instantOf(Math.round(atMs)),
    reason: said.reason,
    inARow: short ? life.shortLivesBefore + 1 : 0,
    beforeRaft: !end.hasLog && neverReachedRaft(life, end.log),
    problem: problemOfExit(said.reason, {
      host: end.host,
      words: said.words,
      seeLog: end.seeLog,
      dataDir: end.dataDir,
      there: end.there,
    }),
  };
}

/**
 * True when this life certainly ended before raft began: it was started on an empty directory, and its log proves it.
 * etcd creates its write-ahead log, then says that it starts the local member, and only then begins raft; and it
 * leaves a fresh database file behind when it gives up earlier. So such a file is no member's data.
 */
export function neverReachedRaft(
  life: Pick<EndedLife, 'launch'>,
  log: LifeLog | undefined,
): boolean {
  if (life.launch.purpose === 'restart' || log === undefined) return false;
  if (RAFT_BEGAN.test(log.head) || RAFT_BEGAN.test(log.tail)) return false;
  const { reason } = classify(log);
  return saysWhatItDoes(life) || reason === 'bad-flags' || ENDS_BOOTSTRAP.has(reason);
}

const RAFT_BEGAN = /newRaft |starting (local )?member|became (follower|candidate|leader) at term/;
/** These ends are only ever met while etcd bootstraps, and are logged at every level. */
const ENDS_BOOTSTRAP: ReadonlySet<ExitReason> = new Set(['already-bootstrapped', 'cannot-join']);

/** The absence of a line proves something only when etcd writes such lines, and writes them to our file. */
function saysWhatItDoes(life: Pick<EndedLife, 'launch'>): boolean {
  const { flags } = life.launch;
  const level = flags['log-level'] ?? 'info';
  const outputs = flags['log-outputs'] ?? flags['log-output'] ?? 'default';
  return (
    ['debug', 'info'].includes(level) &&
    ['default', 'stderr', 'stdout'].includes(outputs) &&
    flags['log-package-levels'] === undefined
  );
}

interface Said {
  readonly reason: ExitReason;
  readonly words: string;
}
const ASKED: Said = { reason: 'asked', words: '' };

function reasonFrom(life: EndedLife, end: End): Said {
  if (end.rebooted) return { reason: 'killed', words: 'nothing: the machine was started again' };
  if (end.log === undefined) return { reason: 'killed', words: '' };
  const said = classify(end.log);
  if (said.reason !== 'other') return said;
  const ran = /"etcd-version":"([^"]+)"/.exec(end.log.head)?.[1];
  return ran !== undefined && ran !== life.launch.version
    ? { reason: 'wrong-version', words: `etcd-version ${ran}, not ${life.launch.version}` }
    : said;
}

/** The last lines of an etcd that a discovery service turned away are warnings, and then it exits. */
const MEETING_REFUSED =
  /"msg":"(failed to bootstrap; discovery token was already used|member has been registered with discovery service|member with duplicated name has already been registered)/;

/** etcd's words for each reason, in 3.4 to 3.7 (facts sheet 0, 1.3, 1.4, 5.6, 14.1, 14.5); the first that fits. */
const WORDS: readonly (readonly [RegExp, ExitReason])[] = [
  [/permanently removed from the cluster|data-dir used by this member must be removed/, 'removed'],
  [/tocommit\(\d+\) is out of range/, 'log-lost'],
  [/has already been bootstrapped/, 'already-bootstrapped'],
  // What a discovery service, or etcd about it, says (facts sheet 2.2, 14.4).
  [
    /discovery: (found duplicate|cluster is full|size key|bad discovery|invalid)/,
    'meeting-refused',
  ],
  [MEETING_REFUSED, 'meeting-refused'],
  [/"\d{3}: [^"]*\[\d+\]"|client: etcd member .* has no leader/, 'meeting-refused'],
  [/cannot fetch cluster info from peer urls|error validating peerURLs/, 'cannot-join'],
  [/address already in use/, 'port-taken'],
  [/no space left on device|disk quota exceeded/, 'disk-full'],
  [/read-only file system/, 'read-only'],
  [/permission denied|operation not permitted/, 'permission'],
  [
    /invalid downgrade|cluster cannot be downgraded|incompatible with current running/,
    'wrong-version',
  ],
  [
    /flag provided but not defined|invalid (boolean )?value .* for (flag )?-|flag needs an argument|failed to verify flags/,
    'bad-flags',
  ],
  [
    /couldn't find local name|but missing from --initial-advertise|has duplicate url|is required when|expected IP in URL|multiple discovery or bootstrap|cannot assign requested address|unrecognized feature gate/,
    'bad-flags',
  ],
];

/** Why it reached nobody, when that is because the DNS does not give their names; in a line of its own before the end. */
const UNRESOLVED = /dial tcp: (lookup [^\s"]+ on [^"\\]+)/;

/**
 * Why a process ended, by the end of what it wrote.
 * Only a line that ends the process counts: many others mention a full disk or a refused permission in passing.
 * When several do, the first is the cause; what follows is etcd falling over.
 */
export function classify(log: Pick<LifeLog, 'tail'>): Said {
  const lines = log.tail.split('\n').filter((line) => line !== '');
  const ending = lines.filter(endsTheProcess);
  for (const [pattern, reason] of WORDS) {
    const line = ending.find((candidate) => pattern.test(candidate));
    if (line === undefined) continue;
    const unresolved = reason === 'cannot-join' ? UNRESOLVED.exec(log.tail)?.[1] : undefined;
    const words = [wordsOf(line), ...(unresolved === undefined ? [] : [unresolved])].join('; ');
    return { reason, words };
  }
  const last = ending.at(-1);
  if (last !== undefined) return { reason: 'other', words: wordsOf(last) };
  const signal = lines.findLast((line) => line.includes('received signal; shutting down'));
  // Nobody of ours sent it, or we would know.
  return { reason: 'killed', words: signal === undefined ? '' : wordsOf(signal) };
}

function endsTheProcess(line: string): boolean {
  return (
    /"level":"(fatal|panic)"/.test(line) ||
    MEETING_REFUSED.test(line) ||
    /"msg":"(server error|failed to verify flags|failed to start etcd|data-dir used by)/.test(
      line,
    ) ||
    // The old plain format of 3.4: "2026-01-01 10:00:00.000000 C | etcdmain: …".
    /^\d{4}-\d\d-\d\d [\d:.]+ [CF] \| /.test(line) ||
    /^(panic:|fatal error:|flag provided|invalid (boolean )?value|flag needs|error verifying|error: )/.test(
      line,
    )
  );
}

const WORDS_LENGTH_MAX = 400;

/** The message and error of a log line, without its time, place and stack. */
function wordsOf(line: string): string {
  let words = line;
  try {
    const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const parts = [entry['msg'], entry['error'], entry['signal']];
    words = parts.filter((part) => typeof part === 'string').join(': ');
  } catch {
    words = line.replace(/^\d{4}-\d\d-\d\d [\d:.]+ [A-Z] \| /, '');
  }
  return words.length > WORDS_LENGTH_MAX ? `${words.slice(0, WORDS_LENGTH_MAX)}…` : words;
}
