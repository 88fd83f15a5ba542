import { randomBytes } from 'node:crypto';
import { type TestContext, expect, onTestFinished, test } from 'vitest';
import type { LabHost } from '../lab/hosts/index.js';
import { hostsForAll, longFormOnly } from '../lab/hosts/suite.js';
import { ANY_MINOR, EXIT, LONG, type Ran, until } from '../lab/index.js';
import { type TroubledSeat, troubledSeat } from './troubled-seat.js';

type How = 'reset' | 'silence';

/** How many points of all that `apply` sends to a host are tried. Silence is noticed by deadlines, so that it takes longer. */
const POINTS: Readonly<Record<How, number>> = LONG
  ? { reset: 8, silence: 4 }
  : { reset: 2, silence: 1 };
/** `apply` waits so long for a host that is lost, or as many times as long as it takes when none is. */
const PATIENCE_SECONDS = LONG ? 20 : 6;
const PATIENCE_FACTOR = 3;
/** What a member leaves behind that was removed stays on its host, with a log of 64 MiB at least. */
const DATA_MIB = 2_048;
const TIME = { timeout: LONG ? 1_800_000 : 360_000 };
/** What must be said of a host that was lost: ssh's own words, or that nothing was heard within a time. */
const TRUE_REASON =
  /connection ended in the middle|[Cc]onnection (to \S+ port 22 )?(refused|reset|closed|timed out)|Broken pipe|[Nn]o (answer|login) within/;
/** How an `apply` may end that lost a host on its way. */
const LOST_CODES: readonly unknown[] = [EXIT.failed, EXIT.blocked, EXIT.waitedTooLong];

interface Sweep {
  readonly how: How;
  /** Whose SSH is lost: at every other point of the first alone. */
  readonly machines: readonly LabHost[];
  /** Brings about what `apply` has to do, each time anew, and answers its spec file. */
  readonly begin: () => Promise<string>;
  /** After each `apply` that came to its end. */
  readonly judge?: () => Promise<unknown>;
  readonly of: () => TroubledSeat;
}

/**
 * Lets one `apply` go undisturbed, to see how much it sends; then breaks SSH to the machines in the middle of more and
 * more of that, each time in an `apply` that has as much to do, and lets the next one go on. Answers those that were cut off.
 */
async function sweep({ how, machines, begin, judge, of }: Sweep): Promise<readonly Ran[]> {
  const first = await begin();
  const beganAt = performance.now();
  const whole = await bytesOf(machines, first, of());
  const tookSeconds = (performance.now() - beganAt) / 1000;
  const patience = Math.ceil(Math.max(PATIENCE_SECONDS, PATIENCE_FACTOR * tookSeconds));
  await judge?.();

  const lost: Ran[] = [];
  for (let point = 0; point < POINTS[how]; point++) {
    const share = shareAt((point + 0.5) / POINTS[how]);
    const file = await begin();
    const it = of();
    const victims = machines.slice(0, point % 2 === 0 ? machines.length : 1);
    for (const [index, machine] of victims.entries()) {
      await machine.breakSshAfter(Math.round(share * (whole[index] ?? 0)), how);
    }
    const ran = await it.start(`apply -f ${file} --timeout ${patience}s --yes=${it.name}`).done;
    for (const machine of victims) await machine.mendSsh();
    const where = `${how} after ${Math.round(share * 100)} % of ${whole.join(', ')} bytes`;
    process.stderr.write(`    ${where}, to ${victims.length}: ended with ${ran.code}\n`);
    if (ran.code !== EXIT.done) {
      saysTruly(ran, victims);
      lost.push(ran);
    }
    await it.must(`apply -f ${file} --yes=${it.name}`);
    await judge?.();
  }
  return lost;
}

/** Most is sent by the look whether hosts are fit, before anything is changed: the steps are near the end, and so are the points. */
const shareAt = (evenly: number): number => 1 - (1 - evenly) ** 2;

/** Its last words name a host that was lost, and what is wrong with it. */
function saysTruly(ran: Ran, lost: readonly LabHost[]): void {
  expect(LOST_CODES, ran.stderr).toContain(ran.code);
  const said = /^problem: [^]*/m.exec(ran.stderr)?.[0] ?? ran.stderr;
  expect(said).toMatch(TRUE_REASON);
  expect(
    lost.some(({ address }) => said.includes(address)),
    said,
  ).toBe(true);
  // Node's own complaints are nobody's reason.
  expect(ran.stderr).not.toContain('(node:');
}

async function bytesOf(
  machines: readonly LabHost[],
  file: string,
  it: TroubledSeat,
): Promise<readonly number[]> {
  const bytes: number[] = [];
  const count = machines.reduce(
    (act, machine, index) => async () => {
      bytes[index] = await machine.sshBytesOf(act);
    },
    async (): Promise<unknown> => await it.must(`apply -f ${file} --yes=${it.name}`),
  );
  await count();
  return bytes;
}

