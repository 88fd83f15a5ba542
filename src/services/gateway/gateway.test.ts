/** The gateway on real sockets, with TCP servers in the place of members and a probe that sees what the test says. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { silentLogger, systemClock } from '../../base/index.js';
import { virtualClock } from '../../base/testing/virtual-clock.js';
import type { ListenAddress } from './addresses.js';
import { type Gateway, type GatewayOptions, SWEEP_MS, createGateway } from './gateway.js';
import type { GatewayLimits } from './limits.js';
import {
  type FakeBackend,
  type FakeProbe,
  fakeBackend,
  fakeClient,
  fakeProbe,
} from './testing/fake-backend.js';

const FREE: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 };
/** Time passes quickly here, and is never what a test checks. */
const QUICK: Partial<GatewayLimits> = {
  probeIntervalMs: 5,
  probeDeadlineMs: 50,
  dialNextAfterMs: 50,
};

interface Scene {
  readonly gateway: Gateway;
  readonly probe: FakeProbe;
  readonly at: string;
  readonly client: () => ReturnType<typeof fakeClient>;
}

async function scene(
  backends: readonly FakeBackend[],
  limits: Partial<GatewayLimits> = {},
  more: Partial<GatewayOptions> = {},
): Promise<Scene> {
  const probe = fakeProbe();
  const gateway = createGateway({
    listen: [FREE],
    backends: {
      name: 'the test',
      start: async () => ({ ok: true, value: backends.map(({ backend }) => backend) }),
      refresh: async () => undefined,
      close: async () => undefined,
    },
    clock: systemClock,
    logger: silentLogger,
    limits: { ...QUICK, ...limits },
    probe,
    ...more,
  });
  onTestFinished(async () => {
    await gateway.close();
    await Promise.all(backends.map((each) => each.close()));
  });
  const started = await gateway.start();
  if (!started.ok) throw new Error(started.error.summary);
  const [at = ''] = started.value.listening;
  return { gateway, probe, at, client: () => fakeClient(at) };
}

const conditionOf = (gateway: Gateway, { backend: { url } }: FakeBackend) =>
  gateway.state().backends.find(({ backend }) => backend.url === url)?.condition;

const until = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: 10_000, interval: 5 });

describe('passing bytes', () => {
  test('both ways, and a client that has ended is still answered', async () => {
    const slow = await fakeBackend('a', (socket) => {
      let asked = '';
      socket.on('data', (chunk) => (asked += chunk.toString()));
      // Answers only when the client has said everything.
      socket.on('end', () => socket.end(`heard ${asked}`));
    });
    const { gateway, client } = await scene([slow]);
    const one = await client();
    one.socket.end('everything');
    await one.ended();
    expect(one.text()).toBe('heard everything');
    await until(() => expect(gateway.state().connections).toBe(0));
  });

  test('a backend that ends first is still told the rest', async () => {
    let heard = '';
    const a = await fakeBackend('a', (socket) => {
      socket.end('bye');
      socket.on('data', (chunk) => (heard += chunk.toString()));
    });
    const { client } = await scene([a]);
    const one = await client();
    await one.ended();
    one.socket.end('last words');
    await until(() => expect(heard).toBe('last words'));
  });

  test('a client that does not read holds up its backend, not the gateway; then it gets every byte', async () => {
    const TOTAL = 64 * 1024 * 1024;
    const CHUNK = Buffer.alloc(64 * 1024, 7);
    let sent = 0;
    const a = await fakeBackend('a', (socket) => {
      const send = () => {
        while (sent < TOTAL) {
          sent += CHUNK.length;
          if (!socket.write(CHUNK)) return;
        }
        socket.end();
      };
      socket.on('drain', send);
      send();
    });
    const { gateway, client } = await scene([a], { bufferBytesMax: 64 * 1024 });
    const one = await client();
    one.socket.removeAllListeners('data');
    one.socket.pause();
    let last = -1;
    await vi.waitUntil(
      () => {
        const isStill = sent > 0 && sent === last;
        last = sent;
        return isStill;
      },
      { timeout: 20_000, interval: 200 },
    );
    expect(sent).toBeLessThan(TOTAL);
    const held = Number(/received_bytes_total\S* (\d+)/.exec(gateway.metrics())?.[1]);
    expect(held).toBeLessThan(TOTAL / 2);
    let got = 0;
    one.socket.on('data', (chunk) => (got += chunk.length));
    one.socket.resume();
    await one.ended();
    expect(got).toBe(TOTAL);
  });

  test('a client that is reset does not leave its backend connected', async () => {
    const a = await fakeBackend('a');
    const { gateway, client } = await scene([a]);
    const one = await client();
    one.socket.write('x');
    await one.more();
    one.socket.resetAndDestroy();
    await until(() => expect(a.sockets).toHaveLength(0));
    expect(gateway.state().connections).toBe(0);
  });
});

