/** The client's side of HTTP/2 without a network: what it sends, and what each frame of a server leads to. */
import { expect, describe, test } from 'vitest';
import { encodeHeaderBlock } from '../hpack/hpack-encoder.js';
import { ACKS_MAX, CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES } from '../limits.js';
import { FakeSocket } from '../../testing/fake-socket.js';
import { END_HEADERS, END_STREAM, ACK, h2frame, headerBlock } from '../../testing/raw-http2.js';
import { H2Connection, type ClosedBecause } from './h2-connection.js';
import type { H2Stream } from './h2-stream.js';
import { errorCodes, frameTypes, PREFACE, settingIDs, STREAM_ID_MAX } from './rfc9113.js';

const PADDED = 8;
const PRIORITY = 32;
const FRAME_MAX = 16_384;
const WINDOW = 65_535;

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const settings = (...pairs: readonly (readonly [id: number, value: number])[]): Buffer =>
  h2frame(
    frameTypes.settings,
    0,
    0,
    Buffer.concat(pairs.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), uint32(value)]))),
  );
const windowUpdate = (stream: number, by: number): Buffer =>
  h2frame(frameTypes.windowUpdate, 0, stream, uint32(by));
const data = (stream: number, bytes: string | Buffer, flags = 0): Buffer =>
  h2frame(frameTypes.data, flags, stream, Buffer.from(bytes));
const rst = (stream: number, code: number): Buffer =>
  h2frame(frameTypes.rstStream, 0, stream, uint32(code));
const goaway = (last: number, code = 0, text = ''): Buffer =>
  h2frame(frameTypes.goaway, 0, 0, Buffer.concat([uint32(last), uint32(code), Buffer.from(text)]));
const ping = h2frame(frameTypes.ping, 0, 0, Buffer.from('pingpong'));

const OK_BLOCK = headerBlock([':status', '200'], ['content-type', 'application/grpc']);
const TRAILERS_BLOCK = headerBlock(['grpc-status', '0']);
const headers = (stream: number, block = OK_BLOCK, flags = END_HEADERS): Buffer =>
  h2frame(frameTypes.headers, flags, stream, block);
/** A field of 4,000 bytes that the table keeps, where one byte refers to it. */
const LARGE_FIELD = Buffer.concat([
  Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]),
  Buffer.alloc(4_000, 'y'),
]);
const trailers = (stream: number): Buffer =>
  headers(stream, TRAILERS_BLOCK, END_HEADERS | END_STREAM);
const BLOCK = encodeHeaderBlock([{ name: ':method', value: 'POST' }]);

/** A connection whose server has sent its settings. */
async function connected(
  options: { readonly settings?: Buffer; readonly firstStreamID?: number } = {},
) {
  const socket = new FakeSocket();
  const told: string[] = [];
  let closed: ClosedBecause | undefined;
  const connection = new H2Connection(
    socket.socket,
    {
      onSettings: ({ streamsMax }) => told.push(`settings, at most ${streamsMax}`),
      onGoaway: (code, text) => told.push(`goaway ${code} ${text}`),
      onStreamOver: () => told.push('over'),
      onClosed: (because) => {
        told.push('closed');
        closed = because;
      },
    },
    options.firstStreamID,
  );
  await socket.receive(options.settings ?? settings());
  const open = () => {
    const heard: string[] = [];
    const dataBytes: Buffer[] = [];
    const stream: H2Stream = connection.open(BLOCK, {
      onHeaders: (fields, isEnd) =>
        heard.push(
          `${fields.map(({ name, value }) => `${name}=${value}`).join(' ')}${isEnd ? ' END' : ''}`,
        ),
      onData: (bytes) => {
        heard.push(bytes.toString('latin1', 0, Math.min(bytes.length, 20)));
        dataBytes.push(bytes);
      },
      onEnd: () => heard.push('end'),
      onLost: (loss) =>
        heard.push(loss.kind === 'reset' ? `reset ${loss.code}` : `lost: ${loss.kind}`),
    });
    return { stream, heard, dataBytes };
  };
  const sentData = (stream?: number) =>
    socket
      .framesOf(frameTypes.data)
      .filter(({ streamID }) => stream === undefined || streamID === stream);
  const sentBytes = (stream?: number) =>
    sentData(stream).reduce((sum, { payload }) => sum + payload.length, 0);
  const lastGoaway = () => socket.framesOf(frameTypes.goaway).at(-1)?.payload.readUInt32BE(4);
  return {
    socket,
    connection,
    told,
    open,
    sentData,
    sentBytes,
    lastGoaway,
    closed: () => closed,
  };
}

