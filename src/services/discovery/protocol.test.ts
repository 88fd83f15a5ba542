import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clusterIDFrom, memberIDFrom } from './identity.js';
import type { DiscoveryLimits } from './limits.js';
import { type Asked, type Rig, discoveryRig } from './testing/rig.js';

/** Whether the store has at hand what it saw before: the answers are the same. */
let remembers = true;
beforeEach(() => {
  remembers = true;
});
const rigs: Rig[] = [];
async function rig(limits: Partial<DiscoveryLimits> = {}): Promise<Rig> {
  const made = await discoveryRig({ limits, remembers });
  rigs.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((each) => each.close()));
});

const PEERS = ['http://10.0.1.10:2380', 'http://10.0.1.11:2380', 'http://10.0.1.12:2380'] as const;

/** A token made as the seed does it. */
async function curlToken(it: Rig, token = 'tok', size = 3): Promise<string> {
  const path = `/v2/keys/discovery/${token}`;
  const put = await it.ask('PUT', `${path}/_config/size`, { form: `value=${size}` });
  expect(put.status).toBe(201);
  return `${it.url}${path}`;
}

const pathOf = (url: string): string => new URL(url).pathname;
const codeOf = (asked: Asked): string | undefined => asked.json().problem?.code;

/** Long-polls, and answers when the headers are there: the member waits. */
async function poll(it: Rig, path: string): Promise<{ readonly done: Promise<Asked> }> {
  let done: Promise<Asked> | undefined;
  await new Promise<void>((resolve, reject) => {
    done = it.ask('GET', path, { onHeaders: resolve });
    done.catch(reject);
  });
  return { done: done ?? Promise.reject(new Error('not asked')) };
}

