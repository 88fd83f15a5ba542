/** What HTTP/1.1 allows a client to do, over real connections, and what is refused because it could be read in two ways. */
import { type Socket, connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../base/index.js';
import { DEFAULT_DISCOVERY_LIMITS, type DiscoveryLimits } from '../limits.js';
import { text } from '../replies.js';
import { type Rig, discoveryRig } from '../testing/rig.js';
import { bodyIn, parseHead } from './head.js';
import { listen } from './listener.js';

const rigs: Rig[] = [];
async function rig(limits: Partial<DiscoveryLimits> = {}): Promise<Rig> {
  const made = await discoveryRig({ limits });
  rigs.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((each) => each.close()));
});

/** A connection whose bytes the test writes itself. */
function open(it: { readonly url: string }) {
  const { hostname, port } = new URL(it.url);
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let text = '';
  let isEnded = false;
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((each) => each());
  socket.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    changed();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isEnded = true;
    changed();
  });
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
    });
  return {
    socket,
    send: (bytes: string) => socket.write(bytes),
    /** Everything so far, once it has this many answers. */
    answers: async (count: number): Promise<string> => {
      await until(() => text.split('HTTP/1.1 ').length - 1 >= count && /\r\n\r\n/.test(text));
      return text;
    },
    says: async (part: string): Promise<string> => {
      await until(() => text.includes(part));
      return text;
    },
    ended: async (): Promise<string> => {
      await until(() => isEnded);
      return text;
    },
  };
}

const health = 'GET /health HTTP/1.1\r\nHost: h\r\n\r\n';
const statusesIn = (text: string): readonly string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = '']) => status);