const HEARD = [':status=200 content-type=application/grpc', 'abc', 'grpc-status=0 END', 'end'];

describe('a connection', () => {
  test('begins with the preface, our settings and a large window, in one write', async () => {
    const { socket } = await connected();
    expect(socket.preface).toBe(PREFACE);
    const [first, second, ack] = socket.frames;
    expect(first?.type).toBe(frameTypes.settings);
    expect(first?.payload.toString('hex')).toBe('000200000000' + '000400400000' + '000600010000');
    expect([second?.type, second?.payload.readUInt32BE(0)]).toEqual([
      frameTypes.windowUpdate,
      CONNECTION_WINDOW_BYTES - WINDOW,
    ]);
    expect([ack?.type, ack?.flags, ack?.payload.length]).toEqual([frameTypes.settings, ACK, 0]);
  });

  test('sends all calls of a turn in one write', async () => {
    const { socket, open } = await connected();
    const before = socket.writes;
    for (let count = 0; count < 50; count++) open().stream.send(Buffer.from('hello'), true);
    await socket.turn();
    expect(socket.writes - before).toBe(1);
    expect(socket.framesOf(frameTypes.headers).map(({ streamID }) => streamID)).toEqual(
      Array.from({ length: 50 }, (_, index) => 2 * index + 1),
    );
    expect(socket.framesOf(frameTypes.data)[7]).toMatchObject({
      flags: END_STREAM,
      streamID: 15,
      payload: Buffer.from('hello'),
    });
  });

  test('answers pings and settings', async () => {
    const { socket } = await connected();
    await socket.receive(ping, settings());
    expect(socket.frames.slice(-2)).toMatchObject([
      { type: frameTypes.ping, flags: ACK, payload: Buffer.from('pingpong') },
      { type: frameTypes.settings, flags: ACK },
    ]);
  });

  test('knows the answer to its own ping, and passes over one that it did not ask for', async () => {
    const { socket, connection } = await connected();
    let answered = 0;
    connection.ping(() => answered++);
    await socket.turn();
    const sent = socket.framesOf(frameTypes.ping).at(-1);
    await socket.receive(h2frame(frameTypes.ping, ACK, 0, Buffer.from('whatever')));
    expect(answered).toBe(0);
    const answer = h2frame(frameTypes.ping, ACK, 0, sent?.payload ?? Buffer.alloc(0));
    await socket.receive(answer, answer);
    expect(answered).toBe(1);
  });

  test('runs out of stream IDs, and says so', async () => {
    const { connection, open } = await connected({ firstStreamID: STREAM_ID_MAX - 2 });
    expect(connection.hasStreamIDs).toBe(true);
    open();
    expect(connection.hasStreamIDs).toBe(true);
    expect(open().stream.id).toBe(STREAM_ID_MAX);
    expect(connection.hasStreamIDs).toBe(false);
  });

  test('closes with a farewell, and leaves nothing open behind it', async () => {
    const { socket, connection, open, told, lastGoaway } = await connected();
    const { heard } = open();
    await socket.turn();
    connection.close('enough');
    expect(heard).toEqual(['lost: connection-lost']);
    expect(told.slice(-2)).toEqual(['over', 'closed']);
    await socket.turn();
    expect(lastGoaway()).toBe(errorCodes.noError);
    expect(socket.destroyed).toBe(true);
  });
});

