import { expect, test } from 'vitest';
import { ANY_MINOR, clientURLs, contentOf, followersOf, leaderOf } from '../lab/index.js';
import { hostsFor } from '../lab/hosts/suite.js';
import { troubledSeat } from './troubled-seat.js';

test('a host that is started again: its member is back by systemd alone, nobody of Quorate is there', async (context) => {
  const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
  const { before } = await it.born();
  const writer = await it.writer();

  for (const member of [leaderOf(before), ...followersOf(before).slice(0, 1)]) {
    const machine = it.machineOf(member);
    await machine.reboot();
    await it.runsOn(machine);
    await writer.flows();
  }

  const after = await it.settled(3);
  await it.sameCluster(before, after);
  await it.nothingWasLost(writer, after);
  await it.oneLifeEach();
});

test('power fails at the leader’s host: the others serve, and with power it is back with its data', async (context) => {
  const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
  const { before, file } = await it.born();
  const writer = await it.writer();
  const machine = it.machineOf(leaderOf(before));

  await machine.powerCut();
  await writer.flows();
  const during = await it.status();
  expect(during.cluster).toMatchObject({ state: 'degraded', voters: 3, margin: 0 });
  expect(during.members.filter(({ healthy }) => !healthy).map(({ host }) => host)).toEqual([
    machine.address,
  ]);
  // A host that is off is not a member that is lost.
  expect(during.plan.kind).not.toBe('steps');

  await machine.powerOn();
  await it.runsOn(machine);
  const after = await it.settled(3);
  await it.sameCluster(before, after);
  await it.nothingWasLost(writer, after);
  await it.oneLifeEach();
  await it.must(`plan -f ${file}`);
});

test('power fails everywhere at once: with power the cluster is back by systemd alone, with every write', async (context) => {
  const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
  const { before } = await it.born();
  const writer = await it.writer();
  await writer.flows(50);

  await Promise.all(it.hosts.hosts.map((machine) => machine.powerCut()));
  await writer.stop();
  await Promise.all(it.hosts.hosts.map((machine) => machine.powerOn()));
  await Promise.all(it.hosts.hosts.map((machine) => it.runsOn(machine)));

  const after = await it.settled(3);
  await it.sameCluster(before, after);
  await it.nothingWasLost(writer, after);
  expect((await contentOf(clientURLs(after))).size).toBeGreaterThan(0);
  await it.oneLifeEach();
  // Nobody but the birth has acted.
  expect((await it.journal()).filter(({ kind }) => kind === 'controller-started')).toHaveLength(1);
});
