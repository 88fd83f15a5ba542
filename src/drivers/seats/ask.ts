import type { Clock, Instant } from '../../base/index.js';
import type { ClusterName, HostName } from '../../core/cluster/index.js';
import type { HostShell, ShellEnd } from '../../engine/ports/index.js';
import { type HostSet, isQuorum } from './host-set.js';
import { type HostReply, type OpAnswer, parseReply } from './host-reply.js';
import { type HostOp, type HostRequest, hostCall } from './host-request.js';

export type HostAnswer =
  | {
      readonly kind: 'answered';
      readonly reply: HostReply;
      /** When the question was sent: a lease is counted from before the host can have granted it. */
      readonly sent: Moment;
    }
  | { readonly kind: 'silent'; readonly because: string };

export type HostAnswers = ReadonlyMap<HostName, HostAnswer>;

/** By both clocks: one can be set, and the other stands still while a machine sleeps. */
export interface Moment {
  readonly monotonicMs: number;
  readonly at: Instant;
}

export const momentOf = (clock: Clock): Moment => ({
  monotonicMs: clock.monotonicMs(),
  at: clock.now(),
});

export interface Asking {
  readonly cluster: ClusterName;
  readonly shell: HostShell;
  /** For questions that change nothing but a lease; another look at the host may share their round trip. */
  readonly lookShell: HostShell;
  readonly clock: Clock;
  readonly hostMs: number;
  /** Ends everything, also what goes on in the background. */
  readonly signal: AbortSignal;
  /** How many questions each host has not answered yet. */
  readonly open: Map<HostName, number>;
}

export interface Round {
  readonly doing: string;
  readonly hosts: readonly HostName[];
  readonly request: (host: HostName) => HostRequest;
  /** Asked after each answer: true ends the waiting, the others then go on in the background until their deadline. */
  readonly isEnough: (answers: HostAnswers) => boolean;
  /** Also for answers that come when nobody waits any more. */
  readonly onAnswer?: (host: HostName, answer: HostAnswer) => void;
  /** When everybody has answered or is late, also when nobody waits any more. */
  readonly onAll?: (answers: HostAnswers) => void;
}

/** A host that hangs keeps so many questions open; further ones are not sent to it. */
const OPEN_MAX = 4;

/** Asks all at once, and answers as soon as it is enough, or everybody has answered or is late. */
export function askHosts(asking: Asking, round: Round): Promise<HostAnswers> {
  const answers = new Map<HostName, HostAnswer>();
  return new Promise((resolve, reject) => {
    const questions = round.hosts.map(async (host) => {
      const answer = await askHost(asking, host, round.doing, round.request(host));
      answers.set(host, answer);
      round.onAnswer?.(host, answer);
      if (round.isEnough(answers)) resolve(new Map(answers));
    });
    Promise.all(questions).then(() => {
      resolve(new Map(answers));
      round.onAll?.(answers);
    }, reject);
  });
}

async function askHost(
  { cluster, shell, lookShell, clock, hostMs, signal, open }: Asking,
  host: HostName,
  doing: string,
  request: HostRequest,
): Promise<HostAnswer> {
  const openNow = open.get(host) ?? 0;
  if (openNow >= OPEN_MAX) {
    return { kind: 'silent', because: `it has not answered ${openNow} earlier questions yet` };
  }
  open.set(host, openNow + 1);
  try {
    const sent = momentOf(clock);
    const command = { doing, deadlineMs: hostMs, ...hostCall(cluster, request) };
    const by = isLook(request) ? lookShell : shell;
    const reply = understood(await by.run(host, command, signal));
    return typeof reply === 'string'
      ? { kind: 'silent', because: reply }
      : { kind: 'answered', reply, sent };
  } finally {
    open.set(host, (open.get(host) ?? 1) - 1);
  }
}

const isLook = ({ seed, record, promise, wish, release, mode }: HostRequest): boolean =>
  [seed, record, promise, wish, release, mode].every((part) => part === undefined);

/** Exit codes of the script, and what they mean. */
const CUT = 65;
const BUSY = 75;

function understood(end: ShellEnd): HostReply | string {
  if (end.kind !== 'ended') return sayings(end.problem.summary, end.problem.detail);
  if (end.code === CUT) return 'what was sent did not arrive whole';
  if (end.code === BUSY) return 'another script there holds the state directory';
  if (end.code !== 0) return sayings(`it ended with ${end.code}`, end.stderr);
  const reply = parseReply(end.stdout);
  return reply.ok ? reply.value : sayings(reply.error, end.stderr);
}

const sayings = (...words: readonly string[]): string =>
  words
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .join(': ');

export const opAnswer = (answer: HostAnswer | undefined, op: HostOp): OpAnswer | undefined =>
  answer?.kind === 'answered' ? answer.reply.ops.get(op) : undefined;

export const didAs = (answers: HostAnswers, op: HostOp) => (host: HostName) =>
  opAnswer(answers.get(host), op) === 'ok';

/**
 * Enough when a majority has done it, or when so many refused that it cannot come any more. When it is hosts that do not
 * answer, everybody is waited for: whoever is told of it wants to know who did.
 */
export const isDecided =
  (set: HostSet, op: HostOp) =>
  (answers: HostAnswers): boolean => {
    const did = didAs(answers, op);
    const mayDo = (host: HostName) => did(host) || answers.get(host)?.kind !== 'answered';
    return isQuorum(set, did) || !isQuorum(set, mayDo);
  };

export const everybody = (): boolean => false;
