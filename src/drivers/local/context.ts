import {
  type Clock,
  type Instant,
  type Logger,
  type Outcome,
  type Random,
  type Result,
  isAbort,
  refused,
} from '../../base/index.js';
import type { EtcdVersion, HostName } from '../../core/cluster/index.js';
import { cancelled } from './problems.js';
import type { ProcessTable, SeenProcess } from './process-table.js';

/** What every part of the driver works with. */
export interface Context {
  readonly stateDir: string;
  readonly binaryFor: (version: EtcdVersion, signal: AbortSignal) => Promise<Result<string>>;
  /** Program and first words of the command that is a gateway. */
  readonly gatewayCommand: readonly string[];
  readonly gatewayTLS?: { readonly own: string; readonly trust: string };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly table: ProcessTable;
  readonly sightings: Sightings;
}

/**
 * When this controller last saw each host's process alive, to date the end of a life that left no record. A hint
 * only: nothing is decided by its absence.
 */
export interface Sightings {
  alive(host: HostName, process: SeenProcess, at: Instant): void;
  lastSeen(host: HostName, startMark: string | undefined): number | undefined;
}

export function createSightings(): Sightings {
  const seen = new Map<HostName, { readonly startMark: string; readonly at: Instant }>();
  return {
    alive: (host, process, at) => void seen.set(host, { startMark: process.startMark, at }),
    lastSeen: (host, startMark) => {
      const last = seen.get(host);
      return last !== undefined && last.startMark === startMark ? last.at : undefined;
    },
  };
}

/** Runs `work` unless it is cancelled first; an abort that `work` throws counts as cancelled in time. */
export async function unlessCancelled<T>(
  doing: string,
  host: HostName,
  signal: AbortSignal,
  work: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  if (signal.aborted) return refused(cancelled({ doing, host }));
  try {
    return await work();
  } catch (error) {
    if (signal.aborted && isAbort(error)) return refused(cancelled({ doing, host }));
    throw error;
  }
}

/** Settles with `value` or, as soon as the signal aborts, with `otherwise()`: a hung disk holds nobody up. */
export function settleOnAbort<T>(
  value: Promise<T>,
  signal: AbortSignal,
  otherwise: () => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(otherwise());
    if (signal.aborted) {
      onAbort();
      value.catch(() => undefined);
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
