import { expect, test } from 'vitest';
import { frameTypes, h2frame } from '../../testing/raw-http2.js';
import { H2FrameReader } from './frame-reader.js';
import { ProtocolFault } from './protocol-fault.js';

function readerOf(wanted = Number.POSITIVE_INFINITY) {
  const seen: string[] = [];
  const reader = new H2FrameReader({
    onFrame: ({ type, flags, streamID, bytes, start, end }) => {
      seen.push(`${type}/${flags}/${streamID}: ${bytes.toString('latin1', start, end)}`);
      return seen.length < wanted;
    },
  });
  return { reader, seen };
}

const FRAMES = Buffer.concat([
  h2frame(frameTypes.data, 1, 7, Buffer.from('first')),
  h2frame(frameTypes.settings, 0, 0),
  // The highest bit of the stream ID is reserved and means nothing.
  h2frame(frameTypes.ping, 0, 0x8000_0003, Buffer.from('12345678')),
]);
const SEEN = ['0/1/7: first', '4/0/0: ', '6/0/3: 12345678'];

test('frames are found wherever the chunks are cut', () => {
  for (let first = 0; first <= FRAMES.length; first++) {
    for (let second = first; second <= FRAMES.length; second++) {
      const { reader, seen } = readerOf();
      reader.push(FRAMES.subarray(0, first));
      reader.push(FRAMES.subarray(first, second));
      reader.push(FRAMES.subarray(second));
      expect(seen).toEqual(SEEN);
    }
  }
});

test('frames are found when every byte comes alone', () => {
  const { reader, seen } = readerOf();
  for (const byte of FRAMES) reader.push(Buffer.from([byte]));
  expect(seen).toEqual(SEEN);
});

test('nothing is given after the last frame that is wanted', () => {
  for (let cut = 0; cut < FRAMES.length; cut++) {
    const { reader, seen } = readerOf(1);
    reader.push(FRAMES.subarray(0, cut));
    if (seen.length === 0) reader.push(FRAMES.subarray(cut));
    expect(seen).toEqual(SEEN.slice(0, 1));
  }
});

test('a frame above the size that was agreed is a fault as soon as its head is there', () => {
  const head = h2frame(frameTypes.data, 0, 1, Buffer.alloc(16_385)).subarray(0, 9);
  for (let cut = 0; cut < head.length; cut++) {
    const { reader } = readerOf();
    reader.push(head.subarray(0, cut));
    expect(() => reader.push(head.subarray(cut))).toThrow(ProtocolFault);
  }
  const { reader, seen } = readerOf();
  reader.push(h2frame(frameTypes.data, 0, 1, Buffer.alloc(16_384)));
  expect(seen).toHaveLength(1);
});
