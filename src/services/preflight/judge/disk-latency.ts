import type { DiskTiming, Storage } from '../facts.js';
import { FDATASYNC_BAD_P99_MS, FDATASYNC_GOOD_P99_MS, TIMINGS_FOR_P99 } from '../thresholds.js';
import { type Verdict, judgeOf } from '../verdict.js';

/** How long the disk takes to keep a write for certain: what every write to etcd waits for. */
export function judgeDiskLatency(host: string, { timing, rotational }: Storage): Verdict {
  const says = judgeOf('disk-latency', host);
  const measured = timingText(timing);
  const what = rotational === true ? 'The kernel takes it for a disk that turns; ' : '';
  const hint = `${what}etcd wants 99 of 100 within ${FDATASYNC_GOOD_P99_MS} ms. Give it an SSD that nothing else writes to; a slower one asks for a longer heartbeat-interval and election-timeout.`;
  switch (timing.kind) {
    case 'hung':
      return says.problem('The disk did not keep a single small write within 8 s', {
        hint: 'See what its kernel says:\n  dmesg | tail',
      });
    case 'failed':
      return /no space/i.test(timing.words)
        ? says.unseen('The disk was not timed, because it is full', { detail: timing.words })
        : says.unseen('The disk was not timed, because the host could not', {
            detail: timing.words,
          });
    case 'mean': {
      const told = `${measured} (its slowest were not seen, because the host has dd only)`;
      if (timing.meanMs > FDATASYNC_BAD_P99_MS) return says.problem(told, { hint });
      return timing.meanMs > FDATASYNC_GOOD_P99_MS ? says.warning(told, { hint }) : says.ok(told);
    }
    case 'each': {
      const worst = percentile(timing.tookMs, 99);
      const detail = timing.isUnreserved
        ? 'Space could not be reserved there, so that each write made the file longer, too.'
        : '';
      // Now and then is also what busy processors do to the best of disks.
      const isSlowAlways = percentile(timing.tookMs, 50) > FDATASYNC_GOOD_P99_MS;
      if (worst > FDATASYNC_BAD_P99_MS && isSlowAlways) {
        const as = 'as slow as heartbeats are frequent; leaders will be lost';
        return says.problem(`${measured}: ${as}`, { detail, hint });
      }
      if (worst > FDATASYNC_GOOD_P99_MS) {
        return says.warning(`${measured}: slower than etcd wants`, { detail, hint });
      }
      return says.ok(measured, { detail });
    }
  }
}

function timingText(timing: DiskTiming): string {
  switch (timing.kind) {
    case 'each': {
      const { tookMs, isGentle } = timing;
      const middle = `p50 ${ms(percentile(tookMs, 50))}`;
      const end =
        tookMs.length < TIMINGS_FOR_P99
          ? `slowest ${ms(percentile(tookMs, 100))}`
          : `p99 ${ms(percentile(tookMs, 99))}`;
      const how = isGentle
        ? `${tookMs.length} writes beside an etcd that works there`
        : `${tookMs.length} writes`;
      return `fdatasync ${middle}, ${end} of ${how}`;
    }
    case 'mean':
      return `fdatasync ${ms(timing.meanMs)} in the mean of ${timing.writes} writes`;
    case 'hung':
    case 'failed':
      return '';
  }
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** The smallest value that so many of a hundred do not exceed. With few values the slowest one. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}
