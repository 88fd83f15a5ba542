import { defineProblem, formatDurationMs } from '../../base/index.js';

type HeldElsewhere = {
  readonly cluster: string;
  readonly seat: string;
  readonly endsInMs: number;
  readonly token: string;
};

/**
 * What every store answers when somebody alive holds the lock: whoever waits for it tells it from real trouble. With
 * `seat` the holder's process runs on another machine, and the lock is a lease.
 */
export const lockHeld = defineProblem(
  'lock-held',
  (d: { path: string; pid: number; purpose: string; sinceMs: number } & Partial<HeldElsewhere>) => {
    const since = new Date(d.sinceMs).toISOString();
    const summary = 'Another Quorate acts on this cluster';
    if (d.seat === undefined) {
      return {
        summary,
        detail: `Process ${d.pid} (${d.purpose}) holds ${d.path} since ${since}.`,
        hint: `Wait for it, or end it; members are not affected:\n  kill ${d.pid}`,
      };
    }
    return {
      summary,
      detail: `${d.seat} (process ${d.pid}, ${d.purpose}) has the lock since ${since}. Unless renewed, it ends in ${formatDurationMs(Math.ceil((d.endsInMs ?? 0) / 1000) * 1000)}.`,
      hint: `Wait for it: a seat that is gone loses it by itself. From one that hangs it can be taken; nothing that it still tries is carried out then:\n  quorate apply ${d.cluster ?? ''} --take-over ${d.token ?? ''}`,
    };
  },
);
