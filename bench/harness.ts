import { cpus, release } from 'node:os';

/** One line of a result. `ratio` > 1 means ahead: better than theirs, or than the goal when there is no peer. */
export interface Row {
  readonly name: string;
  readonly ours: number;
  /** The peer's figure in the same run; null when the row is held against its goal only. */
  readonly theirs: number | null;
  readonly unit: 'ms' | 'µs' | 'count' | 'ops/s' | 'MiB';
  readonly ratio: number | null;
  readonly goal: string;
  readonly met: boolean;
}

export interface Report {
  readonly name: string;
  readonly machine: string;
  readonly rows: readonly Row[];
  /** Figures behind the rows that carry no goal of their own. */
  readonly table?: Table;
}

export interface Table {
  readonly columns: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Linux ${release()}, Node ${process.versions.node}`;

/** The value below which the share `q` of the samples lies: with few samples p95 is the largest but none. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}
export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** Ours against theirs, smaller is better; the goal is a share of theirs. */
export function against(name: string, ours: number, theirs: number, shareMax: number): Row {
  return {
    name,
    ours: round(ours),
    theirs: round(theirs),
    unit: 'ms',
    ratio: round(theirs / ours, 2),
    goal: `≤ ${shareMax} × theirs`,
    met: ours <= shareMax * theirs,
  };
}

/** Ours beside theirs, smaller is better, without a goal. */
export function beside(name: string, ours: number, theirs: number, unit: Row['unit']): Row {
  return {
    name,
    ours: round(ours),
    theirs: round(theirs),
    unit,
    ratio: round(theirs / ours, 2),
    goal: SHOWN,
    met: true,
  };
}

/** Ours against a fixed goal, smaller is better. */
export function within(name: string, ours: number, max: number, unit: Row['unit'] = 'ms'): Row {
  return {
    name,
    ours: round(ours),
    theirs: null,
    unit,
    ratio: ours === 0 ? null : round(max / ours, 2),
    goal: `≤ ${max} ${unit}`,
    met: ours <= max,
  };
}

const SHOWN = 'shown';

/** A figure without a goal, for who reads the others. */
export function shown(name: string, ours: number, unit: Row['unit'] = 'ms'): Row {
  return { name, ours: round(ours), theirs: null, unit, ratio: null, goal: SHOWN, met: true };
}

/** Ours against theirs, larger is better; without a factor it is only shown. */
export function atLeast(
  name: string,
  ours: number,
  theirs: number,
  factorMin: number | undefined,
): Row {
  return {
    name,
    ours: round(ours),
    theirs: round(theirs),
    unit: 'ops/s',
    ratio: round(ours / theirs, 2),
    goal: factorMin === undefined ? SHOWN : `≥ ${factorMin} × theirs`,
    met: factorMin === undefined || ours >= factorMin * theirs,
  };
}

/**
 * The same with one pair for each round: the ratio is the median of the rounds' own ratios, because whatever else the
 * machine did in a round fell on both.
 */
export function pairedAtLeast(
  name: string,
  ours: readonly number[],
  theirs: readonly number[],
  factorMin: number | undefined,
): Row {
  const ratio = median(ours.map((each, i) => each / (theirs[i] ?? Number.NaN)));
  const row = atLeast(name, median(ours), median(theirs), factorMin);
  return {
    ...row,
    ratio: round(ratio, 2),
    met: factorMin === undefined || ratio >= factorMin,
  };
}

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

export function render({ name, machine: on, rows, table }: Report): string {
  const cells = rows.map((row) => [
    row.name,
    `${row.ours} ${row.unit}`,
    row.theirs === null ? '–' : `${row.theirs} ${row.unit}`,
    row.ratio === null ? '–' : `${row.ratio} ×`,
    row.goal,
    row.goal === SHOWN ? '' : row.met ? 'met' : 'NOT MET',
  ]);
  const columns = ['', 'ours', 'theirs', 'ratio', 'goal', ''];
  const shown = table === undefined ? [] : [...aligned(table.columns, table.lines), ''];
  return [`${name} on ${on}`, ...shown, ...aligned(columns, cells), ''].join('\n');
}

function aligned(
  columns: readonly string[],
  lines: readonly (readonly string[])[],
): readonly string[] {
  const table = [columns, ...lines];
  const widths = columns.map((_, i) => Math.max(...table.map((row) => row[i]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