describe.each([{ mind: 'what was seen at hand' }, { mind: 'everything asked anew' }])(
  'with $mind,',
  ({ mind }) => {
    beforeEach(() => {
      remembers = mind === 'what was seen at hand';
    });

    describe('a token', () => {
      test('/new answers one URL as text, where its size can be read', async () => {
        const it = await rig();
        const made = await it.ask('GET', '/new?size=5');
        expect(made.status).toBe(200);
        expect(made.body).toMatch(new RegExp(`^${it.url}/5-[0-9a-f]{72}$`));
        expect(made.headers['x-quorate-token-secret']).toMatch(/^[0-9a-f]{32}$/);
        const size = await it.ask('GET', `${pathOf(made.body)}/_config/size`);
        expect(size.json().node?.value).toBe('5');
      });

      test("the seed's own line makes one below any prefix, and answers as etcd", async () => {
        const it = await rig();
        const path = '/v2/keys/discovery/78b12ad7-2c1d-40db-9416-3727baf686cb/_config/size';
        const put = await it.ask('PUT', path, { form: 'value=3' });
        expect(put.status).toBe(201);
        expect(put.json()).toEqual({
          action: 'set',
          node: {
            key: '/discovery/78b12ad7-2c1d-40db-9416-3727baf686cb/_config/size',
            value: '3',
            modifiedIndex: 2,
            createdIndex: 2,
          },
        });
        expect(put.headers['x-etcd-index']).toBe('2');
      });

      test.each(['0', '-1', 'abc', '10', '3.0', '', '999999999999'])(
        'of size %s is refused',
        async (size) => {
          const it = await rig();
          const made = await it.ask('GET', `/new?size=${size}`);
          expect(made.status).toBe(400);
          expect(codeOf(made)).toBe('discovery-bad-size');
          const put = await it.ask('PUT', '/v2/keys/d/t/_config/size', { form: `value=${size}` });
          expect(codeOf(put)).toBe('discovery-bad-size');
          expect(it.store.tokens.size).toBe(0);
        },
      );

      test('keeps its size; saying the same again is no change', async () => {
        const it = await rig();
        const url = await curlToken(it);
        const again = await it.ask('PUT', `${pathOf(url)}/_config/size`, { form: 'value=3' });
        expect(again.status).toBe(200);
        const other = await it.ask('PUT', `${pathOf(url)}/_config/size`, { form: 'value=5' });
        expect(other.status).toBe(412);
        expect(codeOf(other)).toBe('discovery-size-fixed');
        expect(it.store.tokens.get('tok')?.record.size).toBe(3);
      });

      test('expires when asked, between a minute and a year', async () => {
        const it = await rig();
        const { body } = await it.ask('GET', '/new?size=1&ttl=30m');
        expect(it.store.tokens.get(pathOf(body).slice(1))?.record.leaseID).toBe(7n);
        for (const ttl of ['5s', 'soon', '9999d']) {
          expect(codeOf(await it.ask('GET', `/new?ttl=${ttl}`))).toBe('discovery-bad-expiry');
        }
      });

      test('is not made through /new while too many that are kept are open; members of those are served', async () => {
        const it = await rig({ openTokensMax: 2 });
        const [first, second] = [
          await it.ask('GET', '/new?size=1&ttl=1h'),
          await it.ask('GET', '/new?size=2&ttl=1h'),
        ];
        const refused = await it.ask('GET', '/new');
        expect([refused.status, codeOf(refused)]).toEqual([507, 'discovery-too-many-open']);
        expect((await it.register(second.body, 'a', PEERS[0])).status).toBe(201);
        expect((await it.ask('GET', '/new')).status).toBe(507);
        expect((await it.register(first.body, 'a', PEERS[0])).status).toBe(201);
        expect((await it.ask('GET', '/new')).status).toBe(200);
      });

      test('is made once, also when the answer of the store got lost', async () => {
        const it = await rig();
        it.store.mishaps.push('done-unheard');
        await curlToken(it);
        expect(it.store.tokens.size).toBe(1);
      });

      test('that is unknown, or asked for elsewhere, is told as etcd tells a missing key', async () => {
        const it = await rig();
        await curlToken(it);
        for (const [path, code] of [
          ['/v2/keys/discovery/none', 'discovery-unknown-token'],
          ['/v2/keys/elsewhere/tok', 'discovery-other-path'],
          ['/tok', 'discovery-other-path'],
        ] as const) {
          const asked = await it.ask('GET', path);
          expect(asked.status).toBe(404);
          expect(asked.json().errorCode).toBe(100);
          expect(codeOf(asked)).toBe(code);
        }
      });
    });

    describe('a registration', () => {
      test('is created once, in order, and listed as etcd lists it', async () => {
        const it = await rig();
        const url = await curlToken(it);
        const first = await it.register(url, 'a', PEERS[0]);
        const id = memberIDFrom([PEERS[0]], url);
        expect(first.status).toBe(201);
        expect(first.json()).toEqual({
          action: 'create',
          node: {
            key: `/discovery/tok/${id}`,
            value: `a=${PEERS[0]}`,
            modifiedIndex: 3,
            createdIndex: 3,
          },
        });
        await it.register(url, 'b', PEERS[1]);
        const list = await it.ask(
          'GET',
          `${pathOf(url)}?quorum=false&recursive=false&sorted=false`,
        );
        expect(list.headers['x-etcd-index']).toBe('4');
        expect(list.json().node?.nodes?.map(({ value }) => value)).toEqual([
          `a=${PEERS[0]}`,
          `b=${PEERS[1]}`,
        ]);
        const again = await it.register(url, 'a', PEERS[0]);
        expect(again.status).toBe(412);
        expect(again.json()).toMatchObject({
          errorCode: 105,
          message: 'Key already exists',
          index: 4,
        });
        expect(codeOf(again)).toBe('discovery-registered-before');
      });

      test.each([
        ['a slash at the end', (url: string) => `${url}/`],
        ['localhost for 127.0.0.1', (url: string) => url.replace('127.0.0.1', 'localhost')],
        ['a double slash', (url: string) => url.replace('/tok', '//tok')],
      ])('made with %s is told, and nothing is written', async (_what, variant) => {
        const it = await rig();
        const url = await curlToken(it);
        expect((await it.register(url, 'a', PEERS[0])).status).toBe(201);
        const wrong = await it.register(variant(url), 'b', PEERS[1]);
        expect(wrong.status).toBe(400);
        expect(codeOf(wrong)).toBe('discovery-other-url');
        expect(wrong.json().cause).toContain(`--discovery=${url}`);
        expect(wrong.json().cause).toContain(`comes from ${variant(url)}, not from ${url}`);
        expect(it.store.tokens.get('tok')?.record.members).toHaveLength(1);
      });

      test('the first one decides what the host is called, when nobody else did', async () => {
        const it = await rig();
        const url = await curlToken(it);
        const byName = url.replace('127.0.0.1', 'localhost');
        expect((await it.register(byName, 'a', PEERS[0])).status).toBe(201);
        expect(codeOf(await it.register(url, 'b', PEERS[1]))).toBe('discovery-other-url');
        expect((await it.register(byName, 'b', PEERS[1])).status).toBe(201);
      });

      test('with a name or a peer URL of another member is refused before it burns the token', async () => {
        const it = await rig();
        const url = await curlToken(it);
        await it.register(url, 'a', PEERS[0]);
        expect(codeOf(await it.register(url, 'a', PEERS[1]))).toBe('discovery-name-taken');
        const both = `b=${PEERS[0]},b=${PEERS[1]}`;
        const id = memberIDFrom([PEERS[0], PEERS[1]], url);
        const put = await it.ask('PUT', `${pathOf(url)}/${id}?prevExist=false`, {
          form: `value=${encodeURIComponent(both)}`,
        });
        expect(codeOf(put)).toBe('discovery-peer-url-taken');
        expect((await it.register(url, 'b', PEERS[1])).status).toBe(201);
      });

      test('beyond the size sees itself and a full list, and is not kept', async () => {
        const it = await rig();
        const url = await curlToken(it, 'tok', 1);
        await it.register(url, 'a', PEERS[0]);
        const late = await it.register(url, 'b', PEERS[1]);
        expect(late.status).toBe(201);
        const index = late.json().node?.createdIndex ?? 0;
        const id = memberIDFrom([PEERS[1]], url);
        const self = await it.ask('GET', `${pathOf(url)}/${id}?wait=true&waitIndex=${index}`);
        expect(self.json().action).toBe('create');
        const list = await it.ask('GET', pathOf(url));
        expect(list.json().node?.nodes?.map(({ value }) => value)).toEqual([`a=${PEERS[0]}`]);
      });

      test('of unknown outcome is pursued until it is known', async () => {
        const it = await rig();
        const url = await curlToken(it);
        it.store.mishaps.push('unknown', 'failed', 'done-unheard');
        const put = await it.register(url, 'a', PEERS[0]);
        expect(put.status).toBe(201);
        expect(put.json().node?.createdIndex).toBe(3);
        expect(it.store.tokens.get('tok')?.record.members).toHaveLength(1);
      });

      test('that cannot be kept ends without an answer, never with an error of ours', async () => {
        const it = await rig({ registerMs: 100 });
        const url = await curlToken(it);
        it.store.isSilent = true;
        await expect(it.register(url, 'a', PEERS[0])).rejects.toThrow(/hang up|ECONNRESET/);
        expect((await it.ask('GET', pathOf(url))).status).toBe(503);
        // A size never changes, so that it can be told from memory.
        const size = await it.ask('GET', `${pathOf(url)}/_config/size`);
        expect(size.status).toBe(remembers ? 200 : 503);
      });

      test('of nine members at once: each has a place of its own', async () => {
        const it = await rig();
        const url = await curlToken(it, 'tok', 9);
        const puts = await Promise.all(
          Array.from({ length: 9 }, (_, i) => it.register(url, `m${i}`, `http://10.0.0.${i}:2380`)),
        );
        expect(new Set(puts.map((put) => put.json().node?.createdIndex)).size).toBe(9);
        expect(puts.every(({ status }) => status === 201)).toBe(true);
      });

      test('is deleted with the secret only, and only while the token is open', async () => {
        const it = await rig();
        const made = await it.ask('GET', '/new?size=2');
        const secret = String(made.headers['x-quorate-token-secret']);
        const url = made.body;
        await it.register(url, 'a', PEERS[0]);
        const member = `${pathOf(url)}/${memberIDFrom([PEERS[0]], url)}`;
        expect(codeOf(await it.ask('DELETE', member))).toBe('discovery-secret-needed');
        const wrong = { authorization: `Bearer ${'0'.repeat(32)}` };
        expect((await it.ask('DELETE', member, { headers: wrong })).status).toBe(401);
        const right = { authorization: `Bearer ${secret}` };
        expect((await it.ask('DELETE', member, { headers: right })).json().action).toBe('delete');
        expect((await it.register(url, 'a', PEERS[0])).status).toBe(201);
        await it.register(url, 'b', PEERS[1]);
        expect(codeOf(await it.ask('DELETE', member, { headers: right }))).toBe(
          'discovery-token-closed',
        );
      });

      test('is refused while members of the token use the v3 protocol', async () => {
        const it = await rig();
        const url = await curlToken(it);
        it.store.writeV3('tok', 'abc', 'x=http://10.0.0.9:2380');
        expect(codeOf(await it.register(url, 'a', PEERS[0]))).toBe('discovery-other-protocol');
      });

      test.each([
        '',
        'a',
        '=http://h:2380',
        'a=ftp://h:2380',
        'a=http://h:2380/path',
        'a=http://h:2380,b=http://i:2380',
        'a=http://h:2380,a=http://h:2380',
        'a b=http://h:2380',
        `${'a'.repeat(300)}=http://h:2380`,
      ])('that no etcd would send is refused: %s', async (value) => {
        const it = await rig();
        const url = await curlToken(it);
        const form = `value=${encodeURIComponent(value)}`;
        const put = await it.ask('PUT', `${pathOf(url)}/abc?prevExist=false`, { form });
        expect(put.status).toBe(400);
        expect(codeOf(put)).toBe('discovery-bad-registration');
      });
    });

    describe('waiting', () => {
      test('an event that is there is told at once: the first one from the index on', async () => {
        const it = await rig();
        const url = await curlToken(it);
        for (const [i, peer] of PEERS.entries()) await it.register(url, `m${i}`, peer);
        for (const [waitIndex, name] of [
          [1, 'm0'],
          [3, 'm0'],
          [4, 'm1'],
          [5, 'm2'],
        ] as const) {
          const path = `${pathOf(url)}?recursive=true&wait=true&waitIndex=${waitIndex}`;
          const event = await it.ask('GET', path);
          expect(event.json().node?.value).toBe(`${name}=${PEERS[Number(name.slice(1))]}`);
        }
      });

      test('all who wait are told of the next one, each once', async () => {
        const it = await rig();
        const url = await curlToken(it);
        const path = `${pathOf(url)}?recursive=true&wait=true&waitIndex=3`;
        const polls = await Promise.all(Array.from({ length: 20 }, () => poll(it, path)));
        await it.register(url, 'a', PEERS[0]);
        const told = await Promise.all(polls.map(({ done }) => done));
        expect(told.every((each) => each.json().node?.createdIndex === 3)).toBe(true);
        expect(it.pollCount()).toBe(0);
      });

      test('what is registered while the poll is being set up is not missed', async () => {
        const it = await rig();
        const url = await curlToken(it);
        const release = it.store.hold();
        await it.register(url, 'a', PEERS[0]);
        const path = `${pathOf(url)}?recursive=true&wait=true&waitIndex=4`;
        const { done } = await poll(it, path);
        await it.register(url, 'b', PEERS[1]);
        release();
        expect((await done).json().node?.value).toBe(`b=${PEERS[1]}`);
      });

      test('what was missed, and could not be read at once either, is told as soon as it can be', async () => {
        const it = await rig();
        const url = await curlToken(it);
        const path = `${pathOf(url)}?recursive=true&wait=true&waitIndex=3`;
        const { done } = await poll(it, path);
        const comeBack = it.store.lose();
        await it.register(url, 'a', PEERS[0]);
        it.store.isSilent = true;
        comeBack();
        await it.ask('GET', '/health');
        it.store.isSilent = false;
        expect((await done).json().node?.value).toBe(`a=${PEERS[0]}`);
      });

      test('an idle poll ends with 200 and nothing, and a poll that went away is forgotten', async () => {
        const it = await rig({ pollMs: 20 });
        const url = await curlToken(it);
        const idle = await it.ask('GET', `${pathOf(url)}?recursive=true&wait=true&waitIndex=3`);
        expect([idle.status, idle.body]).toEqual([200, '']);
        expect(idle.headers['x-etcd-index']).toBe('2');

        const patient = await rig();
        const other = await curlToken(patient);
        const leaving = new AbortController();
        await new Promise<void>((resolve) => {
          patient
            .ask('GET', `${pathOf(other)}?recursive=true&wait=true&waitIndex=9`, {
              signal: leaving.signal,
              onHeaders: resolve,
            })
            .catch(() => undefined);
        });
        expect(patient.pollCount()).toBe(1);
        leaving.abort();
        await expect.poll(() => patient.pollCount()).toBe(0);
      });

      test('a service that goes away ends polls cleanly', async () => {
        const it = await discoveryRig();
        const url = await curlToken(it);
        const { done } = await poll(it, `${pathOf(url)}?recursive=true&wait=true&waitIndex=3`);
        await it.close();
        expect([(await done).status, (await done).body]).toEqual([200, '']);
      });

      test('one poll too many is told to come again: 503', async () => {
        const it = await rig({ pollsMax: 1 });
        const url = await curlToken(it);
        const path = `${pathOf(url)}?recursive=true&wait=true&waitIndex=3`;
        const { done } = await poll(it, path);
        expect((await it.ask('GET', path)).status).toBe(503);
        await it.register(url, 'a', PEERS[0]);
        await done;
      });
    });
  },
);

