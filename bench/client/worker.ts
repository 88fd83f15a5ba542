/** One client in its own process: `node worker.js ADAPTER ENDPOINT`, orders on stdin, measurements on stdout. */
import { createInterface } from 'node:readline';
import { ADAPTERS, type Measured } from './adapters.js';
import { KEYS, VALUE_BYTES, type Measurement, type Order } from './protocol.js';

const VALUE = 'x'.repeat(VALUE_BYTES);

async function measure(client: Measured, { op, inFlight, ms }: Order): Promise<Measurement> {
  const took: number[] = [];
  let failed = 0;
  let next = 0;
  const began = performance.now();
  const endMs = began + ms;
  const cpuBefore = process.cpuUsage();
  const lane = async () => {
    for (let startMs = performance.now(); startMs <= endMs; startMs = performance.now()) {
      const key = `bench/${next++ % KEYS}`;
      try {
        if (op === 'put') await client.put(key, VALUE);
        else await client.range(key);
      } catch {
        failed++;
      }
      took.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  took.sort((a, b) => a - b);
  const at = (q: number) => took[Math.min(took.length - 1, Math.floor(q * took.length))] ?? 0;
  return {
    ops: took.length,
    failed,
    opsPerS: took.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    cpuUsPerOp: (user + system) / took.length,
  };
}

const [, , name = '', endpoint = ''] = process.argv;
const connect = ADAPTERS[name as keyof typeof ADAPTERS];
if (connect === undefined) throw new Error(`no client is called ${name}`);
const client = await connect(endpoint);
for await (const line of createInterface({ input: process.stdin })) {
  const measurement = await measure(client, JSON.parse(line) as Order);
  process.stdout.write(`${JSON.stringify(measurement)}\n`);
}
process.exit(0);
