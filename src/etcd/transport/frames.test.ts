import { expect, test } from 'vitest';
import { FrameReader, frameOf } from './frames.js';

const text = (messages: readonly Uint8Array[]) =>
  messages.map((each) => Buffer.from(each).toString());
const frame = (message: string) => frameOf(Buffer.from(message));
const LIMIT = 1000;

test('a message is found wherever the chunks are cut', () => {
  const bytes = Buffer.concat([frame('first'), frame(''), frame('third')]);
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const reader = new FrameReader(LIMIT);
      const messages = [
        bytes.subarray(0, first),
        bytes.subarray(first, second),
        bytes.subarray(second),
      ].flatMap((chunk) => [...reader.push(chunk).messages]);
      expect(text(messages)).toEqual(['first', '', 'third']);
      expect(reader.isMidFrame).toBe(false);
    }
  }
});

test('an answer that stops inside a frame is noticed', () => {
  const whole = frame('hello');
  for (let end = 1; end < whole.length; end++) {
    const reader = new FrameReader(LIMIT);
    expect(reader.push(whole.subarray(0, end)).messages).toEqual([]);
    expect(reader.isMidFrame).toBe(true);
  }
});

test('a length above the limit is a fault at once, whatever follows', () => {
  const reader = new FrameReader(LIMIT);
  const { messages, fault } = reader.push(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
  expect(messages).toEqual([]);
  expect(fault).toMatchObject({ why: 'answer-too-large' });
  expect(fault?.message).toContain('4294967295');
});

test('a message of exactly the limit is read', () => {
  const reader = new FrameReader(LIMIT);
  expect(reader.push(frameOf(new Uint8Array(LIMIT))).messages[0]).toHaveLength(LIMIT);
});

test('messages before a fault are still given', () => {
  const reader = new FrameReader(LIMIT);
  const { messages, fault } = reader.push(Buffer.concat([frame('good'), Buffer.from('HTTP/1.1')]));
  expect(text(messages)).toEqual(['good']);
  expect(fault?.why).toBe('bad-answer');
});

test('a compressed message is a fault: we never said that we could read one', () => {
  const compressed = frame('x');
  compressed[0] = 1;
  expect(new FrameReader(LIMIT).push(compressed).fault?.why).toBe('bad-answer');
});
