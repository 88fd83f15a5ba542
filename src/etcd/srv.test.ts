import { describe, expect, test } from 'vitest';
import { err, ok, seededRandom } from '../base/index.js';
import { virtualClock } from '../base/testing/virtual-clock.js';
import { createClient } from './index.js';
import type { CallResult } from './errors.js';
import { endpointsFromSRV, SRVFollower, type SRVRecord, type SRVResolver } from './srv.js';
import { answer, putAnswer, startFakeServer } from './testing/fake-server.js';

const random = seededRandom(1);
const at = (name: string, priority = 0, weight = 0, port = 2379): SRVRecord => ({
  name,
  port,
  priority,
  weight,
});
const failure = (code: string) => Object.assign(new Error(`query ${code}`), { code });

/** A domain with these records; an error is thrown, what is not named does not exist. */
const domain = (records: Readonly<Record<string, readonly SRVRecord[] | Error>>) => {
  const asked: string[] = [];
  const resolver: SRVResolver = {
    resolveSrv: (name) => {
      asked.push(name);
      const found = records[name] ?? failure('ENOTFOUND');
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
  };
  return { resolver, asked };
};

describe('endpoints from SRV records', () => {
  test('are https where there are such, and http only where there are none', async () => {
    const plain = { '_etcd-client._tcp.x.test': [at('a.x.test.'), at('b.x.test', 1, 0, 1234)] };
    const both = { ...plain, '_etcd-client-ssl._tcp.x.test': [at('s.x.test')] };
    const look = (records: Parameters<typeof domain>[0]) =>
      endpointsFromSRV({ domain: 'x.test', resolver: domain(records).resolver }, random);
    expect(await look(plain)).toEqual(ok(['http://a.x.test:2379', 'http://b.x.test:1234']));
    expect(await look(both)).toEqual(ok(['https://s.x.test:2379']));
    const emptied = { ...plain, '_etcd-client-ssl._tcp.x.test': failure('ENODATA') };
    expect(await look(emptied)).toMatchObject({ ok: true });
    const hidden = { ...plain, '_etcd-client-ssl._tcp.x.test': failure('ETIMEOUT') };
    expect(await look(hidden)).toMatchObject({ error: { why: 'name-unknown' } });
    expect(await look({})).toMatchObject({ error: { kind: 'not-sent', why: 'name-unknown' } });
  });

  test('of a named service have names of their own', async () => {
    const { resolver, asked } = domain({});
    await endpointsFromSRV({ domain: 'x.test', serviceName: 'prod', resolver }, random);
    expect(asked).toEqual(['_etcd-client-ssl-prod._tcp.x.test', '_etcd-client-prod._tcp.x.test']);
  });

  test('come by priority, and by chance as their weights say', async () => {
    const records = [at('last', 2, 100), at('light', 1, 1), at('heavy', 1, 9)];
    const { resolver } = domain({ '_etcd-client._tcp.x.test': records });
    let heavyFirst = 0;
    for (let count = 0; count < 1_000; count++) {
      const found = await endpointsFromSRV({ domain: 'x.test', resolver }, random);
      const hosts = found.ok ? found.value.map((url) => new URL(url).hostname) : [];
      expect(hosts[2]).toBe('last');
      if (hosts[0] === 'heavy') heavyFirst++;
    }
    expect(heavyFirst).toBeGreaterThan(800);
    expect(heavyFirst).toBeLessThan(970);
  });
});

test('records are looked up when the client is used, again after a while, and kept when nobody answers', async () => {
  const clock = virtualClock();
  let now: CallResult<readonly string[]> = err({
    kind: 'not-sent',
    why: 'name-unknown',
    message: 'nothing yet',
    endpoint: 'x.test',
    tried: [],
  });
  const failed = now;
  let looks = 0;
  const used: (readonly string[])[] = [];
  const follower = new SRVFollower({
    clock,
    look: () => {
      looks++;
      return Promise.resolve(now);
    },
    use: (urls) => used.push(urls),
    failed: () => undefined,
  });
  await follower.touch();
  expect(follower.touch()).toBeUndefined();
  expect(looks).toBe(1);
  await clock.run({ untilMs: 1_000 });
  now = ok(['http://a:1']);
  await follower.touch();
  expect(used).toEqual([['http://a:1']]);
  now = failed;
  await clock.run({ untilMs: 40_000 });
  expect(follower.touch()).toBeUndefined();
  await clock.run({ untilMs: 40_001 });
  expect(looks).toBe(3);
  expect(used).toHaveLength(1);
});

test('a client finds its endpoints by SRV before its first call, and says so when there are none', async () => {
  const server = await startFakeServer(({ stream }) => answer(stream, putAnswer()));
  const { hostname, port } = new URL(server.endpoint);
  const { resolver } = domain({ '_etcd-client._tcp.x.test': [at(hostname, 0, 0, Number(port))] });
  const client = createClient({ srv: { domain: 'x.test', resolver } });
  const lost = createClient({ srv: { domain: 'y.test', resolver } });
  try {
    expect(await client.kv.put('k', 'v')).toMatchObject({ ok: true });
    expect(await lost.kv.put('k', 'v')).toMatchObject({
      ok: false,
      error: { kind: 'not-sent', why: 'name-unknown' },
    });
  } finally {
    await Promise.all([client.close(), lost.close(), server.close()]);
  }
});