describe('a call', () => {
  test('is heard in order, wherever the bytes are cut', async () => {
    const answer = Buffer.concat([headers(1), data(1, 'abc'), trailers(1)]);
    for (let cut = 0; cut <= answer.length; cut++) {
      const { socket, open, told } = await connected();
      const { stream, heard } = open();
      stream.send(Buffer.from('hello'), true);
      await socket.receive(answer.subarray(0, cut));
      await socket.receive(answer.subarray(cut));
      expect(heard).toEqual(HEARD);
      expect(told.filter((each) => each === 'over')).toHaveLength(1);
      expect(stream.isOver).toBe(true);
    }
  });

  test('has its headers put together from any number of parts', async () => {
    for (let cut = 0; cut <= OK_BLOCK.length; cut++) {
      const { socket, open } = await connected();
      const { heard } = open();
      await socket.receive(
        headers(1, OK_BLOCK.subarray(0, cut), 0),
        h2frame(frameTypes.continuation, 0, 1, OK_BLOCK.subarray(cut, cut + 1)),
        h2frame(frameTypes.continuation, END_HEADERS, 1, OK_BLOCK.subarray(cut + 1)),
        data(1, 'abc'),
      );
      expect(heard).toEqual(HEARD.slice(0, 2));
    }
  });

  test('is heard without padding and without what is for servers only', async () => {
    const { socket, open } = await connected();
    const { heard } = open();
    const pad = Buffer.alloc(3);
    const priority = Buffer.from([0, 0, 0, 0, 16]);
    await socket.receive(
      h2frame(frameTypes.priority, 0, 1, priority),
      h2frame(0x42, 0xff, 1, Buffer.from('of a later time')),
      headers(
        1,
        Buffer.concat([Buffer.from([3]), priority, OK_BLOCK, pad]),
        END_HEADERS | PADDED | PRIORITY,
      ),
      data(1, Buffer.concat([Buffer.from([3]), Buffer.from('abc'), pad]), PADDED),
      data(1, Buffer.from([0]), PADDED),
      trailers(1),
    );
    expect(heard).toEqual(HEARD);
  });

  test('waits through an interim answer', async () => {
    const { socket, open } = await connected();
    const { heard } = open();
    await socket.receive(headers(1, headerBlock([':status', '103'])), headers(1));
    expect(heard).toEqual(HEARD.slice(0, 1));
  });

  test.each<[string, Buffer, string]>([
    ['refused', rst(1, errorCodes.refusedStream), 'lost: not-processed'],
    ['reset', rst(1, errorCodes.enhanceYourCalm), 'reset 11'],
  ])('that is %s says so', async (_name, frame, expected) => {
    const { socket, open, told } = await connected();
    const { heard } = open();
    await socket.receive(frame, frame, data(1, 'late'), trailers(1));
    expect(heard).toEqual([expected]);
    expect(told.filter((each) => each === 'over')).toHaveLength(1);
    expect(told).not.toContain('closed');
  });

  test.each<[string, readonly Buffer[]]>([
    ['DATA before its headers', [data(1, 'abc')]],
    ['no status', [headers(1, headerBlock(['content-type', 'application/grpc']))]],
    ['a status that is none', [headers(1, headerBlock([':status', 'ok']))]],
    ['two statuses', [headers(1, headerBlock([':status', '200'], [':status', '200']))]],
    ['a status behind other fields', [headers(1, headerBlock(['a', 'b'], [':status', '200']))]],
    ['a pseudo-field of requests', [headers(1, headerBlock([':status', '200'], [':path', '/']))]],
    ['capital letters', [headers(1, headerBlock([':status', '200'], ['Grpc-Status', '0']))]],
    ['a field of HTTP/1', [headers(1, headerBlock([':status', '200'], ['connection', 'close']))]],
    ['a status in its trailers', [headers(1), headers(1, OK_BLOCK, END_HEADERS | END_STREAM)]],
    ['trailers that do not end it', [headers(1), headers(1, TRAILERS_BLOCK)]],
    [
      'an end that is interim',
      [headers(1, headerBlock([':status', '100']), END_HEADERS | END_STREAM)],
    ],
    ['a window opened by nothing', [windowUpdate(1, 0)]],
    ['a window beyond all bounds', [windowUpdate(1, 2 ** 31 - 1)]],
    [
      'more headers than are read, of few bytes',
      [headers(1, Buffer.concat([OK_BLOCK, LARGE_FIELD, Buffer.alloc(20, 0xbe)]))],
    ],
  ])('with %s is reset, and the connection goes on', async (_name, frames) => {
    const { socket, open, told } = await connected();
    const [bad, good] = [open(), open()];
    await socket.receive(...frames, headers(3), data(3, 'abc'), trailers(3));
    expect(bad.heard.at(-1)).toBe('lost: malformed');
    expect(good.heard).toEqual(HEARD);
    expect(socket.framesOf(frameTypes.rstStream)).toMatchObject([{ streamID: 1 }]);
    expect(told).not.toContain('closed');
  });

  test('that goes on after its end, while we still send, is reset', async () => {
    const { socket, open } = await connected();
    const { heard } = open();
    await socket.receive(headers(1), trailers(1), data(1, 'more'));
    expect(heard).toEqual([HEARD[0], HEARD[2], 'end', 'lost: malformed']);
  });

  test('that we reset hears no more, and headers that still come teach the tables', async () => {
    const { socket, open } = await connected();
    const [gone, other] = [open(), open()];
    gone.stream.reset(errorCodes.cancel);
    const kept = Buffer.concat([Buffer.from([0x88, 0x40]), headerText('x'), headerText('y')]);
    await socket.receive(headers(1, kept), headers(3, Buffer.from([0x88, 0xbe])));
    expect(gone.heard).toEqual([]);
    expect(other.heard).toEqual([':status=200 x=y']);
  });
});

