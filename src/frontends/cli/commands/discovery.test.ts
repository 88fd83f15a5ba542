import { describe, expect, test } from 'vitest';
import { fakeMachine } from '../testing/fake-machine.js';

/** Types the line, and Ctrl-C once the service runs. */
async function typeAndEnd(line: string) {
  const machine = fakeMachine();
  const typed = await machine.typeAt(
    { onListen: (interrupt) => setImmediate(interrupt) },
    'discovery',
    'serve',
    ...line.split(' '),
  );
  return { ...typed, asked: machine.asked };
}

/** The settings that a command handed on. */
const given = (asked: readonly string[], command: string): unknown => {
  const found = asked.find((each) => each.startsWith(`discovery ${command} {`));
  return found === undefined ? undefined : JSON.parse(found.slice(`discovery ${command} `.length));
};

describe('quorate discovery serve', () => {
  test('before an etcd that was named: says where it is, tells who registers, and drains', async () => {
    const { exit, out, err, asked } = await typeAndEnd('--endpoints a:2379,b:2379 --insecure');
    expect(exit).toBe(0);
    expect(given(asked, 'serve')).toMatchObject({
      storage: { endpoints: ['a:2379', 'b:2379'] },
      listen: '127.0.0.1:8087',
      insecure: true,
    });
    expect(out).toContain('discovery at http://127.0.0.1:8087\n');
    expect(err).toContain('tok: a registered (1 of 3)');
    expect(asked.at(-1)).toBe('discovery drained');
  });

  test('JSON is one document', async () => {
    const { out } = await typeAndEnd('--endpoints a:2379 -o json');
    expect(JSON.parse(out)).toEqual({ url: 'http://127.0.0.1:8087', endpoints: ['a:2379'] });
  });

  test.each([
    { said: 'nothing', env: {}, line: [], is: 'discovery' },
    { said: 'a variable', env: { QUORATE_CLUSTER: 'prod' }, line: [], is: 'discovery' },
    { said: '--cluster', env: {}, line: ['--cluster', 'tokens'], is: 'tokens' },
  ])(
    'with $said about its etcd it founds a cluster of one member, $is, with a supervisor',
    async ({ env, line, is }) => {
      const machine = fakeMachine();
      let served = false;
      const discovery = await machine.ports.discovery();
      const ports = {
        ...machine.ports,
        discovery: async () => ({
          ...discovery,
          serve: async (settings: Parameters<typeof discovery.serve>[0]) => {
            served = true;
            return discovery.serve(settings);
          },
        }),
      };
      Object.assign(machine.ports, ports);
      let interrupt: (() => void) | undefined;
      const typed = machine.typeAt(
        { env, onListen: (handler) => (interrupt = handler) },
        'discovery',
        'serve',
        ...line,
      );
      await expect.poll(() => served, { timeout: 20_000 }).toBe(true);
      interrupt?.();
      expect((await typed).exit).toBe(0);
      const cluster = machine.cluster(is);
      expect(cluster.wish?.spec.members).toHaveLength(1);
      expect(cluster.wish?.spec.etcd).toEqual({ 'auto-compaction-retention': '1h' });
      expect(cluster.supervisors).toBe(1);
      expect(given(machine.asked, 'serve')).toMatchObject({
        storage: { endpoints: ['http://127.0.0.1:21000'] },
      });
    },
  );

  test.each([
    ['--endpoints a:1 --tls-cert c.pem', '--tls-cert and --tls-key belong together'],
    ['--endpoints a:1 --key k.pem', '--cert and --key belong together'],
    ['--timeout soon', 'The timeout cannot be "soon"'],
  ])('%s is refused before anything starts', async (line, text) => {
    const { exit, err, asked } = await typeAndEnd(line);
    expect(exit).toBe(2);
    expect(err).toContain(text);
    expect(asked).toEqual([]);
  });
});

describe('quorate discovery new', () => {
  test('prints the URL first, and the exact flags for each etcd', async () => {
    const machine = fakeMachine();
    const { exit, out } = await machine.type(
      ...'discovery new --service http://disco:8087 --size 5 --ttl 24h'.split(' '),
    );
    expect(exit).toBe(0);
    expect(given(machine.asked, 'new')).toEqual({
      at: { kind: 'service', url: 'http://disco:8087' },
      wish: { size: 5, protocol: 'any', ttlMs: 86_400_000 },
    });
    const [first] = out.split('\n');
    expect(first).toBe('http://127.0.0.1:8087/abc');
    expect(out).toContain('etcd 3.6, 3.7 (v3)');
    expect(out).toContain('\n  --discovery-token=abc\n');
  });

  test('JSON', async () => {
    const line = 'discovery new --endpoints a:2379 --protocol both -o json';
    const { out } = await fakeMachine().type(...line.split(' '));
    expect(JSON.parse(out)).toMatchObject({
      token: 'abc',
      size: 3,
      url: 'http://127.0.0.1:8087/abc',
      expiresInMs: null,
      flags: [
        { protocol: 'v2', minors: ['3.4', '3.5'] },
        { protocol: 'v3', minors: ['3.6', '3.7'] },
      ],
    });
  });

  test.each([
    ['--size 0', 'The number of members cannot be "0"'],
    ['--size 10', 'a number from 1 to 9'],
    ['--protocol v4', 'Did you mean v2?'],
    ['--ttl 1s', 'The time to live cannot be "1s"'],
    ['--size 3', '[discovery-nowhere]'],
  ])('%s is refused, and nothing is made', async (line, text) => {
    const machine = fakeMachine();
    const { exit, err } = await machine.type('discovery', 'new', ...line.split(' '));
    expect(exit).toBe(2);
    expect(err).toContain(text);
    expect(machine.asked).toEqual([]);
  });
});

describe('quorate discovery show', () => {
  test('a URL is asked as members ask it; problems are part of what is seen', async () => {
    const machine = fakeMachine();
    const { exit, out } = await machine.type('discovery', 'show', 'http://disco:8087/abc');
    expect(exit).toBe(0);
    expect(given(machine.asked, 'show')).toEqual({ kind: 'url', url: 'http://disco:8087/abc' });
    expect(out).toContain('abc is burnt: 2 of 3 registered over v2, 1 missing\n');
    expect(out).toContain('waits for the others');
    expect(out).toContain('two are called a [fake-burnt]');
  });

  test('a bare token is looked for in the etcd, or at the service; JSON', async () => {
    const machine = fakeMachine();
    const typed = await machine.type(...'discovery show abc --endpoints a:1 -o json'.split(' '));
    expect(JSON.parse(typed.out)).toMatchObject({
      token: 'abc',
      state: 'burnt',
      clusterID: null,
      missing: 1,
      members: [{ name: 'a', index: '7' }, { name: 'a' }],
      problems: [{ code: 'fake-burnt' }],
    });
    expect(given(machine.asked, 'show')).toMatchObject({ kind: 'storage', token: 'abc' });
    const other = fakeMachine();
    await other.type(...'discovery show abc --service http://disco:8087/'.split(' '));
    expect(given(other.asked, 'show')).toEqual({ kind: 'url', url: 'http://disco:8087/abc' });
  });
});
