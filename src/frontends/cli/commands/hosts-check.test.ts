import { describe, expect, test } from 'vitest';
import type { HostVerdict } from '../hosts-ports.js';
import { fakeMachine } from '../testing/fake-machine.js';

const SPEC = `apiVersion: quorate.dev/v1alpha1
kind: EtcdCluster
metadata: { name: prod }
spec:
  version: "3.6"
  driver: { ssh: {} }
  allowEvenSize: true
  members: [{ name: a, host: 10.0.1.10 }, { name: b, host: 10.0.1.11 }]
`;

const verdict = (change: Partial<HostVerdict>): HostVerdict => ({
  host: '10.0.1.10',
  check: 'memory',
  standing: 'ok',
  summary: '6.0 GiB available of 8.0 GiB',
  detail: '',
  hint: '',
  ...change,
});

const OPEN = { to: '10.0.1.11', check: 'reach', summary: '10.0.1.11:2380 (peer) is open' };
const SLOW = verdict({
  check: 'disk-latency',
  standing: 'warning',
  summary: 'fdatasync p50 3.0 ms, p99 22 ms of 500 writes: slower than etcd wants',
  hint: 'Give it an SSD.',
});
const CLOSED = verdict({
  to: '10.0.1.11',
  check: 'reach',
  standing: 'problem',
  summary: '10.0.1.11:2379 (client) does not answer: packets vanish on the way',
  detail: 'As seen from there.',
  hint: 'Open it on 10.0.1.11:\n  ufw allow 2379/tcp',
});

/** Types a line where a spec file is, and the hosts are found to be so. */
async function type(line: string, verdicts: readonly HostVerdict[] = [], spec = SPEC) {
  const machine = fakeMachine();
  machine.files.set('prod.yaml', spec);
  machine.hosts.verdicts = verdicts;
  const typed = await machine.type(...line.split(' '));
  return { ...typed, asked: machine.asked };
}

describe('quorate hosts check', () => {
  test('tells a line for each question, and of open ways how many there are', async () => {
    const all = [
      verdict({}),
      SLOW,
      verdict({ host: '10.0.1.11' }),
      verdict(OPEN),
      verdict({ ...OPEN, host: 'seat' }),
    ];
    const { exit, out } = await type('hosts check -f prod.yaml', all);
    expect(exit).toBe(0);
    expect(out).toBe(`10.0.1.10
  ok       memory        6.0 GiB available of 8.0 GiB
  warning  disk-latency  fdatasync p50 3.0 ms, p99 22 ms of 500 writes: slower than etcd wants
      Give it an SSD.
10.0.1.11
  ok  memory  6.0 GiB available of 8.0 GiB
between them
  ok  reach  2 ways to a port open
prod: 4 well, 1 warning, 0 problems
`);
  });

  test('a problem is the exit code 1, and every way that is not open has its line', async () => {
    const { exit, out } = await type('hosts check -f prod.yaml', [verdict({}), CLOSED]);
    expect(exit).toBe(1);
    expect(out).toBe(`10.0.1.10
  ok  memory  6.0 GiB available of 8.0 GiB
between them
  problem  10.0.1.10 → 10.0.1.11  10.0.1.11:2379 (client) does not answer: packets vanish on the way
      As seen from there.
      Open it on 10.0.1.11:
        ufw allow 2379/tcp
prod: 1 well, 1 problem
`);
  });

  test('what could not be asked is no problem', async () => {
    const unseen = verdict({ standing: 'unseen', summary: 'The memory was not seen' });
    const { exit, out } = await type('hosts check -f prod.yaml', [unseen]);
    expect(exit).toBe(0);
    expect(out).toContain('not seen  memory  The memory was not seen');
  });

  test('JSON has every verdict whole', async () => {
    const { out } = await type('hosts check -f prod.yaml -o json', [SLOW, CLOSED]);
    expect(JSON.parse(out)).toEqual({
      cluster: 'prod',
      counts: { ok: 0, warning: 1, problem: 1, unseen: 0 },
      verdicts: [SLOW, CLOSED],
    });
  });

  test('looks at the hosts that are named, by name or by member', async () => {
    const { asked } = await type('hosts check -f prod.yaml --host 10.0.1.11 --host a');
    expect(asked).toEqual([
      'hosts check {"hosts":["10.0.1.10","10.0.1.11"],"only":["10.0.1.11","10.0.1.10"]}',
    ]);
  });

  test('a host that the spec does not have is exit code 2, with the nearest', async () => {
    const { exit, err, asked } = await type('hosts check -f prod.yaml --host 10.0.1.12');
    expect([exit, asked]).toEqual([2, []]);
    expect(err).toContain('Allowed: 10.0.1.10, 10.0.1.11.');
  });

  test('a cluster of this machine is looked at by its name', async () => {
    const machine = fakeMachine();
    await machine.type('up', 'dev');
    machine.hosts.verdicts = [verdict({ host: 'this machine' })];
    const { exit, out } = await machine.type('hosts', 'check', 'dev');
    expect(exit).toBe(0);
    expect(out).toContain('this machine\n  ok  memory');
  });
});
