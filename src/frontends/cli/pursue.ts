import { type Problem, isAbort } from '../../base/index.js';
import { describeStep } from '../../engine/journal/index.js';
import type { TurnResult } from '../../engine/controller/index.js';
import type { PlanInput, Plan, Step } from '../../core/planner/index.js';
import { sentenceOf } from '../../core/planner/index.js';
import { type JournalEntry, type LockHolder, lockHeld } from '../../engine/ports/index.js';
import { type Context, fail, tell, tellEntry } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { Look, ManagedCluster } from './ports.js';
import { interrupted, waitedTooLong } from './problems.js';

/** One look at the cluster, whoever took it. */
export type Moment = Pick<PlanInput, 'record' | 'target' | 'observation'> & {
  readonly plan: Plan;
};

export interface Pursuit {
  /** For the journal and for whoever asks who acts: `quorate apply`. */
  readonly command: string;
  /** How to go on after an interrupt. Absent: the command itself. */
  readonly again?: string;
  /** What is waited for, in words: completes "… has not happened". */
  readonly what: string;
  /** Asked of every moment. Default: the plan is converged. */
  readonly reached?: (moment: Moment) => boolean;
  readonly timeoutMs: number;
  /** Every line of the journal, after it was told. */
  readonly onEntry?: (entry: JournalEntry) => void;
  /** Ends the pursuit with success from outside (say, at the first acknowledged write). */
  readonly enough?: AbortSignal;
  /** The token of a holder elsewhere, who does not act any more as far as a person can tell. */
  readonly takeOver?: string | undefined;
}

export type PursuitEnd =
  | { readonly kind: 'reached'; readonly moment?: Moment }
  | { readonly kind: 'blocked'; readonly problems: readonly Problem[] }
  | { readonly kind: 'too-late'; readonly problem: Problem }
  | { readonly kind: 'interrupted'; readonly problem: Problem }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

/** Tells why a pursuit ended before its goal, and answers the exit code. */
export async function failPursuit(
  context: Context,
  end: Exclude<PursuitEnd, { kind: 'reached' }>,
): Promise<ExitCode> {
  switch (end.kind) {
    case 'blocked':
      return fail(context, end.problems, EXIT.blocked);
    case 'too-late':
      return fail(context, end.problem, EXIT.waitedTooLong);
    case 'interrupted':
      return fail(context, end.problem, EXIT.failed);
    case 'failed':
      return fail(context, end.problems, EXIT.failed);
  }
}

/** What a blocked plan is given to unblock itself: a start that failed is tried again, a host answers late. */
export const BLOCKED_FOR_MS = 3000;
/** Whoever held the lock and vanished: its guardian brings it back within this time. */
const HOLDER_GONE_MS = 2500;
const FOLLOW_POLL_MS = 200;
/** More lines than a controller writes between two looks. */
const JOURNAL_TAIL_ENTRIES = 200;

/**
 * Sees to it that what was asked happens: by whoever acts on the cluster now, watched from here, and by ourselves as
 * soon as nobody does.
 */
export async function pursue(
  context: Context,
  cluster: ManagedCluster,
  pursuit: Pursuit,
): Promise<PursuitEnd> {
  const { clock } = context.ports;
  const judge = judgement(context, cluster, pursuit);
  const reader = journalReader(context, cluster, pursuit);
  let told: string | undefined;
  let isFirst = true;
  for (;;) {
    // What was written before we came is nobody's news; nothing was when the founding was ours.
    const isOurs = cluster.holdsLock?.() === true;
    const [holder] = await Promise.all([
      isOurs ? undefined : cluster.store.lockHolder(),
      isFirst && !isOurs ? reader.skip() : undefined,
    ]);
    isFirst = false;
    const isToGive = holder?.token !== undefined && holder.token === pursuit.takeOver;
    if (holder?.seat !== undefined && !isToGive && told !== holder.token) {
      told = holder.token;
      tellHolder(context, cluster.name, holder);
    }
    const end =
      holder === undefined || isToGive
        ? await actOurselves(context, cluster, pursuit, judge)
        : await watch(context, cluster, judge, reader);
    if (end !== undefined) return end;
    // The holder came or went in between: look again who acts. What we wrote ourselves was told already.
    if (holder === undefined || isToGive) await reader.skip();
    if (judge.leftMs() <= 0) return judge.tooLate();
    await clock.sleep(FOLLOW_POLL_MS / 4, NEVER);
  }
}

