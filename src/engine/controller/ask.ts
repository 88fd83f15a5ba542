import {
  type Clock,
  type Logger,
  type Result,
  err,
  isAbort,
  ok,
  withDeadline,
} from '../../base/index.js';
import type { HostName, PeerSight, StatusSight } from '../../core/cluster/index.js';
import type { EtcdAdmin, HostDriver, HostFacts } from '../ports/index.js';
import type { ControllerTimings } from './timings.js';

/** What looking needs. */
export interface Eyes {
  readonly driver: HostDriver;
  readonly admin: EtcdAdmin;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timings: ControllerTimings;
}

/**
 * One question with a deadline. The error is why there is no answer, in words. An adapter that throws has a bug; here
 * that is logged and counts as not seen, so that one bad host cannot blind us to the others.
 */
export async function ask<T>(
  eyes: Eyes,
  whom: string,
  deadlineMs: number,
  signal: AbortSignal,
  question: (signal: AbortSignal) => Promise<T>,
): Promise<Result<T, string>> {
  try {
    const answer = await withDeadline(eyes.clock, deadlineMs, signal, question);
    return answer.late ? err(`no answer from ${whom} within ${deadlineMs} ms`) : ok(answer.value);
  } catch (error) {
    if (!isAbort(error)) {
      eyes.logger.log('error', 'an adapter threw while looking', { whom, error: String(error) });
    }
    return err(`asking ${whom} failed: ${String(error)}`);
  }
}

export async function askDriver(
  eyes: Eyes,
  host: HostName,
  signal: AbortSignal,
): Promise<HostFacts> {
  const facts = await ask(eyes, host, eyes.timings.hostMs, signal, (inner) =>
    eyes.driver.observe(host, inner),
  );
  if (facts.ok) return facts.value;
  const unseen = { kind: 'unseen', because: facts.error } as const;
  return { process: unseen, data: unseen };
}

/** With `instead`, nobody is asked and this is why. */
export async function askPeer(
  eyes: Eyes,
  peerURL: string | undefined,
  deadlineMs: number,
  signal: AbortSignal,
  instead?: string,
): Promise<PeerSight> {
  if (instead !== undefined) return { kind: 'silent', because: instead };
  if (peerURL === undefined) return { kind: 'silent', because: 'no peer URL of it is known' };
  const sight = await ask(eyes, peerURL, deadlineMs, signal, (inner) =>
    eyes.admin.peer(peerURL, inner),
  );
  return sight.ok ? sight.value : { kind: 'silent', because: sight.error };
}

/** With `instead`, nobody is asked and this is why. */
export async function askStatus(
  eyes: Eyes,
  clientURL: string | undefined,
  deadlineMs: number,
  signal: AbortSignal,
  instead?: string,
): Promise<StatusSight> {
  if (instead !== undefined) return { kind: 'silent', because: instead };
  if (clientURL === undefined) return { kind: 'silent', because: 'no client URL of it is known' };
  const sight = await ask(eyes, clientURL, deadlineMs, signal, (inner) =>
    eyes.admin.status(clientURL, inner),
  );
  return sight.ok ? sight.value : { kind: 'silent', because: sight.error };
}
