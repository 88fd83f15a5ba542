import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cachedEtcd } from './cached-etcd.js';
import type { LoadOrder, LoadWord } from './gateway-load.js';
import { type RelayName, type RunningRelay, openStage } from './gateway-relays.js';
import { type Report, type Row, pairedAtLeast, beside, machine, median } from './harness.js';

const LOAD = fileURLToPath(new URL('./gateway-load.js', import.meta.url));
const CONNECTIONS = [64, 256] as const;
const CALLS = ['range', 'put'] as const;
/** Short, so that many rounds fit and what else the machine does falls on all of them. */
const WARM_UP_MS = 100;
const MEASURE_MS = 700;
/** What is asked of the gateway, as a share of the peer's operations a second. */
const GOALS: Readonly<Partial<Record<RelayName, number>>> = {
  'etcd gateway': 0.9,
  'etcd grpc-proxy': 1.1,
};

interface Sample {
  readonly opsPerSecond: number;
  readonly p95Ms: number;
  /** Of the relay. */
  readonly cpuUsPerOp: number;
  readonly rssMiB: number;
}

/**
 * The gateway beside `etcd gateway`, `etcd grpc-proxy` and haproxy, each in front of the same single member, under the
 * same load: one call at a time on each connection. Rounds are interleaved, so that whatever else the machine does falls
 * on all of them.
 */
export async function benchGateway(options: {
  readonly runs: number;
  readonly progress: (line: string) => void;
}): Promise<Report> {
  const { runs, progress } = options;
  const directory = await mkdtemp(join(tmpdir(), 'quorate-bench-'));
  const stage = await openStage(await cachedEtcd(), directory);
  const samples = new Map<string, Sample[]>();
  const loads: Load[] = [];
  try {
    for (const name of stage.absent) progress(`${name} is not installed here: it is left out`);
    for (const connections of CONNECTIONS) {
      const side = await Promise.all(stage.relays.map((relay) => openLoad(relay, connections)));
      loads.push(...side);
      for (let run = 1; run <= runs; run++) {
        for (const call of CALLS) {
          for (const load of rotated(side, run)) {
            const sample = await load.measure(call);
            const key = keyOf(load.relay.name, call, connections);
            samples.set(key, [...(samples.get(key) ?? []), sample]);
            progress(`${run}/${runs}  ${key}: ${tell(sample)}`);
          }
        }
      }
      for (const load of side) await load.end();
    }
  } finally {
    await Promise.all(loads.map((load) => load.end()));
    await stage.close();
    await rm(directory, { recursive: true, force: true });
  }
  const peers = stage.relays.filter(({ name }) => name !== 'direct' && name !== 'quorate');
  const rows = CALLS.flatMap((call) =>
    CONNECTIONS.flatMap((connections) =>
      peers.flatMap(({ name }) => {
        const of = (relay: RelayName) => samples.get(keyOf(relay, call, connections)) ?? [];
        return rowsOf(`${call} × ${connections}`, of('quorate'), of(name), name);
      }),
    ),
  );
  const absent = stage.absent.map((name) => `, ${name} not installed`).join('');
  return {
    name: `gateway before one member, medians of ${runs} runs${absent}`,
    machine: machine(),
    rows,
  };
}

function rowsOf(
  what: string,
  ours: readonly Sample[],
  theirs: readonly Sample[],
  peer: RelayName,
): readonly Row[] {
  const medians = (name: string, unit: Row['unit'], value: (sample: Sample) => number): Row =>
    beside(
      `${what}: ${name} beside ${peer}`,
      median(ours.map(value)),
      median(theirs.map(value)),
      unit,
    );
  const ops = ({ opsPerSecond }: Sample) => opsPerSecond;
  const title = `${what}: ops/s against ${peer}`;
  return [
    pairedAtLeast(title, ours.map(ops), theirs.map(ops), GOALS[peer]),
    medians('p95', 'ms', ({ p95Ms }) => p95Ms),
    medians('relay CPU per op', 'µs', ({ cpuUsPerOp }) => cpuUsPerOp),
    medians('relay memory', 'MiB', ({ rssMiB }) => rssMiB),
  ];
}

const keyOf = (relay: RelayName, call: string, connections: number): string =>
  `${relay}, ${call} × ${connections}`;

const tell = ({ opsPerSecond, p95Ms, cpuUsPerOp, rssMiB }: Sample): string =>
  `${opsPerSecond.toFixed(0)} ops/s, p95 ${p95Ms.toFixed(1)} ms, relay ${cpuUsPerOp.toFixed(0)} µs/op, ${rssMiB.toFixed(0)} MiB`;

const rotated = <T>(list: readonly T[], by: number): readonly T[] => {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
};

/** Clients that are connected through one relay, in a process of their own. */
interface Load {
  readonly relay: RunningRelay;
  measure(call: LoadOrder['call']): Promise<Sample>;
  end(): Promise<void>;
}

async function openLoad(relay: RunningRelay, connections: number): Promise<Load> {
  const args = [LOAD, `--endpoint=${relay.endpoint}`, `--connections=${connections}`];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hear = async <K extends LoadWord['kind']>(
    kind: K,
  ): Promise<Extract<LoadWord, { readonly kind: K }>> => {
    const line = await lines.next();
    const word = line.done === true ? undefined : (JSON.parse(line.value) as LoadWord);
    if (word?.kind !== kind) throw new Error(`The load through ${relay.name} ended before ${kind}`);
    return word as Extract<LoadWord, { readonly kind: K }>;
  };
  await hear('ready');
  return {
    relay,
    measure: async (call) => {
      const order: LoadOrder = { call, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS };
      child.stdin.write(`${JSON.stringify(order)}\n`);
      await hear('begun');
      const beforeUs = relay.cpuUs();
      const { operations, failed, seconds, p95Ms } = await hear('done');
      const usedUs = relay.cpuUs() - beforeUs;
      if (failed > 0) throw new Error(`${failed} calls failed through ${relay.name}`);
      return {
        opsPerSecond: operations / seconds,
        p95Ms,
        cpuUsPerOp: usedUs / operations,
        rssMiB: relay.rssMiB(),
      };
    },
    end: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