const headerText = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

describe('what we send', () => {
  const large = Buffer.alloc(100_000, 'x');

  test('stops at the window of the stream and goes on when it is opened', async () => {
    const { socket, open, sentData, sentBytes } = await connected();
    const { stream } = open();
    let isTaken = false;
    stream.send(large, true, () => (isTaken = true));
    await socket.receive(windowUpdate(0, 1_000_000));
    expect(sentBytes()).toBe(WINDOW);
    expect(sentData().every(({ payload }) => payload.length <= FRAME_MAX)).toBe(true);
    expect([isTaken, stream.queuedBytes]).toEqual([false, large.length - WINDOW]);
    await socket.receive(windowUpdate(1, 10_000));
    expect(sentBytes()).toBe(WINDOW + 10_000);
    await socket.receive(windowUpdate(1, 1_000_000));
    expect(sentBytes()).toBe(large.length);
    expect([isTaken, stream.isSent]).toEqual([true, true]);
    expect(sentData().map(({ flags }) => flags)).toEqual([
      ...sentData()
        .slice(1)
        .map(() => 0),
      END_STREAM,
    ]);
  });

  test('shares the window of the connection, a frame of each call in turn', async () => {
    const { socket, open, sentBytes, sentData } = await connected();
    const calls = [open(), open(), open()];
    for (const { stream } of calls) stream.send(large, true);
    await socket.turn();
    expect(sentBytes()).toBe(WINDOW);
    await socket.receive(windowUpdate(0, 3 * FRAME_MAX), windowUpdate(1, 1_000_000));
    const before = sentData().length;
    expect(sentBytes()).toBe(WINDOW + 3 * FRAME_MAX);
    await socket.receive(windowUpdate(0, 2 * FRAME_MAX));
    expect(
      new Set(
        sentData()
          .slice(before)
          .map(({ streamID }) => streamID),
      ).size,
    ).toBe(2);
    await socket.receive(...[0, 3, 5].map((stream) => windowUpdate(stream, 1_000_000)));
    expect(sentBytes()).toBe(3 * large.length);
  });

  test('follows a change of the initial window, also below nothing', async () => {
    const { socket, open, sentBytes } = await connected();
    await socket.receive(windowUpdate(0, 1_000_000));
    const { stream } = open();
    stream.send(large, true);
    await socket.turn();
    expect(sentBytes()).toBe(WINDOW);
    await socket.receive(settings([settingIDs.initialWindowSize, 10_000]));
    // The window is at 10,000 - 65,535 now; what opens it up to 0 lets nothing pass.
    await socket.receive(windowUpdate(1, WINDOW - 10_000));
    expect(sentBytes()).toBe(WINDOW);
    await socket.receive(settings([settingIDs.initialWindowSize, 15_000]));
    expect(sentBytes()).toBe(WINDOW + 5_000);
    const later = open();
    later.stream.send(large.subarray(0, 15_000), false);
    await socket.receive(settings([settingIDs.initialWindowSize, 0]));
    later.stream.send(Buffer.alloc(0), true);
    await socket.turn();
    expect([sentBytes(3), later.stream.isSent]).toEqual([15_000, true]);
  });

  test('keeps its order, and an end without bytes needs no window', async () => {
    const { socket, open, sentData } = await connected({
      settings: settings([settingIDs.initialWindowSize, 0]),
    });
    const { stream } = open();
    const [empty, full] = [stream, open().stream];
    empty.send(Buffer.alloc(0), true);
    full.send(Buffer.from('one'), false);
    full.send(Buffer.alloc(0), true);
    await socket.turn();
    expect(sentData()).toMatchObject([{ streamID: 1, flags: END_STREAM }]);
    await socket.receive(windowUpdate(3, 3));
    expect(sentData(3)).toMatchObject([
      { payload: Buffer.from('one'), flags: 0 },
      { flags: END_STREAM },
    ]);
  });

  test('waits in its stream while the server reads nothing, and whoever sends waits with it', async () => {
    const { socket, open } = await connected({
      settings: settings([settingIDs.initialWindowSize, 2 ** 31 - 1]),
    });
    await socket.receive(windowUpdate(0, 2 ** 30));
    socket.setReading(false);
    const { stream } = open();
    let isTaken = false;
    stream.send(Buffer.alloc(4 * 1024 * 1024), true, () => (isTaken = true));
    await socket.turn();
    expect(isTaken).toBe(false);
    expect(stream.queuedBytes).toBeGreaterThan(3 * 1024 * 1024);
    socket.setReading(true);
    await expect.poll(() => isTaken).toBe(true);
    expect(stream.isSent).toBe(true);
  });

  test('is dropped when the call is over, and whoever waits is told', async () => {
    const { socket, open, sentBytes } = await connected();
    const { stream } = open();
    let isTaken = false;
    stream.send(large, true, () => (isTaken = true));
    stream.reset(errorCodes.cancel);
    await socket.receive(windowUpdate(0, 1_000_000), windowUpdate(1, 1_000_000));
    expect([isTaken, stream.queuedBytes, sentBytes()]).toEqual([true, 0, WINDOW]);
  });

  test('has its headers cut when they are larger than a frame', async () => {
    const { socket, connection } = await connected();
    const block = encodeHeaderBlock([{ name: 'token', value: 't'.repeat(40_000) }]);
    connection.open(block, {
      onHeaders: () => undefined,
      onData: () => undefined,
      onEnd: () => undefined,
      onLost: () => undefined,
    });
    await socket.turn();
    const sent = socket.frames.filter(({ streamID }) => streamID === 1);
    expect(sent.map(({ type, flags }) => [type, flags])).toEqual([
      [frameTypes.headers, 0],
      [frameTypes.continuation, 0],
      [frameTypes.continuation, END_HEADERS],
    ]);
    expect(Buffer.concat(sent.map(({ payload }) => payload))).toEqual(block);
  });

  test('says that it uses no table after the server has set its size, once', async () => {
    const { socket, open } = await connected({
      settings: settings([settingIDs.headerTableSize, 0]),
    });
    open();
    open();
    await socket.turn();
    expect(socket.framesOf(frameTypes.headers).map(({ payload }) => payload[0])).toEqual([
      0x20, 0x83,
    ]);
  });
});

