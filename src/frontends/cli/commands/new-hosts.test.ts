import { describe, expect, test } from 'vitest';
import type { HostVerdict } from '../hosts-ports.js';
import { fakeMachine } from '../testing/fake-machine.js';

const specOf = (...hosts: readonly string[]): string => `apiVersion: quorate.dev/v1alpha1
kind: EtcdCluster
metadata: { name: prod }
spec:
  version: "3.6"
  driver: { ssh: {} }
  allowEvenSize: true
  tls: off
  members:
${hosts.map((host) => `    - { name: m${host.slice(-2)}, host: ${host} }`).join('\n')}
`;

const verdict = (change: Partial<HostVerdict>): HostVerdict => ({
  host: '10.0.1.10',
  check: 'time-keeping',
  standing: 'ok',
  summary: 'systemd-timesyncd keeps the time',
  detail: '',
  hint: '',
  ...change,
});

const TAKEN = verdict({
  check: 'port',
  standing: 'problem',
  summary: '10.0.1.10:2379 (client) is taken by nginx (process 7)',
});

function machineWith(verdicts: readonly HostVerdict[]) {
  const machine = fakeMachine();
  machine.files.set('prod.yaml', specOf('10.0.1.10'));
  machine.hosts.verdicts = verdicts;
  const looked = () => machine.asked.filter((each) => each.startsWith('hosts'));
  return { machine, looked };
}

describe('hosts that are new', () => {
  test('a birth on hosts that are not fit is planned as blocked, and nothing is written', async () => {
    const { machine, looked } = machineWith([TAKEN]);
    const planned = await machine.type('plan', '-f', 'prod.yaml', '-o', 'json');
    expect(planned.exit).toBe(4);
    expect(JSON.parse(planned.out)).toMatchObject({
      kind: 'blocked',
      steps: [],
      problem: { code: 'hosts-unfit', detail: TAKEN.summary },
    });
    const applied = await machine.type('apply', '-f', 'prod.yaml');
    expect(applied.exit).toBe(4);
    expect(applied.err).toContain(TAKEN.summary);
    expect(machine.cluster('prod').record).toBeUndefined();
    expect(looked()).toEqual(['hosts fitness ["10.0.1.10"]', 'hosts fitness ["10.0.1.10"]']);
  });

  test('a person may answer for them', async () => {
    const { machine, looked } = machineWith([TAKEN]);
    const skipping = ['-f', 'prod.yaml', '--skip-hosts-check'];
    expect((await machine.type('plan', ...skipping)).exit).toBe(3);
    expect((await machine.type('apply', ...skipping)).exit).toBe(0);
    expect(looked()).toEqual([]);
  });

  test('a warning is told, once for all of which the same is said, and keeps nobody', async () => {
    const idle = { standing: 'warning', summary: 'Nothing keeps the time' } as const;
    const { machine } = machineWith([
      verdict(idle),
      verdict({ ...idle, host: '10.0.1.11' }),
      verdict({ host: '10.0.1.12' }),
    ]);
    const { exit, err } = await machine.type('apply', '-f', 'prod.yaml');
    expect(exit).toBe(0);
    expect(err).toContain('warning: 10.0.1.10, 10.0.1.11: time-keeping: Nothing keeps the time\n');
  });

  test('a cluster that has its hosts is not looked at; of one that grows the new ones are', async () => {
    const { machine, looked } = machineWith([]);
    await machine.type('apply', '-f', 'prod.yaml');
    await machine.type('plan', '-f', 'prod.yaml');
    await machine.type('plan', 'prod');
    expect(looked()).toEqual(['hosts fitness ["10.0.1.10"]']);

    machine.files.set('prod.yaml', specOf('10.0.1.10', '10.0.1.11'));
    machine.hosts.verdicts = [TAKEN];
    const before = machine.cluster('prod').wish;
    expect((await machine.type('apply', '-f', 'prod.yaml')).exit).toBe(4);
    expect((await machine.type('member', 'add', 'm12', '--host', '10.0.1.12')).exit).toBe(4);
    expect(looked().slice(1)).toEqual([
      'hosts fitness ["10.0.1.11"]',
      'hosts fitness ["10.0.1.12"]',
    ]);
    expect(machine.cluster('prod').wish).toEqual(before);

    const added = ['member', 'add', 'm12', '--host', '10.0.1.12', '--skip-hosts-check'];
    expect((await machine.type(...added)).exit).toBe(0);
  });

  test('this machine is fit for whatever runs on it', async () => {
    const { machine, looked } = machineWith([TAKEN]);
    expect((await machine.type('up', 'dev')).exit).toBe(0);
    expect(looked()).toEqual([]);
  });
});
