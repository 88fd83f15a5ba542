/**
 * Seeded noise on the HTTP door: right exchanges made wrong, over real connections. QUORATE_FUZZ_SEED and
 * QUORATE_FUZZ_COUNT choose other noise and more of it (the short form is for every run, 100000 for a long one).
 */
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { type Random, seededRandom } from '../../base/index.js';
import { memberIDFrom } from './identity.js';
import { type Rig, discoveryRig } from './testing/rig.js';

const SEED = Number(process.env['QUORATE_FUZZ_SEED'] ?? 20_261_126);
const COUNT = Number(process.env['QUORATE_FUZZ_COUNT'] ?? 3_000);
const LANES = 32;
const MEMORY_MAX = 128 * 1024 ** 2;
/** Only ends what waits rightly: a poll, or a request that was cut off. */
const EXCHANGE_MS = 500;

test(
  `${COUNT} exchanges from seed ${SEED} leave the service as it was`,
  { timeout: 3_600_000 },
  async () => {
    const it = await discoveryRig({
      limits: { requestMs: 400, pollMs: 50, registerMs: 200, connectionsMax: 4 * LANES },
    });
    const random = seededRandom(SEED);
    const path = '/v2/keys/discovery/tok';
    await it.ask('PUT', `${path}/_config/size`, { form: 'value=3' });
    const statuses = new Map<string, number>();
    let left = COUNT;
    const before = heldBytes();
    const lane = async (): Promise<void> => {
      while (left-- > 0) {
        const answer = await exchange(it.url, noise(it.url, random));
        const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'none';
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));

    // Whatever came, the service never fails by itself: 503 is only for a store that is silent or polls without number.
    expect([...statuses.keys()].filter((status) => status.startsWith('5'))).toEqual([]);
    expect(statuses.get('429')).toBeUndefined();
    expect(it.log.filter((line) => line.startsWith('error'))).toEqual([]);
    // The noise got through to what lies behind the parser, in both directions.
    for (const status of ['200', '201', '400', '404', '412']) {
      expect([status, statuses.get(status) ?? 0]).not.toEqual([status, 0]);
    }
    await expect.poll(() => it.pollCount(), { timeout: 5_000 }).toBe(0);
    await stillWorks(it);
    expect(heldBytes() - before).toBeLessThan(MEMORY_MAX);
    for (const { record } of it.store.tokens.values()) {
      expect(record.size).toBeGreaterThanOrEqual(1);
      expect(record.size).toBeLessThanOrEqual(9);
      expect(record.members.length).toBeLessThanOrEqual(record.size);
    }
    await it.close();
  },
);

const heldBytes = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

async function stillWorks(it: Rig): Promise<void> {
  const { body: url } = await it.ask('GET', '/new?size=1');
  expect((await it.register(url, 'a', 'http://10.0.0.1:2380')).status).toBe(201);
  expect((await it.ask('GET', new URL(url).pathname)).json().node?.nodes).toHaveLength(1);
}

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'CONNECT', 'G\0T'];
const WORDS = [
  '/',
  '//',
  '..',
  '%00',
  '%2f',
  '\r\n',
  '?wait=true&recursive=true&waitIndex=',
  '&waitIndex=99999999999999999999',
  '_config/size',
  'prevExist=false',
  'value=',
  '=',
  ',',
  'a=http://10.0.0.1:2380',
  '🦆',
  '\0',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 4\r\n',
  'Content-Length: -1\r\n',
  'Host: evil"<>\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\n',
  'Expect: 100-continue\r\n',
  'http://other.example/',
];

/** One to three right requests, with zero to six faults in their bytes. */
function noise(url: string, random: Random): Buffer {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  const host = new URL(url).host;
  const requests = Array.from({ length: 1 + Math.floor(random.next() * 2) }, () => {
    const token = pick(['tok', 'tok', 't2', 'none', `n${Math.floor(random.next() * 50)}`]);
    const path = `/v2/keys/discovery/${token}`;
    const peer = `http://10.0.0.${Math.floor(random.next() * 256)}:2380`;
    const id = memberIDFrom([peer], `${url}${path}`);
    const method = random.next() < 0.1 ? pick(METHODS) : undefined;
    const size = pick(['1', '3', '9', '0', '-1', '1e9', '']);
    switch (Math.floor(random.next() * 7)) {
      case 0:
        return message(method ?? 'GET', `/new?size=${size}&ttl=${pick(['1h', '', 'x'])}`, host, '');
      case 1:
        return message(method ?? 'PUT', `${path}/_config/size`, host, `value=${size}`);
      case 2:
        return message(method ?? 'GET', `${path}?recursive=true&wait=true&waitIndex=2`, host, '');
      case 3:
        return message(method ?? 'GET', path, host, '');
      case 4:
        return message(method ?? 'DELETE', `${path}/${id}`, host, '');
      default: {
        const value = encodeURIComponent(`m${Math.floor(random.next() * 99)}=${peer}`);
        return message(method ?? 'PUT', `${path}/${id}?prevExist=false`, host, `value=${value}`);
      }
    }
  });
  let bytes = Buffer.concat(requests.map((each) => Buffer.from(each)));
  const faults = random.next() < 0.3 ? 0 : 1 + Math.floor(random.next() * 6);
  for (let i = 0; i < faults; i++) {
    const at = Math.floor(random.next() * bytes.length);
    const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
    const kind = random.next();
    if (kind < 0.35) bytes = Buffer.concat([head, Buffer.from(pick(WORDS)), tail]);
    else if (kind < 0.6)
      bytes = Buffer.concat([head, tail.subarray(Math.floor(random.next() * 20))]);
    else if (kind < 0.7) bytes = Buffer.concat([head, Buffer.alloc(20_000, 0x61), tail]);
    else if (bytes.length > 0) bytes[at] = Math.floor(random.next() * 256);
  }
  return bytes;
}

const message = (method: string, path: string, host: string, body: string): string =>
  `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n` +
  (body === ''
    ? '\r\n'
    : `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`);

/** Sends it, ends its side now and then, and answers what came back until the other side ended or time was up. */
function exchange(url: string, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    const late = setTimeout(() => socket.destroy(), EXCHANGE_MS);
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(late);
      resolve(answer);
    });
  });
}