describe('what we receive', () => {
  const frame = Buffer.alloc(FRAME_MAX, 'x');
  const updatesOf = (socket: FakeSocket, stream: number) =>
    socket
      .framesOf(frameTypes.windowUpdate)
      .filter(({ streamID }) => streamID === stream)
      .map(({ payload }) => payload.readUInt32BE(0));

  test('opens a window again only after half of it was read', async () => {
    const { socket, open } = await connected();
    const { stream } = open();
    await socket.receive(headers(1));
    const half = STREAM_WINDOW_BYTES / 2 / FRAME_MAX;
    const frames = Array.from({ length: half }, () => data(1, frame));
    await socket.receive(...frames);
    expect(updatesOf(socket, 1)).toEqual([]);
    stream.giveBack((half - 1) * FRAME_MAX);
    await socket.turn();
    expect(updatesOf(socket, 1)).toEqual([]);
    stream.giveBack(FRAME_MAX);
    await socket.turn();
    expect(updatesOf(socket, 1)).toEqual([STREAM_WINDOW_BYTES / 2]);
    // The connection's window does not wait for a reader.
    await socket.receive(...frames, ...frames);
    expect(updatesOf(socket, 0)).toEqual([CONNECTION_WINDOW_BYTES - WINDOW]);
    await socket.receive(...frames);
    expect(updatesOf(socket, 0)).toEqual([
      CONNECTION_WINDOW_BYTES - WINDOW,
      CONNECTION_WINDOW_BYTES / 2,
    ]);
  });

  test('beyond the window of its stream resets the call', async () => {
    const { socket, open, told } = await connected();
    const { heard } = open();
    const count = STREAM_WINDOW_BYTES / FRAME_MAX;
    await socket.receive(headers(1), ...Array.from({ length: count }, () => data(1, frame)));
    expect(heard).toHaveLength(count + 1);
    await socket.receive(data(1, 'x'));
    expect(heard.at(-1)).toBe('lost: malformed');
    expect(socket.framesOf(frameTypes.rstStream).at(-1)?.payload.readUInt32BE(0)).toBe(
      errorCodes.flowControlError,
    );
    expect(told).not.toContain('closed');
  });

  test('counts in full, padding too, also for calls that are over', async () => {
    const { socket, open } = await connected();
    open().stream.reset(errorCodes.cancel);
    const padding = data(1, Buffer.concat([Buffer.from([255]), Buffer.alloc(255)]), PADDED);
    const count = CONNECTION_WINDOW_BYTES / 2 / 256;
    await socket.receive(...Array.from({ length: count }, () => padding));
    expect(updatesOf(socket, 0).at(-1)).toBe(CONNECTION_WINDOW_BYTES / 2);
  });
});

