import { describe, expect, test } from 'vitest';
import { RateLimit, networkOf } from './rate-limit.js';

describe('answers a network may get', () => {
  const limits = { answersPerSecond: 10, answersBurst: 3, slip: 2, networksMax: 2 };

  test('a burst, then so many a second; of the rest each second one is sent to TCP', () => {
    const rate = new RateLimit(limits);
    const now = Array.from({ length: 7 }, () => rate.ask('192.0.2.1', 0));
    expect(now).toEqual(['answer', 'answer', 'answer', 'drop', 'truncate', 'drop', 'truncate']);
    expect(rate.ask('192.0.2.99', 100)).toBe('answer');
    expect(rate.ask('192.0.2.99', 100)).toBe('drop');
  });

  test('each network for itself', () => {
    const rate = new RateLimit(limits);
    for (let i = 0; i < 4; i++) rate.ask('192.0.2.1', 0);
    expect(rate.ask('192.0.3.1', 0)).toBe('answer');
  });

  test('so many networks are remembered, and no more', () => {
    const rate = new RateLimit(limits);
    for (let i = 0; i < 200; i++) rate.ask(`10.0.${i}.1`, 0);
    expect(rate.networks).toBe(2);
  });

  test.each([
    ['192.0.2.7', '192.0.2'],
    ['::ffff:192.0.2.7', '192.0.2'],
    ['2001:db8:1:2ff::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('%s is in %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
