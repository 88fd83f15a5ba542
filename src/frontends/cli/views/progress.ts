import { assertNever, formatDurationMs } from '../../../base/index.js';
import type { MarginChange } from '../../../core/cluster/index.js';
import { type Reason, sentenceOf } from '../../../core/planner/index.js';
import { describeStep } from '../../../engine/journal/index.js';
import type { JournalEntry } from '../../../engine/ports/index.js';
import type { Style } from '../io.js';
import { indent } from './table.js';

/** Outcomes that took less are not worth a line of their own. */
const WORTH_TELLING_MS = 1000;

/** A journal line as live progress; undefined for what a person need not see pass by. */
export function progressLine(entry: JournalEntry, style: Style): string | undefined {
  switch (entry.kind) {
    case 'decided':
      return (
        `${style.bold(describeStep(entry.step))}  ${style.dim(marginText(entry.margin, entry.because))}\n` +
        indent(style.dim(sentenceOf(entry.because)), '    ')
      );
    case 'outcome':
      return outcomeLine(entry, style);
    case 'plan':
      return planLine(entry, style);
    case 'controller-started':
    case 'controller-ended':
    case 'wish':
      return undefined;
    default:
      return assertNever(entry);
  }
}

const BIRTH: ReadonlySet<Reason> = new Set([
  'first-member-of-a-birth',
  'next-member-of-a-birth',
  'birth-complete',
]);

/** `margin 1 → 0 (3 of 3 → 2 of 3 healthy)`: the numbers with what they were computed from. */
export function marginText(margin: MarginChange, because?: Reason): string {
  // Before its birth a cluster has no quorum that could be lost.
  if (because !== undefined && BIRTH.has(because)) return 'being born';
  if (margin.healthyBefore === 0 && margin.healthyAfter === 0 && margin.before < 0) {
    return 'nobody answers';
  }
  const before = `${margin.healthyBefore} of ${margin.votersBefore}`;
  const after = `${margin.healthyAfter} of ${margin.votersAfter}`;
  const counted = before === after ? before : `${before} → ${after}`;
  return `margin ${margin.before} → ${margin.after} (${counted} healthy)`;
}

function outcomeLine(
  entry: Extract<JournalEntry, { kind: 'outcome' }>,
  style: Style,
): string | undefined {
  const took = formatDurationMs(entry.tookMs);
  const said = entry.problem === undefined ? '' : `: ${entry.problem.summary}`;
  switch (entry.outcome) {
    case 'applied':
      return entry.tookMs < WORTH_TELLING_MS ? undefined : style.dim(`    done after ${took}`);
    case 'refused':
      return style.warn(`    refused after ${took}${said}`);
    case 'unknown':
      return style.warn(`    nobody knows whether it happened, after ${took}${said}`);
  }
}

/** What a blocked plan means and what to do, for whoever goes on after it; undefined for all other lines. */
export function blockedText(entry: JournalEntry, style: Style): string | undefined {
  if (entry.kind !== 'plan' || entry.plan !== 'blocked' || entry.problem === undefined) {
    return undefined;
  }
  const { detail, hint } = entry.problem;
  const since = `Since ${new Date(entry.at).toISOString()}.`;
  const lines = [since, detail, hint].filter((line) => line !== '').join('\n');
  return style.dim(indent(lines, '    '));
}

function planLine(
  entry: Extract<JournalEntry, { kind: 'plan' }>,
  style: Style,
): string | undefined {
  switch (entry.plan) {
    case 'converged':
      return style.good('converged');
    case 'blocked':
      return style.warn(`blocked: ${entry.problem?.summary ?? entry.because}`);
    case 'wait':
      return style.dim(`waiting: ${sentence(entry.because)}`);
  }
}

/** A reason of the planner as its sentence; any other words as they are. */
function sentence(because: string): string {
  return sentenceOf(because as Parameters<typeof sentenceOf>[0]) ?? because;
}
