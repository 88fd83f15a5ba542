/**
 * The load of the gateway's bench, in a process of its own so that its CPU is told apart: so many clients, one
 * connection and one call at a time each. Connects, prints `ready`, and then measures once for each line on stdin.
 */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type CallResult, createClient } from '../src/etcd/index.js';
import { quantile } from './harness.js';

/** One line on stdin. */
export interface LoadOrder {
  readonly call: 'range' | 'put';
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** One line on stdout. Between `begun` and `done` the relay's CPU is what these operations cost. */
export type LoadWord =
  | { readonly kind: 'ready' }
  | { readonly kind: 'begun' }
  | ({ readonly kind: 'done' } & LoadResult);

export interface LoadResult {
  readonly operations: number;
  readonly failed: number;
  readonly seconds: number;
  readonly p95Ms: number;
}

const KEYS = 1_000;
const VALUE = 'v'.repeat(256);
const DEADLINE_MS = 10_000;

const { values } = parseArgs({
  options: { endpoint: { type: 'string', default: '' }, connections: { type: 'string' } },
});
const clients = Array.from({ length: Number(values.connections) }, () =>
  // One endpoint and no probes: nothing is asked but what is counted.
  createClient({ endpoints: [values.endpoint], balancer: 'pin-first' }),
);

const say = (word: LoadWord): void => void process.stdout.write(`${JSON.stringify(word)}\n`);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measure({ call, warmUpMs, measureMs }: LoadOrder): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let failed = 0;
  let phase: 'warm-up' | 'measure' | 'over' = 'warm-up';
  const ask = (client: (typeof clients)[number], key: string): Promise<CallResult<unknown>> =>
    call === 'put'
      ? client.kv.put(key, VALUE, { deadlineMs: DEADLINE_MS })
      : client.kv.get(key, { deadlineMs: DEADLINE_MS });
  const lane = async (client: (typeof clients)[number], index: number) => {
    for (let count = 0; phase !== 'over'; count++) {
      const startedMs = performance.now();
      const answer = await ask(client, `bench/${(index * 31 + count) % KEYS}`);
      if (phase !== 'measure') continue;
      if (answer.ok) latenciesMs.push(performance.now() - startedMs);
      else failed++;
    }
  };
  const lanes = Promise.all(clients.map(lane));
  await pause(warmUpMs);
  phase = 'measure';
  say({ kind: 'begun' });
  const startedMs = performance.now();
  await pause(measureMs);
  phase = 'over';
  const seconds = (performance.now() - startedMs) / 1_000;
  const operations = latenciesMs.length;
  const result = { operations, failed, seconds, p95Ms: quantile(latenciesMs, 0.95) };
  say({ kind: 'done', ...result });
  await lanes;
  return result;
}

for (const client of clients) {
  const first = await client.kv.put('bench/0', VALUE, { deadlineMs: DEADLINE_MS });
  if (!first.ok) throw new Error(`Cannot begin: ${first.error.message}`);
}
say({ kind: 'ready' });
for await (const line of createInterface({ input: process.stdin })) {
  await measure(JSON.parse(line) as LoadOrder);
}
await Promise.all(clients.map((client) => client.close(0)));
