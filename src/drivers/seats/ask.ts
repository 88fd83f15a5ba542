import { type Clock, type Instant, Slots, withDeadline } from '../../base/index.js';
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
  /** Each host's questions, so many at once. */
  readonly turns: Map<HostName, Slots>;
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

/** So many questions are under way to one host. The others wait: a turn asks several at once, over those of the last one. */
const SENT_MAX = 4;
/** So many wait for a host that hangs; further ones are not put to it. */
const WAITING_MAX = 32;

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
  asking: Asking,
  host: HostName,
  doing: string,
  request: HostRequest,
): Promise<HostAnswer> {
  const { cluster, shell, lookShell, clock, hostMs, signal, turns } = asking;
  const slots = turns.get(host) ?? new Slots(SENT_MAX);
  turns.set(host, slots);
  if (slots.waiting >= WAITING_MAX) return unanswered(SENT_MAX + WAITING_MAX);
  const askedMs = clock.monotonicMs();
  const giveBack = await turnIn(slots, asking);
  if (giveBack === undefined) {
    return signal.aborted ? NOT_ASKED : unanswered(SENT_MAX);
  }
  try {
    const sent = momentOf(clock);
    const deadlineMs = hostMs - (sent.monotonicMs - askedMs);
    const command = { doing, deadlineMs, ...hostCall(cluster, request) };
    const by = isLook(request) ? lookShell : shell;
    const reply = understood(await by.run(host, command, signal));
    return typeof reply === 'string'
      ? { kind: 'silent', because: reply }
      : { kind: 'answered', reply, sent };
  } finally {
    giveBack();
  }
}

/** Undefined when the deadline or the end of everything comes first. */
async function turnIn(
  slots: Slots,
  { clock, hostMs, signal }: Asking,
): Promise<(() => void) | undefined> {
  const turn = await withDeadline(clock, hostMs, signal, async (ended) => {
    const giveBack = await slots.take(ended);
    if (!ended.aborted) return giveBack;
    // It came at the very moment in which nobody waited for it any more.
    giveBack?.();
    return undefined;
  });
  return turn.late ? undefined : turn.value;
}

/** Nothing is known of the host then, and nothing is said of it. */
const NOT_ASKED: HostAnswer = {
  kind: 'silent',
  because: 'it was not asked: this process is ending',
};

const unanswered = (count: number): HostAnswer => ({
  kind: 'silent',
  because: `it has not answered ${count} earlier questions yet`,
});

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