describe('a service that has not heard of the last change yet', () => {
  test('takes nobody beyond the size, and tells who is beyond that the list is full', async () => {
    const it = await rig();
    const url = await curlToken(it, 'tok', 2);
    const path = pathOf(url);
    const release = it.store.hold();
    for (const [name, peer] of [
      ['a', PEERS[0]],
      ['b', PEERS[1]],
    ] as const) {
      expect((await it.register(url, name, peer)).status).toBe(201);
    }
    const late = await it.register(url, 'c', PEERS[2]);
    const { createdIndex, key } = late.json().node ?? { createdIndex: 0, key: '' };
    const id = key.slice(key.lastIndexOf('/') + 1);
    const self = await it.ask('GET', `${path}/${id}?wait=true&waitIndex=${createdIndex}`);
    expect(self.json().node?.key).toBe(key);
    const list = await it.ask('GET', path);
    expect(list.json().node?.nodes?.map(({ value }) => value)).toEqual([
      `a=${PEERS[0]}`,
      `b=${PEERS[1]}`,
    ]);
    release();
  });
});

describe('the list of an open token', () => {
  test('is told as it was seen to a member, whose next poll brings the rest, and as it is to everybody else', async () => {
    const it = await rig();
    const url = await curlToken(it);
    await it.register(url, 'a', PEERS[0]);
    const release = it.store.hold();
    await it.register(url, 'b', PEERS[1]);
    const namesIn = (asked: Asked) => asked.json().node?.nodes?.map(({ value }) => value?.[0]);
    const member = await it.ask('GET', `${pathOf(url)}?quorum=false&recursive=false&sorted=false`);
    expect(namesIn(member)).toEqual(['a']);
    expect(namesIn(await it.ask('GET', pathOf(url)))).toEqual(['a', 'b']);
    const from = Number(member.headers['x-etcd-index']) + 1;
    const next = poll(it, `${pathOf(url)}?recursive=true&wait=true&waitIndex=${from}`);
    release();
    expect((await (await next).done).json().node?.value).toBe(`b=${PEERS[1]}`);
  });
});

