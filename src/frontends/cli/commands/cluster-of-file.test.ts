import { describe, expect, test } from 'vitest';
import { fakeMachine } from '../testing/fake-machine.js';

const SPEC = `apiVersion: quorate.dev/v1alpha1
kind: EtcdCluster
metadata: { name: prod }
spec:
  version: "3.6"
  driver: { local: {} }
  members: [{ name: a1 }, { name: a2 }, { name: a3 }]
`;

async function withTwoClusters() {
  const machine = fakeMachine();
  machine.files.set('prod.yaml', SPEC);
  await machine.type('up', 'lab');
  await machine.type('apply', '-f', 'prod.yaml');
  return machine;
}

describe('a spec file names the cluster that is meant', () => {
  test.each([
    ['status', 'prod'],
    ['member list', 'a1'],
    ['pause', 'prod'],
    ['down', 'prod'],
  ])('%s', async (command, told) => {
    const machine = await withTwoClusters();
    const { exit, out, err } = await machine.type(...command.split(' '), '-f', 'prod.yaml');
    expect({ exit, err }).toMatchObject({ exit: 0 });
    expect(out + err).toContain(told);
  });

  test('what it asks for is not applied by that', async () => {
    const machine = await withTwoClusters();
    machine.files.set('prod.yaml', SPEC.replace('{ name: a3 }', '{ name: a4 }'));
    await machine.type('pause', '-f', 'prod.yaml');
    expect(machine.cluster('prod').wish?.spec.members.map(({ name }) => name)).toEqual([
      'a1',
      'a2',
      'a3',
    ]);
    expect(machine.cluster('prod').wish?.paused).toBe(true);
  });

  test('a cluster that nobody began: how to begin it', async () => {
    const machine = fakeMachine();
    machine.files.set('prod.yaml', SPEC);
    const { exit, err } = await machine.type('status', '-f', 'prod.yaml');
    expect(exit).toBe(2);
    expect(err).toContain('[not-begun]');
    expect(err).toContain('quorate apply -f prod.yaml');
  });

  test('another name on the command line contradicts it', async () => {
    const machine = await withTwoClusters();
    const { exit, err } = await machine.type('status', 'lab', '-f', 'prod.yaml');
    expect(exit).toBe(2);
    expect(err).toContain('[names-differ]');
  });

  test('a file that is none, with exit code 2', async () => {
    const { exit } = await fakeMachine().type('status', '-f', 'none.yaml');
    expect(exit).toBe(2);
  });
});