describe('a goodbye', () => {
  test('tells the calls that were not looked at, and lets the others finish', async () => {
    const { socket, open, told } = await connected();
    const calls = [open(), open(), open()];
    await socket.turn();
    await socket.receive(goaway(3, 0, 'restart'));
    expect(calls.map(({ heard }) => heard)).toEqual([[], [], ['lost: not-processed']]);
    expect(told).toContain('goaway 0 restart');
    await socket.receive(headers(1), data(1, 'abc'), trailers(1));
    expect(calls[0]?.heard).toEqual(HEARD);
    // A second one may only look at less (§6.8).
    await socket.receive(goaway(1));
    expect(calls[1]?.heard).toEqual(['lost: not-processed']);
  });

  test('with an error ends the connection; what may have been looked at is lost', async () => {
    const { socket, open, closed } = await connected();
    const calls = [open(), open()];
    await socket.turn();
    await socket.receive(goaway(1, 11, 'too_many_pings'));
    expect(calls.map(({ heard }) => heard)).toEqual([
      ['lost: connection-lost'],
      ['lost: not-processed'],
    ]);
    expect(closed()?.kind).toBe('closed-by-us');
  });
});

describe('a call that was made in the turn in which the connection broke', () => {
  test.each<[string, (socket: FakeSocket, connection: H2Connection) => void]>([
    ['by an error', (socket) => socket.destroy(new Error('ECONNRESET'))],
    ['by us', (_socket, connection) => connection.close('enough')],
  ])('%s has certainly not been sent; one of the turn before may have been', async (_name, cut) => {
    const { socket, connection, open } = await connected();
    const before = open();
    await socket.turn();
    const sent = socket.frames.length;
    const late = open();
    late.stream.send(Buffer.from('hello'), true);
    cut(socket, connection);
    await socket.turn();
    expect(before.heard).toEqual(['lost: connection-lost']);
    expect(socket.frames.slice(sent).filter(({ streamID }) => streamID === 3)).toEqual([]);
    expect(late.heard).toEqual(['lost: not-processed']);
  });
});

