import type { Verdict } from '../command.js';
import { machine } from '../command.js';
import type { Coverage } from './coverage.js';
import type { SeedResult } from './run-seed.js';
import type { SwarmResult } from './swarm.js';

const TOLD_FAILURES_MAX = 10;

export function verdictOf(
  sum: SwarmResult,
  seconds: number,
  first: SeedResult | undefined,
): Verdict {
  const { seeds, converged, blocked, failures, cpuMs } = sum;
  const msPerSeed = Number((cpuMs / Math.max(1, seeds)).toFixed(2));
  const violations = failures.length;
  const text = [
    `simulation on ${machine()}`,
    '',
    table(sum.coverage),
    '',
    `${seeds} seeds in ${seconds.toFixed(1)} s (${msPerSeed} ms of CPU each): ${converged} converged, ${blocked} truly blocked, ${violations} violations`,
    ...failures
      .slice(0, TOLD_FAILURES_MAX)
      .map(({ seed, rule, what }) => `  seed ${seed}  ${rule}: ${what}`),
    ...(first === undefined ? [] : ['', traceOf(first)]),
  ].join('\n');
  return {
    json: {
      seeds,
      violations,
      converged,
      blocked,
      seconds: Number(seconds.toFixed(1)),
      msPerSeed,
      failures: failures.slice(0, TOLD_FAILURES_MAX),
      coverage: Object.fromEntries([...sum.coverage].sort()),
    },
    text,
    ok: violations === 0,
  };
}

/** Seed, parameters and what happened, line by line, as a person reads a story. */
export function traceOf({ seed, parameters, lines, failure, ends }: SeedResult): string {
  const drawn = Object.entries(parameters).map(
    ([name, value]) => `    ${name.padEnd(16)} ${JSON.stringify(value)}`,
  );
  return [
    `seed ${seed}; again with: npm run simulate -- --seed ${seed} --trace`,
    ...drawn,
    '',
    ...lines,
    '',
    failure === undefined ? `ended: ${ends.join(', ')}` : `${failure.rule}: ${failure.what}`,
  ].join('\n');
}

/** `step: start-member` goes into the row `step`, in as few lines as fit. */
function table(coverage: Coverage): string {
  const rows = new Map<string, string[]>();
  for (const [key, times] of [...coverage].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [head = '', ...rest] = key.split(': ');
    const cell = rest.length === 0 ? `${times}` : `${rest.join(': ')} ${times}`;
    rows.set(head, [...(rows.get(head) ?? []), cell]);
  }
  return [...rows].map(([head, cells]) => wrapped(head, cells)).join('\n');
}

const HEAD_WIDTH = 22;
const LINE_WIDTH = 118;

function wrapped(head: string, cells: readonly string[]): string {
  const lines: string[] = [];
  let line = head.padEnd(HEAD_WIDTH);
  for (const [i, cell] of cells.entries()) {
    const more = `${cell}${i === cells.length - 1 ? '' : ', '}`;
    if (line.length + more.length > LINE_WIDTH && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = ' '.repeat(HEAD_WIDTH);
    }
    line += more;
  }
  return [...lines, line.trimEnd()].join('\n');
}
