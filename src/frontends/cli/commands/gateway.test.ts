import { describe, expect, test } from 'vitest';
import { fakeMachine } from '../testing/fake-machine.js';

/** Types the line, and Ctrl-C once the gateway runs. */
async function typeAndEnd(line: string) {
  const args = line.split(' ');
  const machine = fakeMachine();
  if (args.includes('prod')) await machine.type('up', 'prod');
  machine.asked.length = 0;
  const typed = await machine.typeAt(
    { onListen: (interrupt) => setImmediate(interrupt) },
    'gateway',
    ...args,
  );
  const [first = ''] = machine.asked;
  const settings = first.startsWith('gateway {')
    ? (JSON.parse(first.slice('gateway '.length)) as Readonly<Record<string, unknown>>)
    : undefined;
  return { ...typed, settings, asked: machine.asked };
}

describe('quorate gateway', () => {
  test('listens where etcd gateway does, shows what it found, and drains at the end', async () => {
    const { exit, out, err, settings, asked } = await typeAndEnd('--endpoints a:2379,b:2379');
    expect(exit).toBe(0);
    expect(settings).toMatchObject({
      listen: ['127.0.0.1:23790'],
      backends: { kind: 'list', endpoints: ['a:2379', 'b:2379'] },
      drainMs: 10_000,
    });
    expect(out).toContain('listening on 127.0.0.1:23790\n');
    expect(out).toContain('http://a:2379  in  well       It leads.\n');
    expect(err).toContain('is out: it takes connections and answers nothing');
    expect(asked.at(-1)).toBe('gateway drained');
  });

  test('JSON is one document, with nothing else on stdout', async () => {
    const { out } = await typeAndEnd(
      '--endpoints a:2379 --listen unix:/run/etcd.sock --listen :2379 --metrics 127.0.0.1:2382 -o json',
    );
    expect(JSON.parse(out)).toEqual({
      listening: ['unix:/run/etcd.sock', ':2379'],
      metrics: '127.0.0.1:2382',
      backends: [
        {
          endpoint: 'http://a:2379',
          in: true,
          condition: 'well',
          reason: 'It leads.',
          leader: true,
        },
      ],
    });
  });

  test('a cluster of this machine is followed from its client URLs on', async () => {
    const { settings } = await typeAndEnd('--cluster prod');
    expect(settings?.['backends']).toMatchObject({
      kind: 'members',
      endpoints: ['http://127.0.0.1:21000', 'http://127.0.0.1:21010', 'http://127.0.0.1:21020'],
    });
  });

  test('the command line of a driver: a list to begin with, which is then followed', async () => {
    const { exit, settings } = await typeAndEnd(
      '--data-dir=/state/edge0 --listen=127.0.0.1:2379 --endpoints=http://a:2379,http://b:2379 --follow',
    );
    expect(exit).toBe(0);
    expect(settings).toMatchObject({
      listen: ['127.0.0.1:2379'],
      backends: { kind: 'members', endpoints: ['http://a:2379', 'http://b:2379'] },
    });
  });

  test('members from DNS, with certificates for asking them', async () => {
    const { settings } = await typeAndEnd(
      '--discovery-srv example.com --cacert ca.pem --cert c.pem --key k.pem',
    );
    expect(settings).toMatchObject({
      backends: { kind: 'srv', domain: 'example.com' },
      cacert: 'ca.pem',
      cert: 'c.pem',
      key: 'k.pem',
    });
  });

  test.each([
    ['--endpoints a:1 --discovery-srv b', 'exclude each other'],
    ['--endpoints a:1 --cert c.pem', 'belong together'],
    ['--follow --discovery-srv b', 'needs --endpoints'],
    ['--endpoints a:1 --drain soon', 'The drain time cannot be "soon"'],
    ['--cluster nobody', 'There is no cluster nobody'],
  ] as const)('%s is refused before anything starts', async (line, text) => {
    const { exit, err, settings } = await typeAndEnd(line);
    expect(exit).toBe(2);
    expect(err).toContain(text);
    expect(settings).toBeUndefined();
  });
});
