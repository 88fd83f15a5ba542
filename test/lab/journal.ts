import { readFile } from 'node:fs/promises';

/** One line of journal.jsonl, as far as the tests read it. */
export interface JournalLine {
  readonly kind: string;
  readonly at: number;
  readonly id?: string;
  readonly pid?: number;
  readonly purpose?: string;
  readonly because?: string;
  readonly plan?: string;
  readonly outcome?: 'applied' | 'refused' | 'unknown';
  readonly step?: unknown;
  readonly margin?: Margin;
  readonly problem?: { readonly code: string; readonly summary: string; readonly detail: string };
}

export interface Margin {
  readonly before: number;
  readonly after: number;
  readonly votersBefore: number;
  readonly healthyBefore: number;
}

/** A decision with its end. */
export interface Deed {
  readonly kind: string;
  readonly at: number;
  readonly because: string;
  /** The member or host it is about, by the name the journal gives it. */
  readonly name: string;
  /** The MemberID where the step names one. */
  readonly member: string;
  /** Absent: the controller ended before it could say. */
  readonly outcome: 'applied' | 'refused' | 'unknown' | undefined;
  readonly problem: JournalLine['problem'];
  readonly margin: Margin;
  readonly step: StepLine;
}

export interface StepLine {
  readonly kind: string;
  readonly name?: string;
  readonly host?: string;
  readonly member?: string;
  readonly from?: string;
  readonly fromName?: string;
  readonly to?: string;
  readonly toName?: string;
  readonly peerURLs?: readonly string[];
  /** A member's start has purpose and flags; a gateway's has neither. */
  readonly launch?: {
    readonly purpose?: string;
    readonly flags?: Readonly<Record<string, string>>;
  };
}

/** Every whole line of the file, oldest first; a half-written last line is left out, a damaged one is a failure. */
export async function readJournal(path: string): Promise<readonly JournalLine[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalLine);
}

/** The decisions among the lines, each joined with its outcome. */
export function deedsOf(lines: readonly JournalLine[]): readonly Deed[] {
  return lines.flatMap((line): readonly Deed[] => {
    if (line.kind !== 'decided') return [];
    const step = line.step as StepLine;
    const end = lines.findLast((other) => other.kind === 'outcome' && other.id === line.id);
    return [
      {
        kind: step.kind,
        at: line.at,
        because: line.because ?? '',
        name: step.name ?? step.fromName ?? step.host ?? '',
        member: step.member ?? step.from ?? '',
        outcome: end?.outcome,
        problem: end?.problem,
        margin: line.margin ?? { before: NaN, after: NaN, votersBefore: NaN, healthyBefore: NaN },
        step,
      },
    ];
  });
}

/** `add-learner m4 → applied`, for comparing and for reading. */
export const tellDeed = ({ kind, name, outcome, because }: Deed): string =>
  `${kind} ${name} (${because}) → ${outcome ?? 'no outcome'}`;

/** One line each, for the failure message of a test. */
export const tellJournal = (lines: readonly JournalLine[]): string =>
  lines
    .map((line) => {
      const at = new Date(line.at).toISOString().slice(11, 23);
      const { kind: _kind, at: _at, ...rest } = line;
      return `${at} ${line.kind} ${JSON.stringify(rest).slice(0, 400)}`;
    })
    .join('\n');
