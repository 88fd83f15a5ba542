import { expect, test } from 'vitest';
import type { LabHost } from '../lab/hosts/index.js';
import { hostsFor, longFormOnly } from '../lab/hosts/suite.js';
import { ANY_MINOR, EXIT, LONG, type Ran, type StatusJSON, until } from '../lab/index.js';
import { type TroubledSeat, troubledSeat } from './troubled-seat.js';

/**
 * A whole step is some ten thousand bytes to a host, the connection some four thousand. What is swept ends by itself: at
 * the first count that lets `apply` come to its end.
 */
const FROM_BYTES = 3_000;
const STRIDE_BYTES = LONG ? 1_500 : 9_000;
/** Silence is noticed by deadlines, so that each such point takes its time. */
const SILENT_STRIDE_BYTES = LONG ? 6_000 : 24_000;
const POINTS_MAX = 100;
/** What must be said of a host that was lost: ssh's own words, or that it does not answer. */
const TRUE_REASON =
  /connection|Connection|does not answer|No answer|no answer|not seen|reset|closed|[Cc]annot see/;

interface Lost {
  readonly bytes: number;
  readonly ran: Ran;
}

/** Breaks SSH to a host after more and more bytes of an `apply` that does something each time, and lets it go on. */
async function sweep(
  it: TroubledSeat,
  { how, machines, begin, undo }: Sweep,
): Promise<readonly Lost[]> {
  const stride = how === 'reset' ? STRIDE_BYTES : SILENT_STRIDE_BYTES;
  const lost: Lost[] = [];
  for (let point = 0; point < POINTS_MAX; point++) {
    const bytes = FROM_BYTES + point * stride;
    const file = await begin(point);
    for (const machine of machines()) await machine.breakSshAfter(bytes, how);
    const ran = await it.start(`apply -f ${file} --timeout 20s --yes=${it.name}`).done;
    for (const machine of machines()) await machine.mendSsh();
    if (ran.code === EXIT.done) return lost;
    lost.push({ bytes, ran });
    expect([EXIT.failed, EXIT.blocked, EXIT.waitedTooLong]).toContain(ran.code);
    expect(ran.stderr).toMatch(TRUE_REASON);

    await it.must(`apply -f ${file} --yes=${it.name}`);
    await undo?.(point);
  }
  throw new Error('It never came to its end.');
}

interface Sweep {
  readonly how: 'reset' | 'silence';
  readonly machines: () => readonly LabHost[];
  /** Brings about what `apply` has to do, and answers its spec file. */
  readonly begin: (point: number) => Promise<string>;
  readonly undo?: (point: number) => Promise<unknown>;
}

const HOW = ['reset', 'silence'] as const;

/** The hosts are as if there had never been a cluster, but for the etcd that was brought to them. */
async function forget(it: TroubledSeat): Promise<void> {
  for (const machine of it.hosts.hosts) {
    await machine.run(`systemctl disable --now ${it.unit}
      rm -rf /etc/systemd/system/${it.unit}* /var/lib/quorate/${it.name} /run/quorate/${it.name} ${it.data} ${it.data}.aside
      systemctl daemon-reload; systemctl reset-failed`);
  }
}

test.for(HOW)(
  'SSH lost (%s) anywhere in a birth: the next apply makes it one cluster',
  async (how, context) => {
    longFormOnly(context);
    const hosts = await hostsFor(context, { hosts: 3 });
    let it = await troubledSeat(hosts, ANY_MINOR);
    // Brings etcd to the hosts, which is most of what a first birth sends.
    await it.born();
    await forget(it);
    const names: string[] = [];
    let count = 0;
    for (let point = 0; point < POINTS_MAX; point++) {
      const bytes = FROM_BYTES + point * (how === 'reset' ? STRIDE_BYTES : SILENT_STRIDE_BYTES);
      it = await troubledSeat(hosts, ANY_MINOR, `birth-${how}-${point}`);
      names.push(it.name);
      const file = await it.specFor(3);
      // Not to the first host: some members are told to be born, and others not yet.
      const victims = [it.host(1), it.host(2)];
      for (const machine of victims) await machine.breakSshAfter(bytes, how);
      const ran = await it.start(`apply -f ${file} --timeout 20s`).done;
      for (const machine of victims) await machine.mendSsh();
      if (ran.code === EXIT.done) {
        expect(count).toBeGreaterThan(0);
        return;
      }
      count++;
      expect(ran.stderr).toMatch(TRUE_REASON);
      await it.must(`apply -f ${file}`);
      const status = await it.settled(3);
      const writer = await it.writer();
      await writer.flows();
      await it.nothingWasLost(writer, status);
      await it.oneLifeEach();
      await forget(it);
    }
    throw new Error(`It never came to its end: ${names.length} points.`);
  },
);

test.for(HOW)(
  'SSH lost (%s) anywhere in a change of flags of the running members: the next apply goes on',
  async (how, context) => {
    longFormOnly(context);
    const it = await troubledSeat(await hostsFor(context, { hosts: 3 }), ANY_MINOR);
    const { before } = await it.born();
    const writer = await it.writer();
    const lost = await sweep(it, {
      how,
      machines: () => it.hosts.hosts.slice(1),
      begin: (point) => it.specFor(3, { etcd: { 'snapshot-count': 20_000 + point } }),
    });
    expect(lost.length).toBeGreaterThan(0);
    await theSame(it, before);
    await it.nothingWasLost(writer, await it.settled(3));
    await it.oneLifeEach();
  },
);

test.for(HOW)(
  'SSH lost (%s) anywhere in a growth, to the host that comes: the next apply goes on',
  async (how, context) => {
    longFormOnly(context);
    const it = await troubledSeat(await hostsFor(context, { hosts: 5 }), ANY_MINOR);
    const { before, file } = await it.born();
    const writer = await it.writer();
    const lost = await sweep(it, {
      how,
      machines: () => [it.host(3), it.host(4)],
      begin: () => it.specFor(5),
      undo: async () => {
        await it.settled(5);
        await it.specFor(3);
        await it.must(`apply -f ${file} --yes=${it.name}`);
      },
    });
    expect(lost.length).toBeGreaterThan(0);
    const after = await it.settled(5);
    expect(after.cluster.id).toBe(before.cluster.id);
    await it.nothingWasLost(writer, after);
    await it.oneLifeEach();
  },
);

test('every SSH session dropped again and again while apply works: it comes to its end', async (context) => {
  longFormOnly(context);
  const it = await troubledSeat(await hostsFor(context, { hosts: 5 }), ANY_MINOR);
  const { before } = await it.born();
  const writer = await it.writer();
  const file = await it.specFor(5);
  const applied = it.start(`apply -f ${file}`);
  let hasEnded = false;
  void applied.done.then(() => (hasEnded = true));
  let dropped = 0;
  await until(
    'some sessions were dropped, or it has come to its end',
    async () => {
      for (const machine of it.hosts.hosts) dropped += await machine.dropSshSessions();
      return hasEnded || dropped >= 20 ? { done: true } : { seen: dropped };
    },
    { everyMs: 300 },
  );
  expect(dropped).toBeGreaterThan(0);
  await applied.done;
  await it.must(`apply -f ${file}`);
  const after = await it.settled(5);
  expect(after.cluster.id).toBe(before.cluster.id);
  await it.nothingWasLost(writer, after);
  await it.oneLifeEach();
});

async function theSame(it: TroubledSeat, before: StatusJSON): Promise<void> {
  await it.sameCluster(before, await it.settled(3));
}
