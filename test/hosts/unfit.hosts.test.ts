import { type TestContext, expect, test } from 'vitest';
import { ANY_MINOR, EXIT, type ProblemJSON } from '../lab/index.js';
import { hostsFor } from '../lab/hosts/suite.js';
import { type Seat, seatOf } from './seat.js';

/** What a plan or an apply says when hosts are not fit. */
const unfit = (...lines: readonly RegExp[]) => ({
  code: 'hosts-unfit',
  detail: expect.stringMatching(new RegExp(lines.map(({ source }) => source).join('[^]*'))),
});

async function seatWith(context: TestContext, hosts: number): Promise<Seat> {
  return await seatOf(await hostsFor(context, { hosts }), { version: ANY_MINOR });
}

test('no cluster is founded where a port is taken and a disk is full; once both are mended it is', async (context) => {
  const seat = await seatWith(context, 3);
  const file = await seat.spec(seat.first(3));
  const [, one, two] = seat.hosts.hosts;
  if (one === undefined || two === undefined) throw new Error('There are three hosts.');
  await one.must('systemd-run --unit=squatter systemd-socket-activate --accept -l 2379 cat');
  await two.fillDisk();

  const planned = await seat.ends(EXIT.blocked, `plan -f ${file} -o json`);
  const why = unfit(
    /^10\.0\.1\.11: 10\.0\.1\.11:2379 \(client\) is taken by systemd-socket- \(process \d+\)\n {2}End it/,
    /10\.0\.1\.12: Only \d[^\n]* free of [^\n]*: a member needs 256\.0 MiB to begin with\n {2}Make room/,
  );
  expect(planned.json()).toMatchObject({ kind: 'blocked', steps: [], problem: why });
  const applied = await seat.ends(EXIT.blocked, `apply -f ${file} -o json`);
  expect(applied.json<{ problems: ProblemJSON[] }>().problems).toMatchObject([why]);
  for (const each of seat.hosts.hosts) {
    expect(
      await each.must('ls /var/lib/quorate /etc/systemd/system/etcd-* 2> /dev/null; true'),
    ).toBe('');
  }

  await one.must('systemctl stop squatter');
  await two.freeDisk();
  const plan = await seat.ends(EXIT.changes, `plan -f ${file}`);
  // Those of a lab: nobody keeps their time.
  expect(plan.stderr).toMatch(
    /^warning: 10\.0\.1\.10, 10\.0\.1\.11, 10\.0\.1\.12: time-keeping: /m,
  );
  await seat.must(`apply -f ${file}`);
  await seat.settled(3);
});

test('who takes the place of a dead host must be fit, and is not blamed for the dead one', async (context) => {
  const seat = await seatWith(context, 4);
  await seat.must(`apply -f ${await seat.spec(seat.first(3))}`);
  await seat.settled(3);
  const [, , dead, next] = seat.hosts.hosts;
  if (dead === undefined || next === undefined) throw new Error('There are four hosts.');
  await dead.powerCut();
  await next.fillDisk();
  const members = seat.first(4).filter(({ name }) => name !== 'etcd2');
  const applying = `apply -f ${await seat.spec(members)} --yes=${seat.name}`;

  const refused = await seat.ends(EXIT.blocked, `${applying} -o json`);
  expect(refused.json<{ problems: ProblemJSON[] }>().problems).toMatchObject([
    { code: 'hosts-unfit', detail: expect.stringMatching(/^10\.0\.1\.13: Only [^\n]*\n[^\n]*$/) },
  ]);

  await next.freeDisk();
  await seat.must(applying);
  const { members: after } = await seat.settled(3);
  expect(after.map(({ name }) => name)).toEqual(['etcd0', 'etcd1', 'etcd3']);
});
