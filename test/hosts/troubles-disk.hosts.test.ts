import { expect, test } from 'vitest';
import { createClient } from '../../src/etcd/index.js';
import { ANY_MINOR, EXIT, clientURLs, followersOf, leaderOf, until } from '../lab/index.js';
import { hostsFor } from '../lab/hosts/suite.js';
import { problemsIn, troubledSeat } from './troubled-seat.js';

test('a disk that was wiped: never started under its old identity, by a boot neither; replaced by apply', async (context) => {
  const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
  const { before, file } = await it.born();
  const writer = await it.writer();
  const lost = leaderOf(before);
  const machine = it.machineOf(lost);

  await machine.wipeDisk();
  await it.staysDownOn(machine);
  await machine.reboot();
  await it.staysDownOn(machine);
  await writer.flows();
  const plan = await it.ends(EXIT.changes, `plan -f ${file}`);
  expect(plan.stdout).toContain('remove');

  await it.must(`apply -f ${file}`);
  const after = await it.settled(3);
  await it.sameCluster(before, after, [lost.name]);
  expect((await it.deeds()).map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(
    expect.arrayContaining([
      'remove-member applied',
      'add-learner applied',
      'promote-learner applied',
    ]),
  );
  await it.nothingWasLost(writer, after);
  await it.oneLifeEach();
});

test('a disk that is wiped while somebody keeps the cluster: replaced without being asked', async (context) => {
  const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
  const { before } = await it.born();
  const writer = await it.writer();
  await it.keeper();
  const [lost] = followersOf(before);
  if (lost === undefined) throw new Error('nobody follows');

  await it.machineOf(lost).wipeDisk();
  const after = await until('another member is in its place', async () => {
    const status = await it.settled(3);
    const id = status.members.find(({ name }) => name === lost.name)?.id;
    return id !== undefined && id !== lost.id ? { done: status } : { seen: id };
  });
  await it.sameCluster(before, after, [lost.name]);
  await it.nothingWasLost(writer, after);
  await it.oneLifeEach();
});

test('a disk that is full: told as full, the others serve, and with space the member is back by itself', async (context) => {
  const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
  const { before } = await it.born();
  const writer = await it.writer();
  const [victim] = followersOf(before);
  if (victim === undefined) throw new Error('nobody follows');
  const machine = it.machineOf(victim);

  await machine.fillDisk();
  // What lands in the database makes it grow.
  const client = createClient({ endpoints: clientURLs(before) });
  try {
    const value = 'x'.repeat(900_000);
    await until('its full disk is told', async () => {
      const put = await client.kv.put('big', value, { deadlineMs: 1500 });
      const status = await it.status();
      const codes = problemsIn(status).map(({ code }) => code);
      return codes.includes('member-disk-full')
        ? { done: true }
        : { seen: { put: put.ok, codes, cluster: status.cluster } };
    });
  } finally {
    await client.close();
  }
  await writer.flows();
  const during = await it.status();
  expect(during.cluster).toMatchObject({ state: 'degraded', margin: 0 });
  expect(during.members.filter(({ healthy }) => !healthy).map(({ name }) => name)).toEqual([
    victim.name,
  ]);

  await machine.freeDisk();
  await it.runsOn(machine);
  const after = await it.settled(3);
  await it.sameCluster(before, after);
  await it.nothingWasLost(writer, after);
});