describe('choosing', () => {
  test('connections are spread over the backends that are well', async () => {
    const all = await Promise.all(['a', 'b', 'c'].map((name) => fakeBackend(name)));
    const { gateway, client } = await scene(all);
    await until(() =>
      expect(all.map((one) => conditionOf(gateway, one))).toEqual(Array(3).fill('well')),
    );
    const clients = await Promise.all([...Array(9).keys()].map(() => client()));
    for (const one of clients) one.socket.write('x');
    await Promise.all(clients.map((one) => one.more()));
    expect(all.map(({ sockets }) => sockets.length)).toEqual([3, 3, 3]);
  });

  test('a backend that refuses is passed over, and its reason can be read', async () => {
    const [dead, alive] = await Promise.all([fakeBackend('dead'), fakeBackend('alive')]);
    const { gateway, probe, client } = await scene([dead, alive]);
    probe.sights.set(dead.backend.url, { kind: 'unclear', because: 'the probe sees nothing' });
    await dead.close();
    for (let count = 0; count < 4; count++) {
      const one = await client();
      one.socket.write('x');
      expect(await one.more()).toBe('alive:x');
    }
    const state = gateway.state().backends.find(({ backend }) => backend.url === dead.backend.url);
    expect(state).toMatchObject({ condition: 'unreachable', isIn: false });
    expect(state?.reason).toContain('ECONNREFUSED');
  });

  test('while every backend is out, a connection goes to the best guess', async () => {
    const [hung, lost] = await Promise.all([fakeBackend('hung'), fakeBackend('lost')]);
    const { gateway, probe, client } = await scene([hung, lost]);
    probe.sights.set(hung.backend.url, { kind: 'silent', because: 'nothing came' });
    probe.sights.set(lost.backend.url, {
      kind: 'seen',
      hasLeader: false,
      isLeader: false,
      isLearner: false,
      term: 1n,
      committedIndex: 1n,
      appliedIndex: 1n,
    });
    await until(() => expect(conditionOf(gateway, lost)).toBe('no-leader'));
    await until(() => expect(conditionOf(gateway, hung)).toBe('silent'));
    const one = await client();
    one.socket.write('x');
    expect(await one.more()).toBe('lost:x');
  });

  test('nobody takes the connection: the client is told by its end', async () => {
    const a = await fakeBackend('a');
    const { gateway, client } = await scene([a]);
    await a.close();
    const one = await client();
    await one.ended();
    expect(gateway.metrics()).toContain('connections_rejected_total{reason="no-backend"} 1');
  });
});

describe('a backend that falls ill', () => {
  test('hung: its clients are cut off and reach another one; those of others notice nothing', async () => {
    const [a, b] = await Promise.all([fakeBackend('a'), fakeBackend('b')]);
    const { gateway, probe, client } = await scene([a, b]);
    await until(() => expect(conditionOf(gateway, b)).toBe('well'));
    const clients = await Promise.all([client(), client()]);
    for (const one of clients) one.socket.write('x');
    const names = await Promise.all(clients.map(async (one) => (await one.more()).charAt(0)));
    expect(names.toSorted()).toEqual(['a', 'b']);
    const onA = clients[names.indexOf('a')];
    const onB = clients[names.indexOf('b')];
    probe.sights.set(a.backend.url, { kind: 'silent', because: 'nothing came' });
    await onA?.ended();
    const again = await client();
    again.socket.write('y');
    expect(await again.more()).toBe('b:y');
    onB?.socket.write('z');
    expect(await onB?.more()).toBe('b:z');
    expect(gateway.metrics()).toContain('connections_cut_total{reason="dead"} 1');
  });

  test('a client that is cut off counts once, however often the backend is looked at before it is gone', async () => {
    const clock = virtualClock();
    const [a, b] = await Promise.all([fakeBackend('a'), fakeBackend('b')]);
    const { gateway, probe, client } = await scene([a, b], {}, { clock });
    const clients = await Promise.all([client(), client()]);
    for (const one of clients) one.socket.write('x');
    const names = await Promise.all(clients.map(async (one) => (await one.more()).charAt(0)));
    probe.sights.set(a.backend.url, { kind: 'silent', because: 'nothing came' });
    await clock.run({ untilMs: 10_000 });
    await clients[names.indexOf('a')]?.ended();
    expect(gateway.metrics()).toContain('connections_cut_total{reason="dead"} 1\n');
  });

  test('all hung: nobody is cut off; when one is well again, the clients of the others are', async () => {
    const clock = virtualClock();
    const [a, b] = await Promise.all([fakeBackend('a'), fakeBackend('b')]);
    const { gateway, probe, client } = await scene([a, b], {}, { clock });
    const clients = await Promise.all([client(), client()]);
    for (const one of clients) one.socket.write('x');
    const names = await Promise.all(clients.map(async (one) => (await one.more()).charAt(0)));
    expect(names.toSorted()).toEqual(['a', 'b']);
    const silent = { kind: 'silent', because: 'nothing came' } as const;
    probe.sights.set(a.backend.url, silent);
    probe.sights.set(b.backend.url, silent);
    await clock.run({ untilMs: 10_000 });
    expect(conditionOf(gateway, a)).toBe('silent');
    expect(gateway.state().connections).toBe(2);
    probe.sights.delete(a.backend.url);
    await clock.run({ untilMs: 20_000 });
    await clients[names.indexOf('b')]?.ended();
    const onA = clients[names.indexOf('a')];
    onA?.socket.write('y');
    expect(await onA?.more()).toBe('a:y');
  });
});

