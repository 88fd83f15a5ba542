import { expect, test } from 'vitest';
import { seededRandom } from '../../base/index.js';
import { HeldBytes } from './held-bytes.js';

test('pieces of any size come back as they went in, in their order', () => {
  const random = seededRandom(7);
  const whole = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
  for (const takesAll of [false, true]) {
    const held = new HeldBytes();
    for (let at = 0; at < whole.length;) {
      const isLarge = random.next() < 0.2;
      const end = at + Math.floor(random.next() * (isLarge ? 5_000 : 20));
      held.push(whole.subarray(at, end));
      at = end;
    }
    expect(held.length).toBe(whole.length);
    const back: Uint8Array[] = takesAll ? [held.takeAll()] : [];
    for (let bytes = held.shift(); bytes !== undefined; bytes = held.shift()) back.push(bytes);
    expect(Buffer.concat(back).equals(whole)).toBe(true);
    expect(held.length).toBe(0);
    expect(held.takeAll()).toHaveLength(0);
  }
});

test('single bytes are put together', () => {
  const held = new HeldBytes();
  for (let count = 0; count < 10_000; count++) held.push(Buffer.from([1]));
  let pieces = 0;
  while (held.shift() !== undefined) pieces++;
  expect(pieces).toBeLessThan(10);
});
