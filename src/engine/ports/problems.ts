import { defineProblem } from '../../base/index.js';

/** What every store answers when somebody alive holds the lock: whoever waits for it tells it from real trouble. */
export const lockHeld = defineProblem(
  'lock-held',
  (d: { path: string; pid: number; purpose: string; sinceMs: number }) => ({
    summary: 'Another Quorate acts on this cluster',
    detail: `Process ${d.pid} (${d.purpose}) holds ${d.path} since ${new Date(d.sinceMs).toISOString()}.`,
    hint: `Wait for it, or end it; members are not affected:\n  kill ${d.pid}`,
  }),
);
