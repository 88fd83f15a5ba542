import { describe, expect, test } from 'vitest';
import { fakeMachine } from '../testing/fake-machine.js';

async function typed(...args: readonly string[]) {
  const machine = fakeMachine();
  const interrupt = { onListen: (handler: () => void) => void setImmediate(handler) };
  const ran = await machine.typeAt(interrupt, 'join', ...args);
  const [asked = ''] = machine.asked;
  const settings = asked.startsWith('join ') ? (JSON.parse(asked.slice(5)) as unknown) : undefined;
  return { ...ran, settings };
}

describe('quorate join', () => {
  test('says what this host becomes, line by line; the log of etcd is no result', async () => {
    const { exit, out, err, settings } = await typed('--name', 'm1', '--discovery', 'http://a:1/t');
    expect(exit).toBe(0);
    expect(settings).toMatchObject({
      name: 'm1',
      discovery: 'http://a:1/t',
      version: '3.6',
      sizeExceeded: 'gateway',
      offline: false,
    });
    expect(out.split('\n')).toEqual([
      'm1 registers at http://127.0.0.1:2380, and waits until all members have come',
      'm1 is a member, a1 of cluster c1: clients at http://127.0.0.1:2379',
      'm1 is a gateway at http://127.0.0.1:2379 to http://b:2379, until somebody adds a member with http://127.0.0.1:2380',
      'm1 waits: m1 cannot join. ',
      '',
    ]);
    expect(err).toContain('{"level":"info"}');
  });

  test('JSON is one document for each change', async () => {
    const { out } = await typed('--name', 'm1', '-o', 'json');
    const documents = out
      .trimEnd()
      .split(/(?<=^})\n/m)
      .map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>);
    expect(documents.map(({ state }) => state)).toEqual([
      'meeting',
      'member',
      'gateway',
      'waiting',
    ]);
    expect(documents[1]).toEqual({
      name: 'm1',
      state: 'member',
      memberID: 'a1',
      clusterID: 'c1',
      role: 'voter',
      peerURL: 'http://127.0.0.1:2380',
      clientURL: 'http://127.0.0.1:2379',
      dataDir: '/data/m1',
      endpoints: [],
      problem: null,
    });
  });

  test.each([
    ['mistyped', 2],
    ['refused', 4],
    ['failed', 1],
  ] as const)('%s ends with %i and the problem', async (name, code) => {
    const { exit, err } = await typed('--name', name);
    expect(exit).toBe(code);
    expect(err).toContain('[fake-in-the-way]');
  });

  test('needs a name', async () => {
    expect((await typed('--discovery', 'http://a:1/t')).exit).toBe(2);
  });
});
