import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../../base/index.js';
import { virtualClock } from '../../../base/testing/virtual-clock.js';
import type { DNSServerLimits } from '../limits.js';
import { memberAt, queryFor, readMessage, threeMembers, zoneWith } from '../testing/zones.js';
import { type DNSServer, createDNSServer } from './server.js';
import { framed } from './tcp.js';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function started(limits: Partial<DNSServerLimits> = {}) {
  const clock = virtualClock();
  const server = createDNSServer({
    listen: [{ host: '127.0.0.1', port: 0 }],
    zone: zoneWith(threeMembers),
    clock,
    logger: silentLogger,
    limits,
  });
  const state = await server.start();
  if (!state.ok) throw new Error(state.error.detail);
  cleanups.push(() => server.close());
  const port = Number(state.value.listening[0]?.split(':')[1]);
  return { server, clock, port };
}

/** Sends over UDP and waits for one answer. */
async function overUDP(port: number, query: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4');
  cleanups.push(() => void socket.close());
  socket.send(query, port, '127.0.0.1');
  const [bytes] = (await once(socket, 'message')) as [Buffer];
  return bytes;
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  cleanups.push(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Reads messages until there are `count`. */
async function messages(socket: Socket, count: number): Promise<readonly Buffer[]> {
  let held = Buffer.alloc(0);
  const read: Buffer[] = [];
  while (read.length < count) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0);
      read.push(held.subarray(2, end));
      held = held.subarray(end);
    }
  }
  return read;
}

const serialOf = (bytes: Buffer): unknown => {
  const [soa] = readMessage(bytes).answers ?? [];
  return soa?.type === 'SOA' ? soa.data.serial : undefined;
};

describe('over UDP', () => {
  test('answers, and from a new zone as soon as it has one', async () => {
    const { server, port } = await started();
    expect(serialOf(await overUDP(port, queryFor('example.com', 'SOA')))).toBe(7);
    server.serve(zoneWith([memberAt(1)], 'example.com', 8));
    expect(serialOf(await overUDP(port, queryFor('example.com', 'SOA')))).toBe(8);
    expect(server.state().counts.answered).toBe(2);
  });

  test('what is too much for one network is told to come over TCP', async () => {
    const { server, port } = await started({ answersBurst: 1, slip: 1 });
    await overUDP(port, queryFor('example.com', 'SOA'));
    const limited = readMessage(await overUDP(port, queryFor('example.com', 'SOA')));
    expect(limited).toMatchObject({ flag_tc: true, answers: [] });
    expect(server.state().counts.limited).toBe(1);
  });
});

describe('over TCP', () => {
  test('queries one after the other on one connection, also when they come in pieces', async () => {
    const { port } = await started();
    const socket = await connected(port);
    const query = framed(queryFor('m1.example.com'));
    const bytes = Buffer.concat([query, query, query]);
    socket.write(bytes.subarray(0, 1));
    socket.write(bytes.subarray(1, query.length + 5));
    socket.write(bytes.subarray(query.length + 5));
    const answers = await messages(socket, 3);
    expect(answers.map((answer) => readMessage(answer).rcode)).toEqual([
      'NOERROR',
      'NOERROR',
      'NOERROR',
    ]);
  });

  test('thousands of queries at once are answered as the client reads', async () => {
    const { port } = await started();
    const socket = await connected(port);
    const query = framed(queryFor('_etcd-server._tcp.example.com', 'SRV'));
    socket.write(Buffer.concat(Array.from({ length: 5_000 }, () => query)));
    expect(await messages(socket, 5_000)).toHaveLength(5_000);
  });

  test('whoever takes too long for a whole query is cut off, also byte by byte', async () => {
    const { clock, port, server } = await started({ connectionIdleMs: 1_000 });
    const socket = await connected(port);
    const query = framed(queryFor('m1.example.com'));
    socket.write(query.subarray(0, 10));
    // A second connection is answered only after the server has seen what the first one sent before it.
    const other = await connected(port);
    other.write(query);
    await messages(other, 1);
    expect(server.state().connections).toBe(2);
    const gone = once(socket, 'close');
    await clock.run({ untilMs: 1_001 });
    await gone;
  });

  test('a longer message than anybody needs ends the connection', async () => {
    const { port } = await started({ queryBytesMax: 100 });
    const socket = await connected(port);
    socket.write(Buffer.from([0xff, 0xff, 0]));
    await once(socket, 'close');
  });

  test('beyond the limit the quietest connection makes room', async () => {
    const { port, server } = await started({ connectionsMax: 2 });
    const [first, second] = [await connected(port), await connected(port)];
    second.write(framed(queryFor('m1.example.com')));
    await messages(second, 1);
    first.write(framed(queryFor('m1.example.com')));
    await messages(first, 1);
    const gone = once(second, 'close');
    await connected(port);
    await gone;
    expect(server.state().connections).toBe(2);
  });
});

test('an address that is taken is a problem, and nothing is listened on then', async () => {
  const { port } = await started();
  const second: DNSServer = createDNSServer({
    listen: [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port },
    ],
    zone: zoneWith(threeMembers),
    clock: virtualClock(),
    logger: silentLogger,
  });
  const state = await second.start();
  expect(!state.ok && state.error.code).toBe('dns-listen-failed');
  expect(second.state().listening).toEqual([]);
});
