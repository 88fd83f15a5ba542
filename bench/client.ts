import { fileURLToPath } from 'node:url';
import { realEtcd } from '../test/safety/real/etcd.js';
import { goPeer, installNpmPeers, npmPeerVersion } from '../test/lab/peers.js';
import { startEtcd, Worker } from './client/processes.js';
import type { Measurement, Order } from './client/protocol.js';
import { atLeast, machine, median, type Report, type Row } from './harness.js';

const ETCD = '3.6';
const OPS = ['range', 'put'] as const;
/** How many calls wait at once, and what ours must reach of npm etcd3 there. */
const LOADS = [
  { inFlight: 1, goal: 1 },
  { inFlight: 64, goal: 1.5 },
  { inFlight: 256, goal: 1.5 },
] as const;
const MEASURE_MS = 1_500;
const WARM_UP_MS = 300;
const OURS = 'quorate';
const MEASURED_AGAINST = 'etcd3';

const CELLS = OPS.flatMap((op) => LOADS.map((load) => ({ op, ...load })));
type Cell = (typeof CELLS)[number];
const keyOf = (client: string, { op, inFlight }: Cell): string => `${client} ${op} ${inFlight}`;
const nameOf = ({ op, inFlight }: Cell): string => `${op} × ${inFlight}`;

/**
 * Ours beside npm `etcd3`, `@grpc/grpc-js` and Go's clientv3: the same calls to one real etcd, each client in its own
 * process with one connection, in turn, so that whatever else the machine does falls on all of them.
 */
export async function benchClient(options: {
  readonly runs: number;
  readonly progress: (line: string) => void;
}): Promise<Report> {
  const { runs, progress } = options;
  await installNpmPeers();
  const go = await goPeer();
  const binary = await realEtcd(ETCD);
  const etcd = await startEtcd(binary.path);
  const worker = fileURLToPath(new URL('client/worker.js', import.meta.url));
  const inNode = (name: string) =>
    new Worker(name, process.execPath, [worker, name, etcd.endpoint]);
  const clients = [inNode(OURS), inNode('etcd3'), inNode('grpc-js')];
  if (go.kind === 'built')
    clients.push(new Worker('clientv3', go.path, ['measure', etcd.endpoint]));
  else progress(`Go's clientv3 is absent: ${go.why}`);
  const seen = new Map<string, Measurement[]>();
  try {
    for (let run = 0; run < runs; run++) {
      for (const [at, cell] of CELLS.entries()) {
        // Nobody is always the first after the others have warmed the server.
        const first = (run + at) % clients.length;
        for (const client of [...clients.slice(first), ...clients.slice(0, first)]) {
          const key = keyOf(client.name, cell);
          seen.set(key, [...(seen.get(key) ?? []), await measureOne(client, cell)]);
        }
        progress(`${run + 1}/${runs}  ${nameOf(cell)}`);
      }
    }
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    await etcd.end();
  }
  const names = clients.map(({ name }) => name);
  const medianOf = (client: string, cell: Cell, field: keyof Measurement): number =>
    median((seen.get(keyOf(client, cell)) ?? []).map((each) => each[field]));
  const failed = [...seen.values()].flat().reduce((sum, each) => sum + each.failed, 0);
  if (failed > 0) throw new Error(`${failed} calls failed; such a run measures nothing`);
  const versions = [
    `etcd ${binary.version}`,
    `etcd3 ${npmPeerVersion('etcd3')}`,
    `grpc-js ${npmPeerVersion('@grpc/grpc-js')}`,
    go.kind === 'built' ? `clientv3 ${go.version}` : `clientv3 absent (${go.why})`,
  ].join(', ');
  return {
    name: `client, ${runs} runs each, medians; ${versions}`,
    machine: machine(),
    rows: CELLS.flatMap((cell) => rowsOf(cell, names, medianOf)),
    table: {
      columns: ['client', 'calls', 'ops/s', 'p50 ms', 'p99 ms', 'CPU µs/op'],
      lines: CELLS.flatMap((cell) =>
        names.map((client) => [
          client,
          nameOf(cell),
          medianOf(client, cell, 'opsPerS').toFixed(0),
          medianOf(client, cell, 'p50Ms').toFixed(2),
          medianOf(client, cell, 'p99Ms').toFixed(2),
          medianOf(client, cell, 'cpuUsPerOp').toFixed(0),
        ]),
      ),
    },
  };
}

async function measureOne(client: Worker, { op, inFlight }: Cell): Promise<Measurement> {
  const order = { op, inFlight } satisfies Omit<Order, 'ms'>;
  await client.measure({ ...order, ms: WARM_UP_MS });
  return await client.measure({ ...order, ms: MEASURE_MS });
}

function rowsOf(
  cell: Cell,
  names: readonly string[],
  valueOf: (client: string, cell: Cell, field: keyof Measurement) => number,
): readonly Row[] {
  return names
    .filter((name) => name !== OURS)
    .map((name) =>
      atLeast(
        `${nameOf(cell)}, beside ${name}`,
        valueOf(OURS, cell, 'opsPerS'),
        valueOf(name, cell, 'opsPerS'),
        name === MEASURED_AGAINST ? cell.goal : undefined,
      ),
    );
}
