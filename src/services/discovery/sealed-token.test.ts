/** Tokens that say themselves how many members they are for: nothing is kept of them until the first has registered. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memberIDFrom } from './identity.js';
import type { DiscoveryLimits } from './limits.js';
import { Sealer } from './sealed-token.js';
import { type MemoryStore, memoryStore } from './testing/memory-store.js';
import { type Asked, type Rig, discoveryRig } from './testing/rig.js';

let remembers = true;
const rigs: Rig[] = [];
async function rig(
  options: { readonly limits?: Partial<DiscoveryLimits>; readonly store?: MemoryStore } = {},
): Promise<Rig> {
  const made = await discoveryRig({ remembers, ...options });
  rigs.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((each) => each.close()));
});

const PEERS = ['http://10.0.1.10:2380', 'http://10.0.1.11:2380', 'http://10.0.1.12:2380'] as const;

const pathOf = (url: string): string => new URL(url).pathname;
const tokenOf = (url: string): string => pathOf(url).slice(1);
const codeOf = (asked: Asked): string | undefined => asked.json().problem?.code;
const valuesIn = (asked: Asked) => asked.json().node?.nodes?.map(({ value }) => value) ?? [];

async function newToken(it: Rig, size = 3): Promise<string> {
  const made = await it.ask('GET', `/new?size=${size}`);
  expect(made.status).toBe(200);
  return made.body;
}

/** Two services before one store; a member of either is told the URL of the first, as behind one name. */
async function two(): Promise<{
  readonly here: Rig;
  readonly there: Rig;
  readonly store: MemoryStore;
}> {
  const store = memoryStore();
  return { here: await rig({ store }), there: await rig({ store }), store };
}

/** Registers at `at`, as a member that was started with `url`. */
function registerAt(at: Rig, url: string, name: string, peerURL: string): Promise<Asked> {
  const id = memberIDFrom([peerURL], url);
  const value = encodeURIComponent(`${name}=${peerURL}`);
  const { host } = new URL(url);
  return at.ask('PUT', `${pathOf(url)}/${id}?prevExist=false`, { form: `value=${value}`, host });
}

/** Another character in the same place. */
const altered = (token: string, at: number): string =>
  token.slice(0, at) + (token[at] === '7' ? '8' : '7') + token.slice(at + 1);