const NEVER = new AbortController().signal;

/** Somebody acts on another machine: he is watched, and a person must know whom to ask. */
function tellHolder(context: Context, cluster: string, holder: LockHolder): void {
  const { seat, pid, purpose, since, token } = holder;
  const sinceText = new Date(since).toISOString();
  tell(
    context,
    `${seat} acts on it since ${sinceText} (process ${pid}, ${purpose}) and is watched.`,
  );
  tell(context, 'Should it hang, take over; nothing that it still tries is carried out then:');
  tell(context, `  quorate apply ${cluster} --take-over ${token ?? ''}`);
}

type Judge = ReturnType<typeof judgement>;

/** Decides from moment to moment whether the pursuit is over, in the same way for both ways of acting. */
function judgement(context: Context, cluster: ManagedCluster, pursuit: Pursuit) {
  const { clock } = context.ports;
  const endMs = clock.monotonicMs() + pursuit.timeoutMs;
  const reached = pursuit.reached ?? (({ plan }: Moment) => plan.kind === 'converged');
  let blocked: { readonly problem: Problem; readonly sinceMs: number } | undefined;
  let last: Moment | undefined;
  let failure: StepFailure | undefined;
  const name = cluster.name;
  return {
    leftMs: () => endMs - clock.monotonicMs(),
    /** No problems: not blocked. `failed`: a step was taken, and is not known to be done. */
    look: (
      moment: Moment | undefined,
      problems: readonly Problem[],
      failed?: StepFailure,
    ): PursuitEnd | undefined => {
      failure = failed;
      if (pursuit.enough?.aborted === true) return { kind: 'reached' };
      if (moment !== undefined) {
        last = moment;
        if (reached(moment)) return { kind: 'reached', moment };
      }
      const [problem] = problems;
      if (problem === undefined) {
        blocked = undefined;
        return undefined;
      }
      const nowMs = clock.monotonicMs();
      const sinceMs = blocked?.problem.code === problem.code ? blocked.sinceMs : nowMs;
      blocked = { problem, sinceMs };
      return nowMs - blocked.sinceMs >= BLOCKED_FOR_MS ? { kind: 'blocked', problems } : undefined;
    },
    tooLate: (): PursuitEnd => ({
      kind: 'too-late',
      problem: waitedTooLong({
        cluster: name,
        forMs: pursuit.timeoutMs,
        what: pursuit.what,
        saw: tellLast(last?.plan, failure, blocked?.problem),
      }),
    }),
    interrupted: (state: string): PursuitEnd => ({
      kind: 'interrupted',
      problem: interrupted({ cluster: name, state, command: pursuit.again ?? pursuit.command }),
    }),
    lastPlan: () =>
      last === undefined ? 'nothing was begun' : `next would be: ${tellPlan(last.plan)}`,
  };
}

interface StepFailure {
  readonly step: Step;
  readonly problem: Problem;
}

/** With the words of whatever is in the way: who waited for a host must know which, and what is wrong with it. */
function tellLast(
  plan: Plan | undefined,
  failure: StepFailure | undefined,
  blocking: Problem | undefined,
): string {
  if (failure !== undefined) {
    const { step, problem } = failure;
    const where = 'host' in step ? ` on ${step.host}` : '';
    return `Seen last: ${describeStep(step)}${where}.\n${problem.summary}: ${problem.detail}`;
  }
  if (blocking !== undefined) return `Seen last: blocked: ${blocking.summary}.\n${blocking.detail}`;
  if (plan === undefined) return 'Nothing was seen of it.';
  const seen = `Seen last: ${tellPlan(plan)}.`;
  const problem = plan.kind === 'wait' ? plan.problem : undefined;
  return problem === undefined ? seen : `${seen}\n${problem.summary}: ${problem.detail}`;
}

function tellPlan(plan: Plan): string {
  switch (plan.kind) {
    case 'step':
      return `${describeStep(plan.step)}, because ${sentenceOf(plan.because)}`;
    case 'wait':
      return `waiting for ${plan.for}, because ${sentenceOf(plan.because)}`;
    case 'blocked':
      return `blocked: ${plan.problem.summary}`;
    case 'converged':
      return 'nothing to do';
  }
}

