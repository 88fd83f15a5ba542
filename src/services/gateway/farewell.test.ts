import { describe, expect, test } from 'vitest';
import { Farewell } from './farewell.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const END_HEADERS = 4;

const frame = (type: number, flags: number, payload: string): Buffer =>
  Buffer.concat([
    Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, 1]),
    Buffer.from(payload),
  ]);
const SETTINGS = frame(4, 0, '');
const DATA = frame(0, 0, 'hello');

function greeted(): Farewell {
  const farewell = new Farewell();
  farewell.fromClient(PREFACE.subarray(0, 10));
  farewell.fromClient(Buffer.concat([PREFACE.subarray(10), SETTINGS]));
  return farewell;
}

/** What the client gets of these chunks when it is to be told after `askedAfter` of them. */
function relayed(farewell: Farewell, chunks: readonly Buffer[], askedAfter: number): Buffer {
  const out: Buffer[] = [];
  chunks.forEach((chunk, i) => {
    const place = farewell.fromBackend(chunk);
    if (place === undefined) out.push(chunk);
    else out.push(chunk.subarray(0, place), farewell.frame, chunk.subarray(place));
    if (i + 1 === askedAfter && farewell.ask()) out.push(farewell.frame);
  });
  return Buffer.concat(out);
}

const cutIn = (bytes: Buffer, size: number): readonly Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );

describe('the farewell of a relay', () => {
  test('comes at once between two frames', () => {
    const farewell = greeted();
    const got = relayed(farewell, [SETTINGS, DATA], 1);
    expect(got).toEqual(Buffer.concat([SETTINGS, farewell.frame, DATA]));
  });

  test.each([1, 2, 3, 7, 11, 100])('never cuts a frame in two, with chunks of %i bytes', (size) => {
    const bytes = Buffer.concat([SETTINGS, DATA, DATA, frame(6, 0, '12345678'), DATA]);
    const chunks = cutIn(bytes, size);
    for (let askedAfter = 1; askedAfter <= chunks.length; askedAfter++) {
      const farewell = greeted();
      const got = relayed(farewell, chunks, askedAfter);
      const at = got.indexOf(farewell.frame);
      // Asked in the last frame's middle or after it: at its end.
      const boundaries = [9, 23, 37, 54, 68];
      expect(boundaries, `asked after ${askedAfter}`).toContain(at);
      expect(Buffer.concat([got.subarray(0, at), got.subarray(at + 17)])).toEqual(bytes);
    }
  });

  test('waits for the settings of the backend, which come first', () => {
    const farewell = greeted();
    expect(farewell.ask()).toBe(false);
    expect(farewell.fromBackend(Buffer.concat([SETTINGS, DATA]))).toBe(SETTINGS.length);
  });

  test('waits for the end of a list of headers in several frames', () => {
    const farewell = greeted();
    const first = frame(1, 0, 'part');
    const last = frame(9, END_HEADERS, 'end');
    farewell.fromBackend(Buffer.concat([SETTINGS, first]));
    expect(farewell.ask()).toBe(false);
    expect(farewell.fromBackend(Buffer.concat([last, DATA]))).toBe(last.length);
  });

  test('is said once', () => {
    const farewell = greeted();
    farewell.fromBackend(SETTINGS);
    expect(farewell.ask()).toBe(true);
    expect(farewell.ask()).toBe(false);
    expect(farewell.fromBackend(DATA)).toBeUndefined();
  });

  test('is never said in another language', () => {
    const farewell = new Farewell();
    farewell.fromClient(Buffer.from([0x16, 3, 1, 2, 0, 1]));
    expect(farewell.ask()).toBe(false);
    expect(farewell.fromBackend(DATA)).toBeUndefined();
  });
});
