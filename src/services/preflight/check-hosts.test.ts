import { expect, test } from 'vitest';
import { instantOf, seededRandom, unsafeBrand } from '../../base/index.js';
import { type VirtualClock, virtualClock } from '../../base/testing/virtual-clock.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostShell, ShellCommand, ShellEnd } from '../../engine/ports/index.js';
import { checkHosts } from './check-hosts.js';
import { logInAndReadClock } from './clock-reading.js';
import { hostAt, wishFor } from './testing/sights.js';

const never = (): AbortSignal => new AbortController().signal;
const host = (name: string): HostName => unsafeBrand(name);
const said = (...lines: readonly string[]): ShellEnd => ({
  kind: 'ended',
  code: 0,
  stdout: Buffer.from([...lines, 'end\t', ''].join('\n')),
  stderr: '',
});
const problem = { code: 'x', summary: 'No answer', detail: '', hint: '', data: {} };

/** Answers each command after so long; a host that hangs is cut at the command's deadline. */
const shellOf = (
  clock: VirtualClock,
  answer: (name: string, command: ShellCommand) => { ms: number; end: ShellEnd } | 'hangs',
): HostShell => ({
  run: async (name, command, signal) => {
    const answered = answer(name, command);
    if (answered === 'hangs') {
      await clock.sleep(command.deadlineMs, signal);
      return { kind: 'cut', problem };
    }
    await clock.sleep(answered.ms, signal);
    return answered.end;
  },
});

const EPOCH = instantOf(1_000_000_000_000);

test('a clock is read in the quickest of a few round trips, and is only as certain as that', async () => {
  const clock = virtualClock(EPOCH);
  const trips = [400, 20, 60];
  // Read in the middle of the trip, on a clock that is 250 ms ahead.
  const shell = shellOf(clock, () => {
    const ms = trips.shift() ?? 0;
    const at = (clock.now() + ms / 2 + 250) / 1000;
    return { ms, end: said(`time\t${at.toFixed(3)}000000`) };
  });
  const reading = logInAndReadClock(shell, clock, host('a'), never());
  await clock.run({});
  expect(await reading).toEqual({ kind: 'in', clock: { aheadMs: 250, uncertainMs: 10 } });
});

test('a clock that is certainly near is read once', async () => {
  const clock = virtualClock(EPOCH);
  let readings = 0;
  const shell = shellOf(clock, () => {
    readings++;
    return { ms: 20, end: said(`time\t${((clock.now() + 10) / 1000).toFixed(3)}`) };
  });
  const reading = logInAndReadClock(shell, clock, host('a'), never());
  await clock.run({});
  expect(await reading).toMatchObject({ clock: { aheadMs: 0, uncertainMs: 10 } });
  expect(readings).toBe(1);
});

test('a clock without fractions of a second is read to half of one', async () => {
  const clock = virtualClock(EPOCH);
  const shell = shellOf(clock, () => ({ ms: 0, end: said(`time\t${EPOCH / 1000}.%N`) }));
  const reading = logInAndReadClock(shell, clock, host('a'), never());
  await clock.run({});
  expect(await reading).toMatchObject({ kind: 'in', clock: { aheadMs: 500 } });
});

/** What a host on which nothing is wrong says to each script; only what this test looks at. */
function wellSaid(clock: VirtualClock, { doing }: ShellCommand): ShellEnd {
  switch (doing) {
    case 'read the clock':
      return said(`time\t${((clock.now() + 1) / 1000).toFixed(3)}`);
    case 'listen at the ports':
      return said('listen\t0 up 11 systemd', 'listen\t1 up 12 systemd');
    case 'connect to the others':
      return said('how\tbash', 'dial\t0 1 Connection refused', 'dial\t1 1 Connection refused');
    default:
      return said('kernel\t6.1.0', 'init\tsystemd');
  }
}

test('a host that hangs after the login is told, is cut, and the ways of the others are tried without it', async () => {
  const clock = virtualClock(EPOCH);
  const asked: string[] = [];
  const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map(hostAt);
  const shell = shellOf(clock, (name, command) => {
    asked.push(`${clock.monotonicMs()} ${name} ${command.doing}`);
    if (name === '127.0.0.3' && command.doing !== 'read the clock') return 'hangs';
    return { ms: 2, end: wellSaid(clock, command) };
  });
  const checking = checkHosts(
    { shell, clock, random: seededRandom(1) },
    // No way from this machine is tried: time does not pass by itself here.
    { ...wishFor(hosts), keptBy: 'process' },
    { signal: never() },
  );
  await clock.run({ untilMs: 60_000 });
  const { verdicts } = await checking;
  expect(asked).toContain('14000 127.0.0.1 connect to the others');
  const lines = verdicts
    .filter(({ standing }) => standing === 'unseen')
    .map(({ host: name, to, check, summary }) => [name, to, check, summary]);
  expect(lines).toContainEqual([
    '127.0.0.3',
    undefined,
    'system',
    'The host was not looked at, because No answer',
  ]);
  expect(lines).toContainEqual([
    '127.0.0.3',
    '127.0.0.1',
    'reach',
    '127.0.0.1:2380 (peer) was not tried, because No answer',
  ]);
  // Those that listen are ended, whoever hangs.
  expect(asked.filter((line) => line.endsWith('end the listeners')).sort()).toHaveLength(2);
});

test('only what is asked for is looked at, with the ways from and to it', async () => {
  const clock = virtualClock(EPOCH);
  const looked: string[] = [];
  const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map(hostAt);
  const shell = shellOf(clock, (name, command) => {
    if (command.doing === 'look at the host') looked.push(name);
    return { ms: 1, end: wellSaid(clock, command) };
  });
  const checking = checkHosts(
    { shell, clock, random: seededRandom(1) },
    { ...wishFor(hosts), keptBy: 'process' },
    { only: [host('127.0.0.2')], signal: never() },
  );
  await clock.run({ untilMs: 60_000 });
  const { verdicts } = await checking;
  expect(looked).toEqual(['127.0.0.2']);
  const ways = verdicts.flatMap(({ host: from, to, check }) =>
    check === 'reach' ? [`${from} → ${to ?? ''}`] : [],
  );
  expect([...new Set(ways)].sort()).toEqual([
    '127.0.0.1 → 127.0.0.2',
    '127.0.0.2 → 127.0.0.1',
    '127.0.0.2 → 127.0.0.3',
    '127.0.0.3 → 127.0.0.2',
  ]);
});
