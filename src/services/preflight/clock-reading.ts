import type { Clock } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostShell } from '../../engine/ports/index.js';
import { END, PRELUDE, readFields } from './scripts/common.js';
import { CLOCK_GOOD_MS } from './thresholds.js';
import type { ClockSight, LoginSight } from './sights.js';

/** The first one may have to log in, which makes its round trip long and its answer vague; the best of them counts. */
const READINGS = 3;
/** Two hosts that are certainly so near to this machine's clock do not differ by what is too much. */
const NEAR_MS = CLOCK_GOOD_MS / 4;
const LOGIN_MS = 12_000;
const READING_MS = 5_000;

const SCRIPT = `${PRELUDE}say time "$(date +%s.%N)"\n${END}`;

/** Logs in, and reads the host's clock within as short a round trip as can be had. */
export async function logInAndReadClock(
  shell: HostShell,
  clock: Clock,
  host: HostName,
  signal: AbortSignal,
  loginMs = LOGIN_MS,
): Promise<LoginSight> {
  let best: ClockSight | undefined;
  for (let reading = 0; reading < READINGS; reading++) {
    const [beganAt, began] = [clock.now(), clock.monotonicMs()];
    const end = await shell.run(
      host,
      {
        doing: 'read the clock',
        script: SCRIPT,
        deadlineMs: reading === 0 ? loginMs : READING_MS,
      },
      signal,
    );
    const tookMs = clock.monotonicMs() - began;
    if (end.kind !== 'ended') {
      return reading === 0 ? { kind: 'out', problem: end.problem } : { kind: 'in', clock: best };
    }
    const hostMs = timeIn(end.stdout);
    if (hostMs === undefined) continue;
    const sight = { aheadMs: hostMs - (beganAt + tookMs / 2), uncertainMs: tookMs / 2 };
    if (best === undefined || sight.uncertainMs < best.uncertainMs) best = sight;
    if (Math.abs(best.aheadMs) + best.uncertainMs < NEAR_MS) break;
  }
  return { kind: 'in', clock: best };
}

function timeIn(output: Uint8Array): number | undefined {
  // A `date` without nanoseconds prints its letter.
  const text =
    readFields(output)
      ?.one('time')
      ?.replace(/\.%?N$/, '.5') ?? '';
  return /^\d+\.\d+$/.test(text) ? Number(text) * 1000 : undefined;
}
