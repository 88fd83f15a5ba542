/**
 * Are the histories of concurrent clients linearizable while real members are killed, frozen, cut off, moved, added and
 * removed? Are acknowledged writes kept, and do watches see every change once and in order?
 *
 *   npm run linearizability -- [--version 3.6]… [--seeds 3] [--seed 7] [--short] [--stale] [-o text|json]
 *
 * --stale: clients read what one member has, which is not linearizable. Such a run must find anomalies; it shows that
 * the judges see.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../../src/base/index.js';
import { SUPPORTED_MINORS } from '../../../src/core/cluster/index.js';
import { INSIDE, LabHost, runInside, whyNoNetwork } from '../../lab/isolation.js';
import { conclude, machine, progress } from '../command.js';
import { realEtcd } from '../real/etcd.js';
import { FAULTS, needsCut, type Fault } from './faults.js';
import { runHistory, type RunResult } from './run.js';

const { values } = parseArgs({
  options: {
    version: { type: 'string', multiple: true },
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    short: { type: 'boolean', default: false },
    stale: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
    /** For the program itself, when it has put itself into a network of its own. */
    etcd: { type: 'string', multiple: true },
    directory: { type: 'string' },
    'no-cuts': { type: 'string' },
  },
});

/** One of each kind. */
const SHORT: readonly Fault[] = [
  'kill the leader',
  'freeze the leader',
  'cut the leader from its peers only',
  'cut a follower from clients only',
  'move the leader',
  'grow',
  'shrink by the leader',
];

const STALE: readonly Fault[] = ['cut a follower from its peers only', 'freeze a follower'];

if (values.directory === undefined) await outside();
else await inside(values.directory);

/** Finds what needs the machine's own network, then starts this program again in one where members can be cut off. */
async function outside(): Promise<void> {
  const directory = await mkdtemp(
    join(process.env['QUORATE_LAB_BASE'] ?? tmpdir(), 'quorate-linearizability-'),
  );
  try {
    const etcds = await Promise.all((values.version ?? SUPPORTED_MINORS).map(realEtcd));
    const why = await whyNoNetwork();
    if (why !== undefined) progress(`Nobody is cut off in this run: ${why}.`);
    const program = [
      process.execPath,
      fileURLToPath(import.meta.url),
      `--directory=${directory}`,
      ...etcds.map(({ version, path }) => `--etcd=${version}=${path}`),
      ...(values.short ? ['--short'] : []),
      ...(values.stale ? ['--stale'] : []),
      ...(why === undefined ? [] : [`--no-cuts=${why}`]),
      `--seed=${values.seed}`,
      `--seeds=${values.seeds}`,
      `--output=${values.output}`,
    ];
    if (why === undefined) process.exitCode = await runInside(program);
    else {
      process.argv.splice(2, process.argv.length, ...program.slice(2));
      Object.assign(values, { etcd: etcds.map(({ version, path }) => `${version}=${path}`) });
      Object.assign(values, { 'no-cuts': why });
      await inside(directory);
    }
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function inside(directory: string): Promise<void> {
  const isIsolated = process.env[INSIDE] === '1' && values['no-cuts'] === undefined;
  if (isIsolated) await LabHost.makeNetwork();
  const startedAt = performance.now();
  const results: (RunResult & { readonly version: string })[] = [];
  for (const [index, given] of (values.etcd ?? []).entries()) {
    const [version = '', path = ''] = given.split('=');
    for (let count = 0; count < Number(values.seeds); count++) {
      const seed = Number(values.seed) + count;
      const place = join(directory, `${index}-${seed}`);
      progress(`etcd ${version}, seed ${seed}`);
      const faults = faultsOf(seed).filter((fault) => isIsolated || !needsCut(fault));
      const result = await runHistory({
        etcd: path,
        directory: place,
        isIsolated,
        seed,
        faults,
        isStale: values.stale,
      });
      results.push({ version, ...result });
      await rm(place, { recursive: true, force: true, maxRetries: 5 });
    }
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  conclude(verdictOf(results, seconds), values.output);
  process.exit();
}

/** Every fault once, in an order that is the seed's; what grows comes before what shrinks. */
function faultsOf(seed: number): readonly Fault[] {
  const random = seededRandom(seed);
  const all: readonly Fault[] = values.stale ? STALE : values.short ? SHORT : FAULTS;
  const isOrdered = (fault: Fault) => fault.startsWith('grow') || fault.startsWith('shrink');
  const ordered = all.filter(isOrdered);
  const places = all
    .map((fault) => ({ fault, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ fault }) => fault);
  return places.map((fault) => (isOrdered(fault) ? (ordered.shift() ?? fault) : fault));
}

function verdictOf(
  results: readonly (RunResult & { readonly version: string })[],
  seconds: number,
) {
  const sum = (of: (result: RunResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const kinds = ['anomalies', 'undecided', 'lost', 'fromNowhere', 'twice', 'watchFaults'] as const;
  const counts = Object.fromEntries(kinds.map((kind) => [kind, sum((each) => each[kind].length)]));
  const faults = sum((each) => each.faults.length);
  const json = {
    versions: [...new Set(results.map(({ version }) => version))],
    histories: results.length,
    operations: sum(({ operations }) => operations),
    unknown: sum(({ unknown }) => unknown),
    noEffect: sum(({ noEffect }) => noEffect),
    changes: sum(({ changes }) => changes),
    faults,
    cuts: results.some((each) => each.faults.some((name) => name.startsWith('cut '))),
    noCutsBecause: values['no-cuts'] ?? null,
    ...counts,
    examples: results.flatMap((each) =>
      kinds.flatMap((kind) =>
        each[kind].slice(0, 3).map((text) => `${each.version} seed ${each.seed}: ${kind}: ${text}`),
      ),
    ),
    seconds,
  };
  const ok = results.length > 0 && kinds.every((kind) => counts[kind] === 0);
  const text = [
    `linearizability on ${machine()}`,
    `etcd ${json.versions.join(', ')}: ${json.histories} histories, ${json.operations} operations (${json.unknown} of unknown end, ${json.noEffect} more certainly without effect), ${faults} faults, ${seconds} s`,
    ...(json.noCutsBecause === null ? [] : [`nobody was cut off: ${json.noCutsBecause}`]),
    `anomalies ${counts['anomalies']}, undecided ${counts['undecided']}, acknowledged writes lost ${counts['lost']}, changes from nowhere ${counts['fromNowhere']}, twice ${counts['twice']}`,
    `watches: ${json.changes} changes, ${counts['watchFaults']} seen otherwise`,
    ...json.examples,
    ok ? 'holds' : 'DOES NOT HOLD',
  ].join('\n');
  return { json, text, ok };
}