describe('a connection', () => {
  test('serves one request after the other, also those that came together', async () => {
    const it = await rig();
    const at = open(it);
    at.send(health + health + health);
    expect(statusesIn(await at.answers(3))).toEqual(['200', '200', '200']);
    at.send(health);
    expect(statusesIn(await at.answers(4))).toHaveLength(4);
    at.socket.destroy();
  });

  test('is cut nowhere: a request in single bytes is the same request', async () => {
    const it = await rig();
    const at = open(it);
    const put =
      'PUT /v2/keys/d/t/_config/size HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\nvalue=3';
    for (const byte of put + health) {
      at.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(statusesIn(await at.answers(2))).toEqual(['201', '200']);
    at.socket.destroy();
  });

  test('takes a body in chunks, and one that waits to be asked for', async () => {
    const it = await rig();
    const at = open(it);
    at.send(
      'PUT /v2/keys/d/t/_config/size HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '4\r\nvalu\r\n3;x=y\r\ne=3\r\n0\r\n\r\n',
    );
    expect(statusesIn(await at.answers(1))).toEqual(['201']);
    at.send(
      'PUT /v2/keys/d/u/_config/size HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n',
    );
    await at.says('100 Continue');
    at.send('value=5');
    expect(statusesIn(await at.answers(3))).toEqual(['201', '100', '201']);
    expect(it.store.tokens.get('t')?.record.size).toBe(3);
    expect(it.store.tokens.get('u')?.record.size).toBe(5);
    at.socket.destroy();
  });

  test('ends with its answer when the client says so, and after each for HTTP/1.0', async () => {
    const it = await rig();
    for (const line of [
      'GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
      'GET /health HTTP/1.0\r\n\r\n',
    ]) {
      const at = open(it);
      at.send(line);
      expect(await at.ended()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n[^]*OK$/);
    }
    const waiting = open(it);
    await it.ask('PUT', '/v2/keys/d/t/_config/size', { form: 'value=3' });
    waiting.send('GET /v2/keys/d/t?recursive=true&wait=true&waitIndex=3 HTTP/1.0\r\n\r\n');
    await waiting.says('\r\n\r\n');
    await it.register(`${it.url}/v2/keys/d/t`, 'a', 'http://10.0.0.1:2380');
    expect(await waiting.ended()).toMatch(/\r\n\r\n\{"action":"create".*\}\n$/);
  });

  test('a poll that is answered leaves the connection free for the next request', async () => {
    const it = await rig();
    await it.ask('PUT', '/v2/keys/d/t/_config/size', { form: 'value=3' });
    const at = open(it);
    at.send('GET /v2/keys/d/t?recursive=true&wait=true&waitIndex=3 HTTP/1.1\r\nHost: h\r\n\r\n');
    await at.says('\r\n\r\n');
    // Asked before its turn: answered in its turn.
    at.send(health);
    await it.register(`${it.url}/v2/keys/d/t`, 'ö', 'http://10.0.0.1:2380');
    const told = await at.answers(2);
    const [, length = '', event = ''] =
      /\r\n\r\n([0-9a-f]+)\r\n(\{.*\n)\r\n0\r\n\r\n/.exec(told) ?? [];
    expect(Number.parseInt(length, 16)).toBe(Buffer.byteLength(event));
    expect(event).toContain('ö=http://10.0.0.1:2380');
    expect(statusesIn(told)).toEqual(['200', '200']);
    at.socket.destroy();
  });

  test('a client that has said everything still gets its answer', async () => {
    const it = await rig();
    const at = open(it);
    at.socket.end(health);
    expect(statusesIn(await at.ended())).toEqual(['200']);
  });

  test('HEAD is answered without a body', async () => {
    const it = await rig();
    const at = open(it);
    at.send(`HEAD /health HTTP/1.1\r\nHost: h\r\n\r\n${health}`);
    expect(await at.answers(2)).toMatch(/^HTTP\/1\.1 405 [^]*?\r\n\r\nHTTP\/1\.1 200/);
    at.socket.destroy();
  });

  test.each([
    ['a request that does not come to its end', 'GET /health HTTP/1.1\r\n', '408'],
    ['a head without end', `GET /${'a'.repeat(9_000)}`, '431'],
    [
      'a body that is too long',
      'PUT /t HTTP/1.1\r\nHost: h\r\nContent-Length: 9000\r\n\r\n',
      '413',
    ],
    ['what is no HTTP', '\x16\x03\x01\x02\x00\x01\r\n\r\n', '400'],
  ])('%s is told, and the connection ends', async (_what, bytes, status) => {
    const it = await rig({ requestMs: 100 });
    const at = open(it);
    at.send(bytes);
    expect(statusesIn(await at.ended())).toEqual([status]);
  });

  test('one that says nothing, or nothing more, ends', async () => {
    const it = await rig({ requestMs: 50, idleMs: 50 });
    const silent = open(it);
    expect(await silent.ended()).toBe('');
    const once = open(it);
    once.send(health);
    expect(statusesIn(await once.ended())).toEqual(['200']);
  });

  test('who asks and asks and never reads the answers is not read either', async () => {
    let handled = 0;
    const served = await listen(
      { address: '127.0.0.1:0', tls: undefined, isInsecureAllowed: false },
      {
        clock: systemClock,
        limits: DEFAULT_DISCOVERY_LIMITS,
        onFault: () => undefined,
        handle: async () => {
          handled++;
          return text(200, 'x'.repeat(100_000));
        },
      },
    );
    if (!served.ok) throw new Error(served.error.summary);
    const at = open(served.value);
    at.socket.pause();
    const count = 2_000;
    at.send(health.repeat(count));
    // Until nothing moves any more: 200 MB of answers are more than the kernel keeps for us.
    for (let before = -1, quiet = 0; quiet < 100; quiet = handled === before ? quiet + 1 : 0) {
      before = handled;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(handled).toBeGreaterThan(0);
    expect(handled).toBeLessThan(count);
    at.socket.destroy();
    await served.value.close(1_000);
  });
});

describe('a head', () => {
  const lines = (...more: string[]): string => ['GET / HTTP/1.1', 'Host: h', ...more].join('\r\n');

  test.each([
    ['two lengths', lines('Content-Length: 1', 'Content-Length: 1')],
    ['a length and chunks', lines('Content-Length: 1', 'Transfer-Encoding: chunked')],
    ['a length that is no number', lines('Content-Length: +1')],
    ['a list of lengths', lines('Content-Length: 1, 1')],
    ['two hosts', lines('Host: other')],
    ['no host', 'GET / HTTP/1.1'],
    ['a line that goes on', lines('Accept: a', ' b')],
    ['a space before the colon', lines('Content-Length : 1')],
    ['a bare line feed', lines('Accept: a\nContent-Length: 1')],
    ['a bare carriage return', lines('Accept: a\rContent-Length: 1')],
    ['a zero byte', lines('Accept: \0')],
    ['two spaces', 'GET  / HTTP/1.1\r\nHost: h'],
    ['no version', 'GET /\r\nHost: h'],
    ['another version', 'GET / HTTP/2.0\r\nHost: h'],
    ['a coding of its body that is not done here', lines('Transfer-Encoding: gzip, chunked')],
    ['chunks in HTTP/1.0', 'GET / HTTP/1.0\r\nTransfer-Encoding: chunked'],
  ])('with %s is refused', (_what, text) => {
    expect(parseHead(text)).toBe(400);
  });

  test('that expects what is not done here is told so', () => {
    expect(parseHead(lines('Expect: wonders'))).toBe(417);
  });

  test('tells what the service needs of it', () => {
    const text = lines(
      'ACCEPT:application/json',
      'Authorization:   Bearer s  ',
      'Connection: keep-alive, Close',
      'Content-Length: 12',
      'X-Other: \xe4',
    );
    expect(parseHead(text)).toEqual({
      method: 'GET',
      target: '/',
      host: 'h',
      body: { kind: 'length', bytes: 12 },
      isHTTP10: false,
      isLast: true,
      waitsToContinue: false,
      authorization: 'Bearer s',
      accept: 'application/json',
    });
  });
});

describe('a body in chunks', () => {
  const read = (text: string) => bodyIn(text, 0, { kind: 'chunks' }, 100);

  test('is whole behind its last chunk only', () => {
    const text = '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n';
    for (let at = 0; at < text.length; at++) {
      expect([at, read(text.slice(0, at)).kind]).toEqual([at, 'more']);
    }
    expect(read(`${text}GET`)).toEqual({ kind: 'whole', text: 'abcde', end: text.length });
  });

  test.each([
    ['of more bytes than allowed', '65\r\n', 413],
    ['of very many small ones', '1\r\na\r\n'.repeat(65), 413],
    ['with a size that is no number', '-1\r\n', 400],
    ['with a size of seven digits', '0000001\r\na\r\n', 400],
    ['without an end of its line', '3\r\nabcd\r\n', 400],
    ['with a trailer', '0\r\nA: b\r\n\r\n', 400],
    ['with a line without end', 'a'.repeat(300), 400],
  ])('%s is refused', (_what, text, fault) => {
    expect(read(text)).toEqual({ kind: 'fault', fault });
  });
});
