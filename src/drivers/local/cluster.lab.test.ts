import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HostName, SUPPORTED_MINORS } from '../../core/cluster/index.js';
import type { Launch } from '../../core/planner/index.js';
import { untilLogSays, untilProcess } from '../conformance/index.js';
import { type LocalRig, makeLocalRig } from './local-rig.js';

const NEVER = new AbortController().signal;

/** The ends that only a member of a real cluster meets, with the words of each supported minor. */
describe.each(SUPPORTED_MINORS)('a member of a cluster, etcd %s', (minor) => {
  let rig: LocalRig;
  let a: HostName;
  let b: HostName;
  beforeEach(async () => {
    rig = await makeLocalRig(minor);
    [a, b] = rig.hosts;
  });
  afterEach(() => rig.dispose());

  const both = () =>
    [a, b].map((host) => rig.launchFor(host, 'birth').flags['initial-cluster'] ?? '').join(',');
  const launch = (host: HostName, purpose: Launch['purpose'], state: 'new' | 'existing') => {
    const plain = rig.launchFor(host, 'birth');
    const token = { 'initial-cluster-token': 'shared', 'initial-cluster-state': state };
    return { ...plain, purpose, flags: { ...plain.flags, 'initial-cluster': both(), ...token } };
  };
  const start = async (host: HostName, purpose: Launch['purpose'], state: 'new' | 'existing') => {
    const outcome = await rig.driver.start(host, launch(host, purpose, state), NEVER);
    expect(outcome.kind).toBe('applied');
  };
  const exitOf = async (host: HostName) =>
    (await untilProcess(rig.driver, host, 'stopped')).lastExit;
  const askFirst = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const url = rig.launchFor(a, 'birth').flags['listen-client-urls'] ?? '';
    const response = await fetch(`${url}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as Record<string, unknown>;
  };
  const bothServe = async () => {
    await start(a, 'birth', 'new');
    await start(b, 'birth', 'new');
    for (const host of [a, b]) {
      await untilLogSays(rig.driver, host, 'ready to serve client requests');
    }
  };
  const lose = async (host: HostName) => {
    await rig.signalMember(host, 'SIGKILL');
    await untilProcess(rig.driver, host, 'stopped');
    await rig.wipe(host);
  };

  test('that lost its data and comes back as new is told that it was here before', async () => {
    await bothServe();
    await lose(b);
    await start(b, 'birth', 'new');
    expect(await exitOf(b)).toMatchObject({ reason: 'already-bootstrapped', beforeRaft: true });
    expect((await rig.driver.observe(b, NEVER)).data).toEqual({ kind: 'empty' });
  });

  test('that was removed says so, whichever way it exits, and keeps its data', async () => {
    await bothServe();
    const { members } = (await askFirst('cluster/member/list', {})) as {
      members: { ID: string; name: string }[];
    };
    const id = members.find(({ name }) => name === b)?.ID;
    await askWhenConnected(() => askFirst('cluster/member/remove', { ID: id }));
    expect(await exitOf(b)).toMatchObject({ reason: 'removed', beforeRaft: false });
    expect((await rig.driver.observe(b, NEVER)).data.kind).toBe('present');
    await start(b, 'restart', 'existing');
    expect(await exitOf(b)).toMatchObject({ reason: 'removed' });
  });
});

/** etcd refuses a change while its members are not connected for five seconds (facts sheet 5.2). */
async function askWhenConnected(ask: () => Promise<unknown>): Promise<void> {
  for (const until = performance.now() + 20_000; ;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