describe.each([{ mind: 'what was seen at hand' }, { mind: 'everything asked anew' }])(
  'with $mind, a token of /new',
  ({ mind }) => {
    beforeEach(() => {
      remembers = mind === 'what was seen at hand';
    });

    test('is kept by nobody until its first member registers, and then it is one record', async () => {
      const it = await rig();
      const url = await newToken(it, 2);
      expect(it.store.tokens.size).toBe(0);
      const size = await it.ask('GET', `${pathOf(url)}/_config/size`);
      expect(size.json().node?.value).toBe('2');
      expect(valuesIn(await it.ask('GET', pathOf(url)))).toEqual([]);
      expect((await it.register(url, 'a', PEERS[0])).status).toBe(201);
      expect([...it.store.tokens.keys()]).toEqual([tokenOf(url)]);
      const again = await it.ask('GET', `${pathOf(url)}/_config/size`);
      expect(again.json().node).toEqual(size.json().node);
      expect((await it.register(url, 'b', PEERS[1])).status).toBe(201);
      expect(valuesIn(await it.ask('GET', pathOf(url)))).toEqual([
        `a=${PEERS[0]}`,
        `b=${PEERS[1]}`,
      ]);
      expect((await it.register(url, 'c', PEERS[2])).status).toBe(201);
      expect(valuesIn(await it.ask('GET', pathOf(url)))).toHaveLength(2);
    });

    test('is served by another service, and by one that starts later, as by the one that made it', async () => {
      const { here, there, store } = await two();
      const url = await newToken(here, 2);
      const size = await there.ask('GET', `${pathOf(url)}/_config/size`);
      expect(size.json().node?.value).toBe('2');
      expect((await registerAt(there, url, 'a', PEERS[0])).status).toBe(201);
      await here.close();
      const later = await rig({ store });
      expect(valuesIn(await later.ask('GET', pathOf(url)))).toEqual([`a=${PEERS[0]}`]);
      expect((await registerAt(later, url, 'b', PEERS[1])).status).toBe(201);
      expect(valuesIn(await there.ask('GET', pathOf(url)))).toHaveLength(2);
    });

    test('takes two first members that come to two services at one moment into one record', async () => {
      const { here, there, store } = await two();
      const url = await newToken(here, 2);
      await there.ask('GET', pathOf(url));
      const puts = await Promise.all([
        registerAt(here, url, 'a', PEERS[0]),
        registerAt(there, url, 'b', PEERS[1]),
      ]);
      expect(puts.map(({ status }) => status)).toEqual([201, 201]);
      expect(store.tokens.get(tokenOf(url))?.record.members).toHaveLength(2);
    });

    test('tells a member that waits at another service of the first that registers', async () => {
      const { here, there } = await two();
      const url = await newToken(here);
      let waiting: Promise<Asked> | undefined;
      await new Promise<void>((resolve) => {
        const path = `${pathOf(url)}?recursive=true&wait=true&waitIndex=2`;
        waiting = there.ask('GET', path, { onHeaders: resolve });
      });
      await registerAt(here, url, 'a', PEERS[0]);
      expect((await waiting)?.json().node?.value).toBe(`a=${PEERS[0]}`);
    });

    test('is unknown when a character of it is another one: its size, its host, its name, its seal', async () => {
      const it = await rig();
      const url = await newToken(it);
      const token = tokenOf(url);
      for (const at of [0, 2, 12, 50, token.length - 1]) {
        const forged = altered(token, at);
        const asked = await it.ask('GET', `/${forged}/_config/size`);
        expect([at, asked.status, codeOf(asked)]).toEqual([at, 404, 'discovery-unknown-token']);
        const put = await it.register(`${it.url}/${forged}`, 'a', PEERS[0]);
        expect([at, put.status, codeOf(put)]).toEqual([at, 404, 'discovery-unknown-token']);
      }
      expect(it.store.tokens.size).toBe(0);
    });

    test('of another service, with another etcd, is unknown', async () => {
      const it = await rig();
      const other = await rig({ store: memoryStore(1n, 'ab'.repeat(32)) });
      const path = pathOf(await newToken(other));
      expect(codeOf(await it.ask('GET', path))).toBe('discovery-unknown-token');
    });

    test('is unknown once the store was wiped, also to the service that made it; no second cluster comes of it', async () => {
      const it = await rig();
      const used = await newToken(it, 1);
      const fresh = await newToken(it, 1);
      await it.register(used, 'a', PEERS[0]);
      it.store.wipe('cd'.repeat(32));
      for (const url of [used, fresh]) {
        const put = await it.register(url, 'b', PEERS[1]);
        expect([put.status, codeOf(put)]).toEqual([404, 'discovery-unknown-token']);
      }
      expect(it.store.tokens.size).toBe(0);
      expect((await it.register(await newToken(it, 1), 'c', PEERS[2])).status).toBe(201);
    });

    test('cannot be given another size, or made elsewhere, by hand', async () => {
      const it = await rig();
      const url = await newToken(it);
      const put = (path: string, value: string) =>
        it.ask('PUT', `${path}/_config/size`, { form: `value=${value}` });
      expect((await put(pathOf(url), '3')).status).toBe(200);
      expect(codeOf(await put(pathOf(url), '1'))).toBe('discovery-size-fixed');
      const elsewhere = await put(`/v2/keys/discovery/${tokenOf(url)}`, '3');
      expect(codeOf(elsewhere)).toBe('discovery-other-path');
      const forged = await put(`/${altered(tokenOf(url), 0)}`, '7');
      expect(codeOf(forged)).toBe('discovery-unknown-token');
      expect(it.store.tokens.size).toBe(0);
    });

    test('has the one URL that /new told: another spelling is refused, also of the very first member', async () => {
      const it = await rig();
      const url = await newToken(it);
      const byName = url.replace('127.0.0.1', 'localhost');
      const wrong = await it.register(byName, 'a', PEERS[0]);
      expect([wrong.status, codeOf(wrong)]).toEqual([400, 'discovery-other-url']);
      expect(wrong.json().cause).toContain(`--discovery=${url}`);
      const elsewhere = url.replace('127.0.0.1', 'elsewhere.example');
      const unknown = await it.register(elsewhere, 'a', PEERS[0]);
      expect(codeOf(unknown)).toBe('discovery-other-url');
      expect(it.store.tokens.size).toBe(0);
      expect((await it.register(url, 'a', PEERS[0])).status).toBe(201);
    });

    test('gives a place back to whoever has its secret, and its first record stays one', async () => {
      const it = await rig();
      const made = await it.ask('GET', '/new?size=2');
      const url = made.body;
      const authorization = `Bearer ${String(made.headers['x-quorate-token-secret'])}`;
      await it.register(url, 'a', PEERS[0]);
      const member = `${pathOf(url)}/${memberIDFrom([PEERS[0]], url)}`;
      const wrong = { authorization: `Bearer ${'0'.repeat(32)}` };
      expect((await it.ask('DELETE', member, { headers: wrong })).status).toBe(401);
      expect((await it.ask('DELETE', member, { headers: { authorization } })).status).toBe(200);
      expect((await it.register(url, 'a', PEERS[0])).status).toBe(201);
      const again = await it.register(url, 'a', PEERS[0]);
      expect([again.status, again.json().errorCode]).toEqual([412, 105]);
    });

    test('counts as open once somebody has registered, until it is complete', async () => {
      const it = await rig({ limits: { openTokensMax: 1 } });
      const [first, second] = [await newToken(it, 2), await newToken(it, 2)];
      await it.register(first, 'a', PEERS[0]);
      const refused = await it.ask('GET', '/new');
      expect([refused.status, codeOf(refused)]).toEqual([507, 'discovery-too-many-open']);
      expect((await it.register(second, 'a', PEERS[0])).status).toBe(201);
      for (const url of [first, second]) await it.register(url, 'b', PEERS[1]);
      await newToken(it);
    });

    test('is not made while the store is silent; one that was made is not lost by that', async () => {
      const it = await rig({ limits: { registerMs: 100 } });
      const url = await newToken(it, 1);
      it.store.isSilent = true;
      expect((await it.ask('GET', '/new')).status).toBe(503);
      await expect(it.register(url, 'a', PEERS[0])).rejects.toThrow(/hang up|ECONNRESET/);
      it.store.isSilent = false;
      expect((await it.register(url, 'a', PEERS[0])).status).toBe(201);
    });

    test('of which it is unknown whether its first member got in is pursued until it is known', async () => {
      const it = await rig();
      const url = await newToken(it, 1);
      it.store.mishaps.push('unknown', 'failed', 'done-unheard');
      expect((await it.register(url, 'a', PEERS[0])).status).toBe(201);
      expect(it.store.tokens.get(tokenOf(url))?.record.members).toHaveLength(1);
    });
  },
);

describe('a seal', () => {
  const key = '5a'.repeat(32);
  const wish = { size: 4, base: 'http://h:1', nonce: '01'.repeat(16) };

  test('is HMAC-SHA-256 of what it seals: one half in the token, the other is the secret', () => {
    const { token, secret } = new Sealer(key).seal(wish);
    const expected = createHmac('sha256', Buffer.from(key, 'hex'))
      .update(token.slice(0, -32))
      .digest('hex');
    expect(token.slice(-32) + secret).toBe(expected);
    expect(new Sealer(key).open(token)).toEqual({ size: 4, secret });
  });

  test('is opened by its own key only', () => {
    const { token } = new Sealer(key).seal(wish);
    expect(new Sealer('5b'.repeat(32)).open(token)).toBeUndefined();
    for (const other of ['', 'tok', `${token}0`, token.toUpperCase().replace('4-', '0-')]) {
      expect(new Sealer(key).open(other)).toBeUndefined();
    }
  });
});
