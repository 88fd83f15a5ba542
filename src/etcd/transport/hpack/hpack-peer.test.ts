/** The decoder beside another maker's encoder: what a server of node:http2 says, over one connection, with its tables. */
import { createServer, type ServerHttp2Stream } from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { seededRandom } from '../../../base/index.js';
import { END_HEADERS, END_STREAM, h2frame } from '../../testing/raw-http2.js';
import { H2FrameReader } from '../h2/frame-reader.js';
import { headerFragment } from '../h2/frame.js';
import { frameTypes, PREFACE } from '../h2/rfc9113.js';
import { encodeHeaderBlock } from './hpack-encoder.js';
import { HpackDecoder } from './hpack-decoder.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const ANSWERS = 200;
/** Visible ASCII; the other side refuses to send more. */
const [FIRST, LAST] = [0x21, 0x7e];

test(`${ANSWERS} header lists of another encoder are read as they were meant`, async () => {
  const random = seededRandom(20_261_126);
  const below = (end: number) => Math.floor(random.next() * end);
  const text = (length: number) =>
    String.fromCharCode(...Array.from({ length }, () => FIRST + below(LAST + 1 - FIRST)));
  const kept = Array.from({ length: 20 }, (_, index) => [`x-${index}`, text(10)] as const);
  const sent: (readonly (readonly [string, string])[])[] = [];
  const respond = (stream: ServerHttp2Stream) => {
    // Some that come again and again, some that are new, some too large to be kept.
    const fields = [
      ...kept.filter(() => random.next() < 0.3),
      [`y-${below(1_000)}`, text(below(100))] as const,
      ...(random.next() < 0.1 ? [['z', text(5_000)] as const] : []),
    ];
    sent.push(fields);
    stream.respond({ ':status': 200, ...Object.fromEntries(fields) }, { endStream: true });
  };
  const server = createServer();
  server.on('stream', (stream) => respond(stream));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  cleanups.push(async () => {
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const decoder = new HpackDecoder({ tableBytesMax: 4_096, listBytesMax: 65_536 });
  const seen: (readonly (readonly [string, string])[])[] = [];
  const all = new Promise<void>((resolve) => {
    const reader = new H2FrameReader({
      onFrame: (frame) => {
        if (frame.type !== frameTypes.headers) return true;
        const { start, end } = headerFragment(frame);
        const fields = decoder.decode(frame.bytes, start, end) ?? [];
        const isTold = ({ name }: { name: string }) => /^[xyz]/.test(name);
        seen.push(fields.filter(isTold).map(({ name, value }) => [name, value]));
        if (seen.length === ANSWERS) resolve();
        return true;
      },
    });
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
  });
  const block = encodeHeaderBlock([
    { name: ':method', value: 'GET' },
    { name: ':scheme', value: 'http' },
    { name: ':path', value: '/' },
    { name: ':authority', value: 'here' },
  ]);
  const calls = Array.from({ length: ANSWERS }, (_, index) =>
    h2frame(frameTypes.headers, END_HEADERS | END_STREAM, 2 * index + 1, block),
  );
  socket.write(Buffer.concat([Buffer.from(PREFACE), h2frame(frameTypes.settings, 0, 0), ...calls]));
  await all;
  expect(seen).toEqual(sent);
  expect(decoder.tableBytes).toBeGreaterThan(0);
});
