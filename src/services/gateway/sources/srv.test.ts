import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../../base/index.js';
import { virtualClock } from '../../../base/testing/virtual-clock.js';
import type { Backend } from '../backend.js';
import { type SRVRecord, srvBackends } from './srv.js';

const TLS = '_etcd-client-ssl._tcp.example.test';
const PLAIN = '_etcd-client._tcp.example.test';

function setUp(zone: Map<string, readonly SRVRecord[] | Error>) {
  const clock = virtualClock();
  const updates: (readonly string[])[] = [];
  const source = srvBackends({
    domain: 'example.test',
    resolveSRV: async (name) => {
      const found = zone.get(name) ?? Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' });
      if (found instanceof Error) throw found;
      return found;
    },
    clock,
    logger: silentLogger,
  });
  const seat = {
    update: (backends: readonly Backend[]) => void updates.push(backends.map(({ url }) => url)),
    states: () => [],
  };
  return { clock, source, updates, start: () => source.start(seat) };
}
const record = (name: string, priority = 0): SRVRecord => ({ name, port: 2379, priority });

describe('backends from DNS', () => {
  test('the records for TLS win; the final dot goes, the priority stays', async () => {
    const { start, source } = setUp(
      new Map([
        [TLS, [record('N1.example.test.', 10), record('n2.example.test', 20)]],
        [PLAIN, [record('n1.example.test')]],
      ]),
    );
    const first = await start();
    expect(first.ok && first.value.map(({ url, priority }) => [url, priority])).toEqual([
      ['https://n1.example.test:2379', 10],
      ['https://n2.example.test:2379', 20],
    ]);
    await source.close();
  });

  test('without them the plain records count', async () => {
    const { start, source } = setUp(new Map([[PLAIN, [record('n1.example.test')]]]));
    const first = await start();
    expect(first.ok && first.value.map(({ url }) => url)).toEqual(['http://n1.example.test:2379']);
    await source.close();
  });

  test('no record at all is a problem that names both', async () => {
    const { start } = setUp(new Map());
    const first = await start();
    expect(first).toMatchObject({ ok: false, error: { code: 'gateway-no-backends' } });
    if (!first.ok) expect(first.error.detail).toMatch(/ssl\._tcp.*; _etcd-client\._tcp/);
  });

  test('a name server that fails is not taken for the absence of TLS', async () => {
    const { start } = setUp(
      new Map<string, readonly SRVRecord[] | Error>([
        [TLS, Object.assign(new Error('ESERVFAIL'), { code: 'ESERVFAIL' })],
        [PLAIN, [record('n1.example.test')]],
      ]),
    );
    expect((await start()).ok).toBe(false);
  });

  test('they are read again every half minute, and at once when asked; a failure changes nothing', async () => {
    const zone = new Map<string, readonly SRVRecord[] | Error>([[PLAIN, [record('a')]]]);
    const { clock, start, source, updates } = setUp(zone);
    await start();
    zone.set(PLAIN, [record('a'), record('b')]);
    await clock.run({ untilMs: 30_000 });
    expect(updates).toEqual([['http://a:2379', 'http://b:2379']]);
    zone.set(PLAIN, Object.assign(new Error('ESERVFAIL'), { code: 'ESERVFAIL' }));
    expect(await source.refresh()).toMatchObject({ code: 'gateway-no-backends' });
    expect(updates).toHaveLength(1);
    zone.set(PLAIN, [record('b')]);
    expect(await source.refresh()).toBeUndefined();
    expect(updates.at(-1)).toEqual(['http://b:2379']);
    await source.close();
    await clock.run({ untilMs: 120_000 });
    expect(updates).toHaveLength(2);
  });
});
