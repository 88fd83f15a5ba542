/**
 * Kill everywhere: on real etcd, through the real driver, the controller is killed at every line of its journal and
 * at every call of a port, and started again with nothing in memory. It must come to the same end with nothing lost.
 *
 * With `--driver ssh` the members are on hosts with systemd and sshd, made for it in a network of their own. `--points N`
 * takes so many points of each operation, spread evenly over it, `--short` three of the operations that take seconds;
 * `--tls`: the members of every cluster speak TLS.
 * `--walk` goes once from birth over growth and removal to a change of flags on one cluster, with one death in each.
 *
 *   npm run kill-everywhere -- [--driver local|ssh] [--version 3.6] [--operation NAME]… [--points N] [--short] [--tls] [--every-look] [-o text|json]
 *   npm run kill-everywhere -- --driver ssh --walk [-o text|json]
 */
import { parseArgs } from 'node:util';
import { parseClusterName } from '../../../src/core/cluster/index.js';
import { type ClusterSpec, defaultSpec } from '../../../src/core/spec/index.js';
import { type HostsLab, hostsLab, isInsideNetwork, whyNoHosts } from '../../lab/hosts/index.js';
import { runInNetwork } from '../../lab/hosts/network-of-run.js';
import { publishEtcds } from '../../lab/etcd.js';
import { conclude, machine, progress } from '../command.js';
import { realEtcd } from '../real/etcd.js';
import { openScratch } from '../real/scratch.js';
import { type ClusterKind, type Cycle, OPERATIONS, type Operation, cycles } from './operations.js';
import { type CycleResult, type RunOptions, inWords, runCycle } from './run.js';
import { AdoptedStage } from './adopted-stage.js';
import { HostsStage } from './hosts-stage.js';
import { Stage } from './stage.js';
import { walk } from './walk.js';

/** The short form: some points of the operations that take seconds. */
const SHORT_POINTS = 3;
const SHORT: readonly Operation[] = ['birth', 'restart', 'replace-lost', 'rename', 'down', 'up'];
/** Two clusters of three members at a time; one that grows to five has the machine to itself. */
const LANES = 2;

const isBig = ({ moves }: Cycle) => moves.some(({ operation }) => operation === 'grow');

const { values } = parseArgs({
  options: {
    driver: { type: 'string', default: 'local' },
    version: { type: 'string', default: '3.6' },
    operation: { type: 'string', multiple: true },
    points: { type: 'string' },
    short: { type: 'boolean', default: false },
    walk: { type: 'boolean', default: false },
    tls: { type: 'boolean', default: false },
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
  if (values.driver !== 'local' && values.driver !== 'ssh') {
    progress(`No such driver: ${values.driver}. There are local, ssh.`);
    process.exitCode = 2;
    return;
  }
  if (values.walk && values.driver !== 'ssh') {
    // On one machine the ports are anybody's, and what a newcomer's are cannot be told beforehand.
    progress('A walk is made with --driver ssh.');
    process.exitCode = 2;
    return;
  }
  const spread = values.points ?? (values.short ? SHORT_POINTS : undefined);
  if (spread !== undefined && !(Number.isInteger(Number(spread)) && Number(spread) > 0)) {
    progress(`--points ${spread} is no number of points.`);
    process.exitCode = 2;
    return;
  }
  const startedAt = performance.now();
  const { version, path } = await realEtcd(values.version);
  publishEtcds({ [values.version]: { version, path } });
  if (values.driver === 'ssh' && !(await isInsideNetwork())) {
    const reason = await whyNoHosts();
    if (reason === undefined) {
      process.exitCode = await runInNetwork([process.execPath, ...process.argv.slice(1)]);
    } else {
      progress(`skipped: ${reason}`);
    }
    return;
  }
  const chosen = cycles().filter(
    ({ moves, cluster }) =>
      moves.some(({ operation }) => wanted.includes(operation)) &&
      (cluster !== 'adopted' || values.driver === 'ssh'),
  );
  if (chosen.length === 0) {
    progress(`${wanted.join(', ')}: what a person made is adopted with --driver ssh.`);
    process.exitCode = 2;
    return;
  }
  const scratch = await openScratch();
  const hostCount = values.walk ? 4 : chosen.some(isBig) ? 5 : 3;
  const hosts =
    values.driver === 'ssh' ? await hostsLab({ hosts: hostCount, dataMiB: 2048 }) : undefined;
  const options: RunOptions = {
    stage: (name, kind) => stageOf(scratch.base, name, kind, hosts),
    everyLook: values['every-look'],
    ...(spread === undefined ? {} : { spread: Number(spread) }),
  };
  try {
    const results = values.walk ? [await walk(options.stage)] : await inLanes(chosen, options);
    report(version, results, (performance.now() - startedAt) / 1000);
  } finally {
    await hosts?.dispose();
    await scratch.close();
  }
}

function stageOf(
  base: string,
  name: string,
  kind: ClusterKind,
  hosts: HostsLab | undefined,
): Stage {
  const parsed = parseClusterName(name);
  if (!parsed.ok) throw new Error(`${name} is no cluster's name: ${parsed.error}`);
  const plain = defaultSpec({ name: parsed.value, memberCount: 3, version: values.version });
  const isSecured = kind === 'secured' || (values.tls && kind !== 'young');
  const spec: ClusterSpec = isSecured ? { ...plain, tls: { kind: 'auto' } } : plain;
  if (hosts === undefined) return new Stage(base, spec);
  return kind === 'adopted'
    ? new AdoptedStage(base, spec, hosts)
    : new HostsStage(base, spec, hosts);
}

async function inLanes(
  chosen: readonly Cycle[],
  options: RunOptions,
): Promise<readonly CycleResult[]> {
  const waiting = chosen.filter((cycle) => !isBig(cycle));
  const results: CycleResult[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results.push(await runCycle(next, options));
    }
  };
  // The hosts carry one cluster at a time.
  await Promise.all(Array.from({ length: values.driver === 'ssh' ? 1 : LANES }, lane));
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
        `The controller killed everywhere, driver ${values.driver}, etcd ${version}`,
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
