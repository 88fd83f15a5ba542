import { formatDurationMs } from '../../../base/index.js';
import type { HostFacts } from '../facts.js';
import type { ClockSight, HostSight } from '../sights.js';
import { CLOCK_BAD_MS, CLOCK_GOOD_MS } from '../thresholds.js';
import { SEAT, type Verdict, judgeOf } from '../verdict.js';

interface Read {
  readonly host: string;
  readonly clock: ClockSight;
}

/**
 * How far the clocks differ. Each host's against this machine's is told; whether two of them agree counts, and this machine is
 * one of the two where certificates are made on it.
 */
export function judgeClocks(hosts: readonly HostSight[]): readonly Verdict[] {
  const read: Read[] = [];
  const verdicts: Verdict[] = [];
  for (const { host, login } of hosts) {
    if (login.kind === 'out') continue;
    const { clock } = login;
    if (clock === undefined) {
      verdicts.push(judgeOf('clock', host.host).unseen('Its clock could not be read'));
      continue;
    }
    read.push({ host: host.host, clock });
    const here: Read = { host: SEAT, clock: { aheadMs: 0, uncertainMs: 0 } };
    verdicts.push(judgePair({ host: host.host, clock }, here));
  }
  for (const [at, one] of read.entries()) {
    for (const other of read.slice(at + 1)) {
      const verdict = judgePair(one, other);
      if (verdict.standing !== 'ok') verdicts.push(verdict);
    }
  }
  return verdicts;
}

function judgePair(one: Read, other: Read): Verdict {
  const says = judgeOf('clock', one.host, other.host === SEAT ? undefined : other.host);
  const difference = one.clock.aheadMs - other.clock.aheadMs;
  const uncertain = one.clock.uncertainMs + other.clock.uncertainMs;
  const size = Math.abs(difference);
  const side = difference < 0 ? 'behind' : 'ahead of';
  const of = other.host === SEAT ? 'this machine' : other.host;
  const text = `${formatDurationMs(size)} ${side} ${of} (± ${formatDurationMs(Math.ceil(uncertain))})`;
  const hint =
    'Let all of them keep the time by the same servers, for example:\n  systemctl enable --now systemd-timesyncd   # or chronyd';
  if (size - uncertain > CLOCK_BAD_MS) {
    return says.problem(`${text}: certificates that are new are not valid yet on the slower one`, {
      hint,
    });
  }
  if (size - uncertain > CLOCK_GOOD_MS)
    return says.warning(`${text}: etcd will complain`, { hint });
  if (size + uncertain > CLOCK_GOOD_MS) {
    return says.unseen(
      `Whether the clocks agree cannot be told, because it answers slowly: ${text}`,
    );
  }
  return says.ok(text);
}

const KEEPERS = new Set(['systemd-timesyncd', 'chrony', 'chronyd', 'ntp', 'ntpd', 'ntpsec']);

/** Whether anything keeps the clock right from now on. */
export function judgeTimeKeeping(host: string, { active, synchronized }: HostFacts): Verdict {
  const says = judgeOf('time-keeping', host);
  const keeper = active.find((service) => KEEPERS.has(service));
  const hint =
    'Enable one, for example:\n  systemctl enable --now systemd-timesyncd   # or chronyd';
  if (keeper === undefined) {
    // The machine below a virtual one, or one that we do not know, may keep it.
    if (synchronized === true) return says.ok('the clock is kept, by something we do not know');
    return says.warning('Nothing keeps the clock right', { hint });
  }
  if (synchronized === false) {
    return says.warning(`${keeper} runs, but the clock does not follow any server yet`, {
      hint: 'See why:\n  timedatectl timesync-status   # or: chronyc tracking',
    });
  }
  return says.ok(`${keeper} keeps the clock`);
}
