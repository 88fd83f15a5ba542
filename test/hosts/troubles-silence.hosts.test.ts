import { expect, test } from 'vitest';
import type { LabHost } from '../lab/hosts/index.js';
import { hostsFor, longFormOnly } from '../lab/hosts/suite.js';
import { ANY_MINOR, EXIT, type StatusJSON, followersOf, leaderOf } from '../lab/index.js';
import { troubledSeat } from './troubled-seat.js';

/** A command that looks has a host's deadline to wait for, and not that of a person. */
const LOOK_MS = 30_000;

test('a frozen host: the others serve, nothing is concluded of it, and it goes on where it was', async (context) => {
  longFormOnly(context);
  const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
  const { before, file } = await it.born();
  const writer = await it.writer();
  const machine = it.machineOf(leaderOf(before));

  await machine.freeze();
  await writer.flows();
  const during = await it.untilStatus('it is seen', ({ cluster }) => cluster.margin === 0);
  expect(during.members.filter(({ healthy }) => !healthy).map(({ host }) => host)).toEqual([
    machine.address,
  ]);
  expect(during.plan.kind).not.toBe('steps');
  const told = await it.start(`apply -f ${file} --timeout 10s`).done;
  expect([EXIT.blocked, EXIT.waitedTooLong]).toContain(told.code);
  expect(told.stderr).toContain(machine.address);

  await machine.thaw();
  const after = await it.settled(3);
  await it.sameCluster(before, after);
  await it.nothingWasLost(writer, after);
  expect((await it.deeds()).filter(({ kind }) => kind === 'remove-member')).toEqual([]);
});

/** Three ways in which a seat does not see a host whose member is well. */
const UNSEEN: readonly {
  readonly what: string;
  readonly begin: (host: LabHost) => Promise<void>;
  readonly end: (host: LabHost) => Promise<void>;
  /** Whether its member still answers the seat. */
  readonly answers: boolean;
}[] = [
  {
    what: 'an sshd that hangs',
    begin: (host) => host.hangSshd(),
    end: (host) => host.resumeSshd(),
    answers: true,
  },
  {
    what: 'a partition between the seat and a host',
    begin: (host) => host.cutFrom('seat'),
    end: (host) => host.mend('seat'),
    answers: false,
  },
];

test.for(UNSEEN)(
  '$what: told within a bound, nothing is done to it, and another host’s member is still mended',
  async ({ begin, end, answers }, context) => {
    longFormOnly(context);
    const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
    const { before, file } = await it.born();
    const writer = await it.writer();
    const [unseen, stopped] = followersOf(before);
    if (unseen === undefined || stopped === undefined) throw new Error('two must follow');
    const machine = it.machineOf(unseen);

    await begin(machine);
    // Somebody stops the other follower’s member by hand: that is Quorate’s to mend, whomever else it cannot see.
    await it.machineOf(stopped).must(`systemctl stop ${it.unit}`);
    const status = (
      await it.start(`status ${it.name} -o json`, { timeoutMs: LOOK_MS }).done
    ).json<StatusJSON>();
    expect(status.members.find(({ host }) => host === unseen.host)?.healthy).toBe(answers);
    const planned = await it.start(`plan -f ${file}`, { timeoutMs: LOOK_MS }).done;
    expect(planned.code).toBe(EXIT.changes);
    expect(planned.stdout).toContain(stopped.name);

    const applied = await it.start(`apply -f ${file} --timeout 30s`).done;
    // All that can be done is done; that the rest is not known is said, with whom to look at.
    expect(applied.code).toBe(EXIT.blocked);
    expect(applied.stderr).toContain(`Cannot see host ${machine.address}`);
    await it.runsOn(it.machineOf(stopped));
    await writer.flows();
    const told = await it.status();
    const problems = told.members.find(({ host }) => host === unseen.host)?.problems ?? [];
    expect(problems.map(({ code }) => code)).toContain('member-host-unseen');
    expect(told.plan).toMatchObject({ kind: 'blocked', problem: { code: 'host-unseen' } });
    expect(told.plan.problem?.summary).toContain(machine.address);
    expect(told.plan.problem?.data).toMatchObject({ memberAnswers: answers });
    expect(told.plan.problem?.detail).toMatch(/Not seen for \d/);

    await end(machine);
    const after = await it.settled(3);
    await it.sameCluster(before, after);
    await it.nothingWasLost(writer, after);
    await it.must(`apply -f ${file}`);
    const deeds = await it.deeds();
    expect(deeds.filter(({ kind }) => /remove|add|set-aside/.test(kind))).toEqual([]);
  },
);

test('a partition between the leader’s host and another: two go on, and afterwards all three do', async (context) => {
  longFormOnly(context);
  const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
  const { before, file } = await it.born();
  const writer = await it.writer();
  await it.keeper();
  const [follower] = followersOf(before);
  if (follower === undefined) throw new Error('nobody follows');
  const machine = it.machineOf(follower);
  const leaders = it.machineOf(leaderOf(before));

  await machine.cutFrom(leaders);
  await it.untilStatus('it is seen', ({ cluster }) => cluster.state === 'degraded');
  await writer.flows();
  await machine.mend(leaders);

  const after = await it.settled(3);
  await it.sameCluster(before, after);
  await it.nothingWasLost(writer, after);
  await it.must(`plan -f ${file}`);
  const deeds = await it.deeds();
  expect(deeds.filter(({ kind }) => /remove|add|set-aside|stop/.test(kind))).toEqual([]);
});

test('a cable that is pulled: the others serve, nobody is removed for it, and plugged in all is well', async (context) => {
  longFormOnly(context);
  const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
  const { before } = await it.born();
  const writer = await it.writer();
  await it.keeper();
  const machine = it.machineOf(leaderOf(before));

  await machine.linkDown();
  await writer.flows();
  const during = await it.untilStatus('it is seen', ({ cluster }) => cluster.margin === 0);
  expect(during.plan.kind).not.toBe('steps');
  await machine.linkUp();

  const after = await it.settled(3);
  await it.sameCluster(before, after);
  await it.nothingWasLost(writer, after);
  expect((await it.deeds()).filter(({ kind }) => /remove|add/.test(kind))).toEqual([]);
});