describe('changing the backends', () => {
  test('one that left takes nothing new, is drained when quiet, and is forgotten', async () => {
    const clock = virtualClock();
    const [a, b] = await Promise.all([fakeBackend('a'), fakeBackend('b')]);
    const { gateway, client } = await scene([a], {}, { clock });
    const old = await client();
    old.socket.write('x');
    await old.more();
    expect(gateway.update([b.backend])).toMatchObject({ ok: true });
    expect(conditionOf(gateway, a)).toBe('leaving');
    const fresh = await client();
    fresh.socket.write('y');
    expect(await fresh.more()).toBe('b:y');
    await clock.run({ untilMs: 2 * SWEEP_MS });
    await old.ended();
    await until(() => expect(conditionOf(gateway, a)).toBeUndefined());
    expect(gateway.metrics()).toContain('connections_cut_total{reason="left"} 1');
    await b.close();
  });

  test('who waits for an answer is not quiet, and may wait for as long as draining takes', async () => {
    const clock = virtualClock();
    const a = await fakeBackend('a', (socket) => {
      socket.on('data', (chunk) => {
        // What was sent before may come together with it.
        if (chunk.toString().endsWith('now')) socket.write('answer');
      });
    });
    const b = await fakeBackend('b');
    const { gateway, client } = await scene([a], { drainMs: 60_000 }, { clock });
    const one = await client();
    one.socket.write('later');
    await until(() => expect(gateway.metrics()).toMatch(/sent_bytes_total\S* 5\n/));
    gateway.update([b.backend]);
    await clock.run({ untilMs: 59_000 });
    expect(gateway.state().connections).toBe(1);
    one.socket.write('now');
    expect(await one.more()).toBe('answer');
    await clock.run({ untilMs: 59_000 + 2 * SWEEP_MS });
    await one.ended();
    await b.close();
  });

  test('who waits for longer than that is cut off', async () => {
    const clock = virtualClock();
    const a = await fakeBackend('a', () => undefined);
    const b = await fakeBackend('b');
    const { gateway, client } = await scene([a], { drainMs: 10_000 }, { clock });
    const one = await client();
    one.socket.write('hello?');
    await until(() => expect(gateway.metrics()).toMatch(/sent_bytes_total\S* 6\n/));
    gateway.update([b.backend]);
    await clock.run({ untilMs: 10_000 });
    await one.ended();
    expect(gateway.metrics()).toContain('connections_cut_total{reason="left"} 1');
    await b.close();
  });

  test('one that comes back before it was drained stays', async () => {
    const [a, b] = await Promise.all([fakeBackend('a'), fakeBackend('b')]);
    const { gateway, client } = await scene([a, b]);
    const one = await client();
    one.socket.write('x');
    const name = (await one.more()).charAt(0);
    gateway.update([name === 'a' ? b.backend : a.backend]);
    gateway.update([a.backend, b.backend]);
    one.socket.write('y');
    expect(await one.more()).toBe(`${name}:y`);
    expect(gateway.state().backends.map(({ condition }) => condition)).not.toContain('leaving');
  });

  test('an empty list is refused and changes nothing', async () => {
    const a = await fakeBackend('a');
    const { gateway } = await scene([a]);
    expect(gateway.update([])).toMatchObject({ ok: false, error: { code: 'gateway-no-backends' } });
    expect(gateway.state().backends).toHaveLength(1);
  });
});