/** At its very end the last look may have been taken already; before, it must be noticed. */
function mostWereLost(how: How, lost: readonly Ran[]): void {
  expect(lost.length).toBeGreaterThanOrEqual(Math.ceil(POINTS[how] / 2));
}

const HOW = ['reset', 'silence'] as const;
const shortFormOf = (how: How, context: TestContext) => {
  if (how === 'silence') longFormOnly(context);
};

const lab = hostsForAll({ hosts: 4, dataMiB: DATA_MIB });
let isEtcdThere = false;

/**
 * The seat of a new cluster, on hosts that have etcd already: bringing it is nearly all that a first start sends. At the
 * test's end, and before the next seat, the hosts are as if there had never been a cluster.
 */
async function seat(): Promise<TroubledSeat> {
  if (!isEtcdThere) {
    const first = await seatNamed('brings-etcd');
    await first.born(lab().hosts.length);
    await forget(first.name);
    isEtcdThere = true;
  }
  return await seatNamed(`lost-${randomBytes(3).toString('hex')}`);
}

async function seatNamed(name: string): Promise<TroubledSeat> {
  onTestFinished(async () => await forget(name));
  return await troubledSeat(lab(), ANY_MINOR, name);
}

async function forget(name: string): Promise<void> {
  const unit = `etcd-${name}.service`;
  const data = `/var/lib/etcd/${name}`;
  for (const machine of lab().hosts) {
    await machine.mendSsh();
    await machine.run(`systemctl disable --now ${unit}
      rm -rf /etc/systemd/system/${unit}* /var/lib/quorate/${name} /run/quorate/${name} ${data} ${data}.*
      systemctl daemon-reload; systemctl reset-failed`);
  }
}

test.for(HOW)(
  'SSH lost (%s) in the middle of a birth: the next apply makes it one cluster',
  TIME,
  async (how, context) => {
    shortFormOf(how, context);
    let it = await seat();
    const lost = await sweep({
      how,
      // Not to the first host: some members are told to be born, and others not yet.
      machines: lab().hosts.slice(1, 3),
      of: () => it,
      begin: async () => {
        await forget(it.name);
        it = await seat();
        return await it.specFor(3);
      },
      judge: async () => {
        const status = await it.settled(3);
        const writer = await it.writer();
        await writer.flows();
        await it.nothingWasLost(writer, status);
        await it.oneLifeEach();
      },
    });
    mostWereLost(how, lost);
  },
);

test.for(HOW)(
  'SSH lost (%s) in the middle of a change of flags of the running members: the next apply goes on',
  TIME,
  async (how, context) => {
    longFormOnly(context);
    const it = await seat();
    const { before } = await it.born();
    const writer = await it.writer();
    let count = 20_000;
    const lost = await sweep({
      how,
      machines: lab().hosts.slice(1, 3),
      of: () => it,
      begin: () => it.specFor(3, { etcd: { 'snapshot-count': count++ } }),
      judge: async () => await it.sameCluster(before, await it.settled(3)),
    });
    mostWereLost(how, lost);
    await it.nothingWasLost(writer, await it.settled(3));
    await it.oneLifeEach();
  },
);

test.for(HOW)(
  'SSH lost (%s) in the middle of a growth, to the host that comes: the next apply goes on',
  TIME,
  async (how, context) => {
    shortFormOf(how, context);
    const it = await seat();
    const { before } = await it.born();
    const writer = await it.writer();
    const lost = await sweep({
      how,
      machines: [it.host(3)],
      of: () => it,
      begin: async () => {
        await it.must(`apply -f ${await it.specFor(3)} --yes=${it.name}`);
        return await it.specFor(4);
      },
      judge: async () => {
        const after = await it.settled(4);
        expect(after.cluster.id).toBe(before.cluster.id);
        await it.oneLifeEach();
      },
    });
    mostWereLost(how, lost);
    await it.nothingWasLost(writer, await it.settled(4));
  },
);

test(
  'every SSH session dropped again and again while apply works: it comes to its end',
  TIME,
  async (context) => {
    longFormOnly(context);
    const it = await seat();
    const { before } = await it.born();
    const writer = await it.writer();
    const file = await it.specFor(4);
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
    const ran = await applied.done;
    if (ran.code !== EXIT.done) saysTruly(ran, lab().hosts);
    await it.must(`apply -f ${file}`);
    const after = await it.settled(4);
    expect(after.cluster.id).toBe(before.cluster.id);
    await it.nothingWasLost(writer, after);
    await it.oneLifeEach();
  },
);
