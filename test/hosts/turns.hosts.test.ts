import { describe, expect, test } from 'vitest';
import { ANY_MINOR } from '../lab/index.js';
import { hostsFor } from '../lab/hosts/suite.js';
import { countedTurns } from './counted-turns.js';
import { seatOf } from './seat.js';

describe('what it costs to keep a cluster on hosts true', () => {
  test('each host is asked once in a turn, the lock renewed on the way, a gateway beside the members too', async (context) => {
    const seat = await seatOf(await hostsFor(context, { hosts: 4 }), { version: ANY_MINOR });
    const proxies = [{ name: 'edge0', host: seat.host(3).address }];
    await seat.must(`apply -f ${await seat.spec(seat.first(3), { proxies })}`);
    await seat.settled(3);
    const turns = 8;
    const { sessions } = await countedTurns(seat.home, seat.name, turns);
    expect(Object.fromEntries(sessions)).toEqual(
      Object.fromEntries([0, 1, 2, 3].map((i) => [seat.host(i).address, turns])),
    );
  });
});