/** Undefined: somebody else took the lock first. */
async function actOurselves(
  context: Context,
  cluster: ManagedCluster,
  pursuit: Pursuit,
  judge: Judge,
): Promise<PursuitEnd | undefined> {
  const interrupt =
    pursuit.enough === undefined
      ? context.interrupt
      : AbortSignal.any([context.interrupt, pursuit.enough]);
  let end: PursuitEnd | undefined;
  const ran = await cluster.run({
    purpose: pursuit.command,
    interrupt,
    deadlineMs: Math.max(0, judge.leftMs()),
    ...(pursuit.takeOver === undefined ? {} : { takeOver: pursuit.takeOver }),
    onProgress: (line) => tell(context, line),
    onEntry: (entry) => {
      tellEntry(context, entry);
      pursuit.onEntry?.(entry);
    },
    until: (turn) => {
      end = judge.look(momentOf(turn), problemsOf(turn), failureOf(turn));
      return end !== undefined;
    },
  });
  // Whoever held the lock when we asked may be gone already: that is no trouble, only a reason to look again.
  if (!ran.ok)
    return lockHeld.is(ran.error) ? undefined : { kind: 'failed', problems: [ran.error] };
  switch (ran.value.kind) {
    case 'done':
      return end ?? { kind: 'reached' };
    case 'blocked':
      return { kind: 'blocked', problems: ran.value.problems };
    case 'deadline':
      return judge.tooLate();
    case 'cancelled':
      return pursuit.enough?.aborted === true
        ? { kind: 'reached' }
        : judge.interrupted(`No process acts on it now; ${judge.lastPlan()}.`);
    case 'lock-lost':
      return undefined;
  }
}

function momentOf(turn: TurnResult): Moment | undefined {
  return 'view' in turn ? turn.view : undefined;
}

function failureOf(turn: TurnResult): StepFailure | undefined {
  return turn.kind === 'step' && turn.outcome.kind !== 'applied'
    ? { step: turn.step, problem: turn.outcome.problem }
    : undefined;
}

function problemsOf(turn: TurnResult): readonly Problem[] {
  return turn.kind === 'blocked' ? turn.problems : [];
}

/** Follows whoever holds the lock. Undefined: nobody holds it any more. */
async function watch(
  context: Context,
  cluster: ManagedCluster,
  judge: Judge,
  reader: ReturnType<typeof journalReader>,
): Promise<PursuitEnd | undefined> {
  const { clock } = context.ports;
  let goneSinceMs: number | undefined;
  for (;;) {
    const looked = await cluster.look(context.interrupt);
    await reader.tellNew();
    if (context.interrupt.aborted) {
      return judge.interrupted('Somebody else acts on it and goes on: see quorate status.');
    }
    const end = looked.ok
      ? judge.look(momentOfLook(looked.value), blockedIn(looked.value))
      : judge.look(undefined, looked.error);
    if (end !== undefined) return end;
    if (judge.leftMs() <= 0) return judge.tooLate();
    if ((await cluster.store.lockHolder()) !== undefined) goneSinceMs = undefined;
    else {
      goneSinceMs ??= clock.monotonicMs();
      if (clock.monotonicMs() - goneSinceMs >= HOLDER_GONE_MS) return undefined;
    }
    try {
      await clock.sleep(FOLLOW_POLL_MS, context.interrupt);
    } catch (error) {
      if (!isAbort(error) && !context.interrupt.aborted) throw error;
    }
  }
}

const momentOfLook = ({ input, plan }: Look): Moment => ({ ...input, plan });
const blockedIn = ({ plan }: Look): readonly Problem[] =>
  plan.kind === 'blocked' ? [plan.problem] : [];

/** Tells the lines that others write to the journal, each once. */
function journalReader(context: Context, cluster: ManagedCluster, pursuit: Pursuit) {
  let seen = new Set<string>();
  const newEntries = async (): Promise<readonly JournalEntry[]> => {
    const read = await cluster.store.readJournal(JOURNAL_TAIL_ENTRIES);
    // Told when it can be read again.
    if (!read.ok) return [];
    const entries = read.value;
    const texts = entries.map((entry) => JSON.stringify(entry));
    const fresh = entries.filter((_, i) => !seen.has(texts[i] ?? ''));
    seen = new Set(texts);
    return fresh;
  };
  return {
    skip: async () => void (await newEntries()),
    tellNew: async () => {
      for (const entry of await newEntries()) {
        tellEntry(context, entry);
        pursuit.onEntry?.(entry);
      }
    },
  };
}
