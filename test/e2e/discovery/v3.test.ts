/** Real members find each other by a token in the etcd itself: etcd's v3 protocol. */
import { describe, expect, test } from 'vitest';
import { type Lab, lab } from '../../lab/index.js';
import { areOneCluster, startMember } from './members.js';
import { type Service, flagsFor, look, newToken, startService } from './service.js';

const NAMES = ['etcd0', 'etcd1', 'etcd2'] as const;

async function open(): Promise<{ readonly it: Lab; readonly service: Service }> {
  const it = await lab({ version: '3.6' });
  return { it, service: await startService(it) };
}

describe.each(['3.6', '3.7'])('etcd %s', (etcd) => {
  test('three members are one cluster, a fourth is told that it is full, and `show` knows them', async () => {
    const { it } = await open();
    const token = await newToken(it);
    const flags = flagsFor(token, etcd);
    const members = await Promise.all(NAMES.map((name) => startMember(it, { name, etcd, flags })));
    const clusterID = await areOneCluster(members);
    expect(await look(it, token.token)).toMatchObject({
      state: 'closed',
      clusterID,
      missing: 0,
      problems: [],
    });
    const fourth = await startMember(it, { name: 'etcd3', etcd, flags });
    expect(await fourth.ended).toBe(1);
    expect(await fourth.log()).toMatch(/cluster is full/);
  });

  test('two members with one name burn the token, and `show` says so', async () => {
    const { it } = await open();
    const token = await newToken(it, ' --protocol v3 --size 2');
    const flags = flagsFor(token, etcd);
    const twins = await Promise.all(
      [0, 1].map(() => startMember(it, { name: 'twin', etcd, flags })),
    );
    expect(await Promise.all(twins.map(({ ended }) => ended))).not.toContain(0);
    const seen = await look(it, token.token);
    expect(seen.state).toBe('burnt');
    expect(seen.problems.map(({ code }) => code)).toContain('discovery-duplicate-name');
  });
});

test('a token for both protocols is used by one of them: whoever comes over the other ends', async () => {
  const { it, service } = await open();
  const overV2 = await newToken(it, ' --size 2');
  await startMember(it, { name: 'etcd0', etcd: '3.5', flags: flagsFor(overV2, '3.5') });
  await service.running.says(/etcd0 registered/);
  const late = await startMember(it, {
    name: 'etcd1',
    etcd: '3.7',
    flags: flagsFor(overV2, '3.7'),
  });
  expect(await late.ended).toBe(1);
  expect(await late.log()).toMatch(/size key not found/);

  const overV3 = await newToken(it, ' --size 2');
  await startMember(it, { name: 'etcd2', etcd: '3.7', flags: flagsFor(overV3, '3.7') });
  await expect
    .poll(async () => (await look(it, overV3.token)).members, { timeout: 30_000 })
    .toHaveLength(1);
  const other = await startMember(it, {
    name: 'etcd3',
    etcd: '3.5',
    flags: flagsFor(overV3, '3.5'),
  });
  expect(await other.ended).toBe(1);
  expect(await other.log()).toMatch(/is used over the protocol v3/);
});