describe('what can not be otherwise any more', () => {
  test('is told while the store is silent: the size, and the list of a closed token', async () => {
    const it = await rig();
    const url = await curlToken(it, 'tok', 1);
    await it.register(url, 'a', PEERS[0]);
    await curlToken(it, 'open', 1);
    it.store.isSilent = true;
    const path = pathOf(url);
    expect((await it.ask('GET', `${path}/_config/size`)).json().node?.value).toBe('1');
    expect((await it.ask('GET', path)).json().node?.nodes).toHaveLength(1);
    // It may have a member by now.
    expect((await it.ask('GET', '/v2/keys/discovery/open')).status).toBe(503);
  });

  test('but not of a token that expires', async () => {
    const it = await rig();
    const path = '/v2/keys/discovery/brief';
    await it.ask('PUT', `${path}/_config/size?ttl=1h`, { form: 'value=1' });
    it.store.isSilent = true;
    expect((await it.ask('GET', `${path}/_config/size`)).status).toBe(503);
  });
});

describe('ids', () => {
  test("are etcd's own (observed, etcd-facts 1.1)", () => {
    const urls = [21001, 21011, 21021].map((port) => `http://127.0.0.1:${port}`);
    const ids = urls.map((url) => memberIDFrom([url], 'tok1'));
    expect(new Set(ids)).toEqual(
      new Set(['bb3763793ecc343e', 'dab58439cd524d37', 'e9f7ea66e338d192']),
    );
    expect(clusterIDFrom(ids)).toBe('edd2eba24d21ea81');
  });
});

describe('the door', () => {
  test('too much of anything is refused', async () => {
    const it = await rig();
    const long = 'x'.repeat(10_000);
    expect((await it.ask('GET', `/${long}`)).status).toBe(431);
    expect((await it.ask('PUT', '/v2/keys/d/t/_config/size', { form: long })).status).toBe(413);
    expect((await it.ask('GET', `/v2/keys/${'a/'.repeat(20)}t`)).status).toBe(404);
    expect((await it.ask('GET', '/v2/keys/../../etc/passwd')).status).toBe(404);
    expect((await it.ask('PATCH', '/new')).status).toBe(405);
  });

  test('plain text is served on loopback only, unless somebody says so', async () => {
    const { listen } = await import('./http/listener.js');
    const refused = await listen(
      { address: '0.0.0.0:0', tls: undefined, isInsecureAllowed: false },
      // Never called: nothing listens.
      {} as never,
    );
    expect(refused.ok ? '' : refused.error.code).toBe('discovery-plain-text');
  });
});
