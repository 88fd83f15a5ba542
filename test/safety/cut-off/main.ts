/**
 * A member is cut off from its peers and its clients stay connected to it: which calls of which client fail?
 *
 *   npm run cut-off -- [--version 3.6]… [-o text|json]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createClient } from '../../../src/etcd/index.js';
import { INSIDE, LabHost, runInside, whyNoNetwork } from '../../lab/isolation.js';
import { goPeer } from '../../lab/peers.js';
import { conclude, machine, progress } from '../command.js';
import { realEtcd } from '../real/etcd.js';
import { cutFromPeers, heal, Members } from '../real/members.js';
import { clientPinnedTo, goLoad, LIMIT_MS, loadOf, type Call, type Load } from './loads.js';

const { values } = parseArgs({
  options: {
    version: { type: 'string', multiple: true },
    output: { type: 'string', short: 'o', default: 'text' },
    /** For the program itself, when it has put itself into a network of its own. */
    etcd: { type: 'string', multiple: true },
    directory: { type: 'string' },
    go: { type: 'string' },
    'go-version': { type: 'string', default: '' },
  },
});

const VICTIMS = ['a follower', 'the leader'] as const;
type Victim = (typeof VICTIMS)[number];

interface Row {
  readonly version: string;
  readonly cut: Victim;
  readonly client: string;
  readonly calls: number;
  /** Of calls that began in the first second of the cut, and later while it lasted. */
  readonly failedFirstSecond: number;
  readonly failedAfter: number;
  readonly callsAfter: number;
  readonly slowestAfterMs: number;
  readonly errors: readonly string[];
}

const STEADY_MS = 1_500;
const CUT_MS = 8_000;
const FIRST_MS = 1_000;

async function outside(): Promise<void> {
  const why = await whyNoNetwork();
  if (why !== undefined) {
    const text = `Nobody can be cut off here: ${why}.`;
    conclude({ json: { rows: [], cannotRunBecause: why }, text, ok: true }, values.output);
    return;
  }
  const directory = await mkdtemp(
    join(process.env['QUORATE_LAB_BASE'] ?? tmpdir(), 'quorate-cut-off-'),
  );
  try {
    const etcds = await Promise.all((values.version ?? ['3.6']).map(realEtcd));
    const go = await goPeer();
    if (go.kind === 'absent') progress(`Go’s clientv3 is absent: ${go.why}.`);
    process.exitCode = await runInside([
      process.execPath,
      fileURLToPath(import.meta.url),
      `--directory=${directory}`,
      ...etcds.map(({ version, path }) => `--etcd=${version}=${path}`),
      ...(go.kind === 'built' ? [`--go=${go.path}`, `--go-version=${go.version}`] : []),
      `--output=${values.output}`,
    ]);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function inside(directory: string): Promise<void> {
  if (process.env[INSIDE] !== '1') throw new Error('this is for the program itself');
  await LabHost.makeNetwork();
  const rows: Row[] = [];
  for (const [index, given] of (values.etcd ?? []).entries()) {
    const [version = '', etcd = ''] = given.split('=');
    const members = new Members({
      etcd,
      directory: join(directory, String(index)),
      isIsolated: true,
    });
    try {
      await members.bear(3);
      for (const cut of VICTIMS) {
        rows.push(...(await cutOff(members, cut, version)));
        progress(`etcd ${version}, ${cut} was cut off`);
      }
    } finally {
      await members.end();
    }
  }
  conclude(verdictOf(rows), values.output);
  process.exit();
}

/** All clients at once, so that they meet the same cut. */
async function cutOff(members: Members, cut: Victim, version: string): Promise<readonly Row[]> {
  const leader = await members.leader();
  const [follower] = await members.followers();
  const victim = cut === 'the leader' ? leader : (follower ?? leader);
  const { endpoints } = members;
  const loads: readonly Load[] = [
    loadOf('healthy', createClient({ endpoints })),
    loadOf('pin-first', await clientPinnedTo(victim.clientURL, endpoints)),
    loadOf('round-robin', createClient({ endpoints, balancer: 'round-robin' })),
    ...(values.go === undefined ? [] : [goLoad(values.go, values['go-version'], endpoints)]),
  ];
  await sleep(STEADY_MS);
  await cutFromPeers(victim);
  const cutMs = Date.now();
  await sleep(CUT_MS);
  const healedMs = Date.now();
  await heal(victim);
  await Promise.all(loads.map((load) => load.stop()));
  await members.untilWell();
  return loads.map(({ name, calls }): Row => {
    const during = calls.filter(({ beganMs }) => beganMs >= cutMs && beganMs < healedMs - LIMIT_MS);
    const first = during.filter(({ beganMs }) => beganMs < cutMs + FIRST_MS);
    const after = during.filter(({ beganMs }) => beganMs >= cutMs + FIRST_MS);
    return {
      version,
      cut,
      client: name,
      calls: during.length,
      failedFirstSecond: first.filter(isFailed).length,
      callsAfter: after.length,
      failedAfter: after.filter(isFailed).length,
      slowestAfterMs: Math.round(Math.max(0, ...after.map(({ tookMs }) => tookMs))),
      errors: [...new Set(after.filter(isFailed).map(({ error }) => error))].slice(0, 3),
    };
  });
}

const isFailed = ({ error }: Call): boolean => error !== '';
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function verdictOf(rows: readonly Row[]) {
  // While a leader that was cut off has no successor nobody can write: there the first second is not the measure.
  const ok = rows.every(
    ({ client, cut, failedAfter, callsAfter }) =>
      client !== 'healthy' || cut === 'the leader' || (failedAfter === 0 && callsAfter > 0),
  );
  const columns = [
    'etcd',
    'cut off',
    'client',
    'failed in the 1st s',
    'failed after',
    'slowest after',
  ];
  const lines = rows.map((row) => [
    row.version,
    row.cut,
    row.client,
    String(row.failedFirstSecond),
    `${row.failedAfter} of ${row.callsAfter}`,
    `${row.slowestAfterMs} ms`,
  ]);
  const widths = columns.map((_, i) =>
    Math.max(...[columns, ...lines].map((l) => l[i]?.length ?? 0)),
  );
  const text = [
    `a member cut off from its peers, its clients still connected, calls of at most ${LIMIT_MS} ms, on ${machine()}`,
    ...[columns, ...lines].map((line) =>
      line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '),
    ),
    ok ? 'holds: healthy fails nothing after the first second' : 'DOES NOT HOLD',
  ].join('\n');
  return { json: { rows, cannotRunBecause: null }, text, ok };
}

if (values.directory === undefined) await outside();
else await inside(values.directory);