describe('limits and ends', () => {
  test('a connection beyond the limit is closed at once; the next is taken when one has ended', async () => {
    const a = await fakeBackend('a');
    const { gateway, client } = await scene([a], { connectionsMax: 1 });
    const one = await client();
    one.socket.write('x');
    await one.more();
    const two = await client();
    await two.ended();
    one.socket.end();
    await until(() => expect(gateway.state().connections).toBe(0));
    const three = await client();
    three.socket.write('y');
    expect(await three.more()).toBe('a:y');
    expect(gateway.metrics()).toContain('connections_rejected_total{reason="too-many"} 1');
  });

  test('drain: nothing new, what is quiet is closed, and it ends', async () => {
    const clock = virtualClock();
    const a = await fakeBackend('a');
    const { gateway, at, client } = await scene([a], { drainMs: 60_000 }, { clock });
    const one = await client();
    one.socket.write('x');
    await one.more();
    const drained = gateway.drain();
    const refused = await fakeClient(at).then(
      () => 'taken',
      ({ code }: NodeJS.ErrnoException) => code,
    );
    expect(refused).toBe('ECONNREFUSED');
    await clock.run({ untilMs: 2 * SWEEP_MS });
    expect(gateway.metrics()).toContain('connections_cut_total{reason="gateway-ends"} 1');
    await Promise.all([drained, one.ended()]);
    expect(gateway.state()).toMatchObject({ listening: [], connections: 0 });
  });

  test('close: everything ends now', async () => {
    const a = await fakeBackend('a');
    const { gateway, client } = await scene([a]);
    const one = await client();
    one.socket.write('x');
    await one.more();
    await Promise.all([gateway.close(), one.ended()]);
    await until(() => expect(a.sockets).toHaveLength(0));
  });
});

describe('listening', () => {
  test('on a socket in the file system, also where a killed process left one behind', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'quorate-gateway-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, 'etcd.sock');
    const killed = createServer();
    killed.listen(join(directory, 'other.sock'));
    await once(killed, 'listening');
    // Moved away, so that its end does not remove it.
    renameSync(join(directory, 'other.sock'), path);
    killed.close();
    await once(killed, 'close');
    const a = await fakeBackend('a');
    const { gateway } = await scene([a], {}, { listen: [{ kind: 'unix', path }] });
    const one = await fakeClient(`unix:${path}`);
    one.socket.write('x');
    expect(await one.more()).toBe('a:x');
    await gateway.close();
    expect(existsSync(path)).toBe(false);
  });

  test('an address that is taken is a problem, and nothing stays open', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const address = taken.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    const a = await fakeBackend('a');
    await expect(
      scene([a], {}, { listen: [FREE, { kind: 'tcp', host: '127.0.0.1', port: address.port }] }),
    ).rejects.toThrow(`The gateway cannot listen on 127.0.0.1:${address.port}`);
  });

  test('metrics and health on an address of their own', async () => {
    const a = await fakeBackend('a');
    const { gateway, probe, client } = await scene([a], {}, { metrics: FREE });
    await until(() => expect(conditionOf(gateway, a)).toBe('well'));
    const one = await client();
    one.socket.write('hello');
    await one.more();
    const base = `http://${gateway.state().metrics ?? ''}`;
    const text = await (await fetch(`${base}/metrics`)).text();
    const { url } = a.backend;
    for (const line of [
      '# TYPE quorate_gateway_connections gauge',
      'quorate_gateway_connections 1',
      'quorate_gateway_connections_accepted_total 1',
      `quorate_gateway_backend_in{backend="${url}"} 1`,
      `quorate_gateway_backend_condition{backend="${url}",condition="well"} 1`,
      `quorate_gateway_backend_sent_bytes_total{backend="${url}"} 5`,
      `quorate_gateway_backend_received_bytes_total{backend="${url}"} 7`,
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    const well = await fetch(`${base}/health`);
    expect([well.status, await well.json()]).toEqual([200, { health: 'true', reason: '' }]);
    probe.sights.set(url, { kind: 'silent', because: 'nothing came' });
    await until(() => expect(conditionOf(gateway, a)).toBe('silent'));
    const ill = await fetch(`${base}/health`);
    expect([ill.status, await ill.json()]).toEqual([
      503,
      { health: 'false', reason: `${url}: nothing came` },
    ]);
    expect((await fetch(`${base}/elsewhere`)).status).toBe(404);
    expect((await fetch(`${base}/metrics`, { method: 'POST' })).status).toBe(405);
  });
});
