import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createClient, type BalancerName, type EtcdClient } from '../../../src/etcd/index.js';

const LANES = 4;
/** Each call's limit, so that a call that hangs is a failed one. test/peers/go/main.go has the same. */
export const LIMIT_MS = 1_000;
const PAUSE_MS = 5;

/** One call of a load. */
export interface Call {
  /** Milliseconds since the epoch. */
  readonly beganMs: number;
  readonly tookMs: number;
  /** Empty when it was answered. */
  readonly error: string;
}

/** A client that puts and gets all the time, in four lanes. */
export interface Load {
  readonly name: string;
  readonly calls: readonly Call[];
  stop(): Promise<void>;
}

export function loadOf(name: BalancerName, client: EtcdClient): Load {
  const calls: Call[] = [];
  let isOver = false;
  const one = async (
    call: () => Promise<{ ok: true } | { ok: false; error: { kind: string; message: string } }>,
  ) => {
    const beganMs = Date.now();
    const startMs = performance.now();
    const answer = await call();
    const error = answer.ok ? '' : `${answer.error.kind}: ${answer.error.message}`;
    calls.push({ beganMs, tookMs: performance.now() - startMs, error });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  };
  const lane = async (index: number) => {
    for (let count = 0; !isOver; count++) {
      const key = `${name}/${index}/${count % 50}`;
      await one(() => client.kv.put(key, 'v', { deadlineMs: LIMIT_MS }));
      await one(() => client.kv.get(key, { deadlineMs: LIMIT_MS }));
    }
  };
  const running = Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
  const stop = async () => {
    isOver = true;
    await running;
    await client.close();
  };
  return { name, calls, stop };
}

/** Go's clientv3 in its own process. */
export function goLoad(program: string, version: string, endpoints: readonly string[]): Load {
  const child = spawn(program, ['load', endpoints.join(',')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const calls: Call[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    calls.push(JSON.parse(line) as Call);
  });
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  const stop = async () => {
    child.stdin.end();
    await ended;
  };
  return { name: `clientv3 ${version}`, calls, stop };
}

/** A client that pins this endpoint: `pin-first` takes whichever connects first, so it may take some tries. */
export async function clientPinnedTo(
  endpoint: string,
  endpoints: readonly string[],
): Promise<EtcdClient> {
  for (let count = 0; count < TRIES_MAX; count++) {
    const client = createClient({ endpoints, balancer: 'pin-first' });
    await client.kv.get('pinned');
    const pinned = client.endpoints().find(({ answeredMs }) => answeredMs !== undefined);
    if (pinned?.endpoint.url === endpoint) return client;
    await client.close();
  }
  throw new Error(`${endpoint} never connected first`);
}

const TRIES_MAX = 200;
