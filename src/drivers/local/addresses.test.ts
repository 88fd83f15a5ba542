import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ok, silentLogger, systemClock, systemRandom, unsafeBrand } from '../../base/index.js';
import type { HostAddresses } from '../../core/cluster/index.js';
import type { AddressWish } from '../../engine/ports/index.js';
import { createLocalDriver } from './driver.js';
import { createLocalStore } from './store.js';

const NEVER = new AbortController().signal;
/** What a wish fixes, as a person writes it. */
interface Fixed {
  readonly peerURLs?: readonly string[];
  readonly clientURLs?: readonly string[];
}
const wish = (host: string, over: Fixed = {}): AddressWish => ({
  host: unsafeBrand(host),
  name: unsafeBrand(host),
  ...(over as Partial<AddressWish>),
});
const portsOf = (addresses: HostAddresses): readonly number[] =>
  [...addresses.clientURLs, ...addresses.peerURLs, ...addresses.listenMetricsURLs].map((url) =>
    Number(url.split(':').at(-1)),
  );

describe('the addresses of the local driver', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'quorate-addresses-'));
  });
  afterEach(() => rm(home, { recursive: true }));
  const stateDir = (cluster: string) => join(home, 'clusters', cluster);
  const allocate = async (
    cluster: string,
    wanted: readonly AddressWish[],
    existing: Readonly<Record<string, HostAddresses>> = {},
  ) => {
    const driver = createLocalDriver({
      gatewayCommand: [],
      stateDir: stateDir(cluster),
      binaryFor: () => Promise.resolve(ok('/nowhere')),
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
    return await driver.allocate(wanted, existing, NEVER);
  };
  const found = async (...args: Parameters<typeof allocate>) => {
    const result = await allocate(...args);
    if (!result.ok) throw new Error(result.error.map((each) => each.summary).join());
    return result.value;
  };

  test('lie below the ephemeral range, and the data directory in the state directory', async () => {
    const { m1 } = await found('one', [wish('m1')]);
    if (m1 === undefined) throw new Error('nothing for m1');
    for (const port of portsOf(m1)) {
      expect(port).toBeGreaterThanOrEqual(20_000);
      expect(port).toBeLessThan(32_768);
    }
    expect(m1.dataDir).toBe(join(stateDir('one'), 'members', 'm1', 'data'));
    expect(m1.listenPeerURLs).toEqual(m1.peerURLs);
  });

  test('are never those of another cluster of this home, running or not', async () => {
    const wouldBe = await found('two', [wish('m1'), wish('m2')]);
    expect(await found('two', [wish('m1'), wish('m2')])).toEqual(wouldBe);
    const recorded = await createLocalStore({
      stateDir: stateDir('one'),
      clock: systemClock,
    }).writeRecord({
      formatVersion: 1,
      name: unsafeBrand('one'),
      token: unsafeBrand('t'),
      version: unsafeBrand('3.6.15'),
      issuedNew: [],
      addresses: wouldBe,
      retire: [],
    });
    expect(recorded.ok).toBe(true);
    const taken = Object.values(wouldBe).flatMap(portsOf);
    const two = Object.values(await found('two', [wish('m1'), wish('m2')])).flatMap(portsOf);
    expect(two).toHaveLength(6);
    for (const port of two) expect(taken).not.toContain(port);
  });

  test('of hosts that join later are not those of the hosts that are there', async () => {
    const before = await found('one', [wish('m1')]);
    const after = await found('one', [wish('m1'), wish('m2')], before);
    expect(after['m1']).toEqual(before['m1']);
    expect(new Set(Object.values(after).flatMap(portsOf)).size).toBe(6);
  });

  test('are free now', async () => {
    const before = await found('one', [wish('m1')]);
    const [port = 0] = portsOf(before['m1'] as HostAddresses);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    try {
      const after = await found('one', [wish('m1')]);
      expect(portsOf(after['m1'] as HostAddresses)).not.toContain(port);
    } finally {
      server.close();
    }
  });

  test('follow the wish when it fixes others later, and keep the rest', async () => {
    const before = await found('one', [wish('m1')]);
    const peerURLs = ['http://127.0.0.1:20777'];
    const after = await found('one', [wish('m1', { peerURLs })], before);
    expect(after['m1']).toEqual({ ...before['m1'], peerURLs, listenPeerURLs: peerURLs });
  });

  test('of a host that is an address are there, wherever its name leads', async () => {
    const clientURLs = ['http://m2.example.invalid:2379'];
    const result = await allocate('one', [wish('127.0.0.9', { clientURLs })]);
    expect(result).toMatchObject({
      ok: true,
      value: { '127.0.0.9': { clientURLs, listenClientURLs: ['http://127.0.0.9:2379'] } },
    });
  });

  test('whose name does not resolve are a problem, and the others are looked at all the same', async () => {
    const result = await allocate('one', [
      wish('m1', { peerURLs: ['http://no-such-host.invalid:2380'] }),
      wish('m2', { clientURLs: ['http://neither.invalid:2379'] }),
    ]);
    expect(result).toMatchObject({
      ok: false,
      error: [{ code: 'address-not-here' }, { code: 'address-not-here' }],
    });
  });
});