describe('a server that breaks the protocol', () => {
  const { protocolError, frameSizeError, flowControlError, compressionError, enhanceYourCalm } =
    errorCodes;
  const empty = Buffer.alloc(0);
  const raw = (type: number, stream: number, bytes: Buffer, flags = 0) =>
    h2frame(type, flags, stream, bytes);
  const times = (count: number, bytes: Buffer) => Array.from({ length: count }, () => bytes);
  const cases: Readonly<Record<string, readonly [code: number, ...frames: Buffer[]]>> = {
    'DATA on no stream': [protocolError, data(0, 'x')],
    'headers on no stream': [protocolError, headers(0)],
    'DATA of a call that never was': [protocolError, data(9, 'x')],
    'headers of a call of its own': [protocolError, headers(2)],
    'a reset of a call that never was': [protocolError, rst(9, 8)],
    'a window of a call that never was': [protocolError, windowUpdate(9, 1)],
    'a reset on no stream': [protocolError, rst(0, 8)],
    'a reset of a wrong size': [frameSizeError, raw(frameTypes.rstStream, 1, Buffer.alloc(5))],
    'a push': [protocolError, raw(frameTypes.pushPromise, 1, uint32(2))],
    'settings on a stream': [protocolError, raw(frameTypes.settings, 1, empty)],
    'settings of a wrong size': [frameSizeError, raw(frameTypes.settings, 0, Buffer.alloc(7))],
    'an acknowledgement with settings': [
      frameSizeError,
      raw(frameTypes.settings, 0, Buffer.alloc(6), ACK),
    ],
    'permission to push': [protocolError, settings([settingIDs.enablePush, 1])],
    'an initial window beyond all bounds': [
      flowControlError,
      settings([settingIDs.initialWindowSize, 2 ** 31]),
    ],
    'frames too small': [protocolError, settings([settingIDs.maxFrameSize, 16_383])],
    'frames too large': [protocolError, settings([settingIDs.maxFrameSize, 2 ** 24])],
    'a ping on a stream': [protocolError, raw(frameTypes.ping, 1, Buffer.alloc(8))],
    'a ping of a wrong size': [frameSizeError, raw(frameTypes.ping, 0, Buffer.alloc(7))],
    'a goodbye on a stream': [protocolError, raw(frameTypes.goaway, 1, Buffer.alloc(8))],
    'a goodbye cut short': [frameSizeError, raw(frameTypes.goaway, 0, Buffer.alloc(7))],
    'a window opened by nothing': [protocolError, windowUpdate(0, 0)],
    'a window of a wrong size': [frameSizeError, raw(frameTypes.windowUpdate, 0, Buffer.alloc(3))],
    'a window beyond all bounds': [flowControlError, windowUpdate(0, 2 ** 31 - 1)],
    'a window of a stream moved beyond all bounds': [
      flowControlError,
      windowUpdate(1, 2 ** 31 - 1 - WINDOW),
      settings([settingIDs.initialWindowSize, WINDOW + 1]),
    ],
    'DATA that is all padding': [protocolError, data(1, Buffer.from([1]), PADDED)],
    'headers that are all padding': [
      protocolError,
      headers(1, Buffer.from([9, 0x88]), END_HEADERS | PADDED),
    ],
    'headers without their priority': [
      frameSizeError,
      headers(1, Buffer.from([0x88]), END_HEADERS | PRIORITY),
    ],
    'headers that cannot be decoded': [compressionError, headers(1, Buffer.from([0xff, 0xff]))],
    'a continuation of nothing': [
      protocolError,
      raw(frameTypes.continuation, 1, empty, END_HEADERS),
    ],
    'a continuation of another call': [
      protocolError,
      headers(1, OK_BLOCK, 0),
      raw(frameTypes.continuation, 3, empty, END_HEADERS),
    ],
    'a frame inside a header block': [protocolError, headers(1, OK_BLOCK, 0), ping],
    'headers in a thousand empty parts': [
      enhanceYourCalm,
      headers(1, OK_BLOCK, 0),
      ...times(1_000, raw(frameTypes.continuation, 1, empty)),
    ],
    'headers without end': [
      enhanceYourCalm,
      headers(1, OK_BLOCK, 0),
      ...times(20, raw(frameTypes.continuation, 1, Buffer.alloc(FRAME_MAX))),
    ],
    'pings of which it reads no answer': [enhanceYourCalm, ...times(ACKS_MAX + 1, ping)],
    'settings of which it reads no answer': [enhanceYourCalm, ...times(ACKS_MAX + 1, settings())],
    'a frame larger than was agreed': [frameSizeError, data(1, Buffer.alloc(FRAME_MAX + 1))],
  };

  test.each(Object.entries(cases))('by %s', async (_name, [code, ...frames]) => {
    const { socket, open, closed, lastGoaway } = await connected();
    const calls = [open(), open()];
    await socket.turn();
    await socket.receive(...frames);
    expect(closed()?.kind).toBe('protocol-fault');
    expect(lastGoaway()).toBe(code);
    for (const { heard } of calls) expect(heard).toEqual(['lost: connection-lost']);
    await expect.poll(() => socket.destroyed).toBe(true);
  });

  test.each<[string, Buffer]>([
    ['a ping', ping],
    ['an acknowledgement', h2frame(frameTypes.settings, ACK, 0)],
    ['a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('by %s before its settings', async (_name, bytes) => {
    const { closed } = await connected({ settings: bytes });
    expect(closed()?.kind).toBe('protocol-fault');
  });

  test('many pings of which it reads the answers are no offence', async () => {
    const { socket, closed } = await connected();
    for (let count = 0; count < 4 * ACKS_MAX; count += 100)
      await socket.receive(...times(100, ping));
    expect(closed()).toBeUndefined();
    expect(socket.framesOf(frameTypes.ping)).toHaveLength(4 * ACKS_MAX);
  });

  test('answers are not held for a server that reads none', async () => {
    const { socket, closed } = await connected();
    socket.setReading(false);
    for (let count = 0; count <= ACKS_MAX + 100; count += 100) {
      await socket.receive(...times(100, ping));
    }
    expect(closed()?.kind).toBe('protocol-fault');
    expect(socket.writableLength).toBeLessThan(20 * ACKS_MAX);
  });
});
