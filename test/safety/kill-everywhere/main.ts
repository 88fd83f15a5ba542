/**
 * Kill everywhere: on real etcd, through the local driver, the controller is killed at every line of its journal and
 * at every call of a port, and started again with nothing in memory. It must come to the same end with nothing lost.
 *
 *   npm run kill-everywhere -- [--version 3.6] [--operation NAME]… [--short] [--every-look] [-o text|json]
 */
import { parseArgs } from 'node:util';
import { conclude, machine, progress } from '../command.js';
import { realEtcd } from '../real/etcd.js';
import { openScratch } from '../real/scratch.js';
import { type Cycle, OPERATIONS, type Operation, cycles } from './operations.js';
import { type CycleResult, type RunOptions, inWords, runCycle } from './run.js';

/** The short form: some points of the operations that take seconds. */
const SHORT_POINTS = 3;
const SHORT: readonly Operation[] = ['birth', 'restart', 'replace-lost', 'rename', 'down', 'up'];
/** Two clusters of three members at a time; one that grows to five has the machine to itself. */
const LANES = 2;

const { values } = parseArgs({
  options: {
    version: { type: 'string', default: '3.6' },
    operation: { type: 'string', multiple: true },
    short: { type: 'boolean', default: false },
    'every-look': { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
  },
});

await main();

async function main(): Promise<void> {
  const wanted: readonly string[] = values.operation ?? (values.short ? SHORT : OPERATIONS);
  const strange = wanted.filter((name) => !OPERATIONS.some((known) => known === name));
  if (strange.length > 0) {
    progress(`No such operation: ${strange.join(', ')}. There are ${OPERATIONS.join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const startedAt = performance.now();
  const { version } = await realEtcd(values.version);
  const scratch = await openScratch();
  const options: RunOptions = {
    base: scratch.base,
    minor: values.version,
    everyLook: values['every-look'],
    ...(values.short ? { spread: SHORT_POINTS } : {}),
  };
  try {
    const chosen = cycles().filter(({ moves }) =>
      moves.some(({ operation }) => wanted.includes(operation)),
    );
    const results = await inLanes(chosen, options);
    report(version, results, (performance.now() - startedAt) / 1000);
  } finally {
    await scratch.close();
  }
}

async function inLanes(
  chosen: readonly Cycle[],
  options: RunOptions,
): Promise<readonly CycleResult[]> {
  const isBig = ({ moves }: Cycle) => moves.some(({ operation }) => operation === 'grow');
  const waiting = chosen.filter((cycle) => !isBig(cycle));
  const results: CycleResult[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results.push(await runCycle(next, options));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const cycle of chosen.filter(isBig)) results.push(await runCycle(cycle, options));
  return results;
}

function report(version: string, results: readonly CycleResult[], seconds: number): void {
  const place = (operation: Operation) => OPERATIONS.indexOf(operation);
  const rows = results
    .flatMap((result) => result.rows)
    .sort((a, b) => place(a.operation) - place(b.operation));
  const faults = results.flatMap((result) => result.faults);
  const points = rows.reduce((sum, row) => sum + row.points, 0);
  const early = results.reduce((sum, result) => sum + result.early, 0);
  const resumed = rows.reduce((sum, row) => sum + row.resumed, 0);
  const ok = points > 0 && points === resumed && faults.length === 0;
  const table = [
    ['operation', 'points', 'resumed'],
    ...rows.map((row) => [row.operation, `${row.points}`, `${row.resumed}`]),
    ['all', `${points}`, `${resumed}`],
  ].map(([operation = '', ...numbers]) =>
    [operation.padEnd(14), ...numbers.map((number) => number.padStart(8))].join(''),
  );
  const unmet = rows.flatMap((row) => row.unmet);
  const told = faults.flatMap(({ operation, move, killedAt, faults: words, journal }) => [
    '',
    `${operation} (${move}), ${inWords(killedAt)}:`,
    ...words.map((word) => `  ${word}`),
    journal,
  ]);
  conclude(
    {
      ok,
      json: {
        version,
        operations: rows,
        points,
        resumed,
        early,
        seconds: Math.round(seconds),
        faults,
      },
      text: [
        `The controller killed everywhere, etcd ${version}`,
        '',
        ...table,
        ...told,
        '',
        ...(unmet.length === 0
          ? []
          : [`Met once and not again, so that nobody was killed there: ${unmet.join(', ')}.`, '']),
        ...(early === 0
          ? []
          : [
              `${early} requests came before etcd's health interval was over, and were made again.`,
              '',
            ]),
        ok
          ? `Every death was survived: the same end, nothing lost. ${Math.round(seconds)} s on ${machine()}`
          : `NOT every death was survived: ${points - resumed} of ${points} points.`,
      ].join('\n'),
    },
    values.output,
  );
}
