import {
  type Clock,
  type Logger,
  type Result,
  err,
  isAbort,
  ok,
  withDeadline,
} from '../../base/index.js';
import {
  type Consumer,
  type ConsumerSight,
  type HostCertificates,
  type HostName,
  type HostSight,
  type PeerSight,
  type StatusSight,
  certificatePaths,
  consumerID,
} from '../../core/cluster/index.js';
import type {
  Certificates,
  Consumers,
  EtcdAdmin,
  HostDriver,
  HostFacts,
  LookWindow,
} from '../ports/index.js';
import type { ControllerTimings } from './timings.js';

/** What looking needs. */
export interface Eyes {
  readonly driver: HostDriver;
  readonly admin: EtcdAdmin;
  /** Absent: no consumer can be looked at here. */
  readonly consumers?: Consumers;
  readonly certificates: Pick<Certificates, 'judge'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timings: ControllerTimings;
  readonly looks?: LookWindow;
}

/** What a driver saw of one host, its certificates judged. */
export type Facts = Omit<HostFacts, 'certificates'> & Pick<HostSight, 'certificates'>;

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
  wanted: HostCertificates | undefined,
  signal: AbortSignal,
): Promise<Facts> {
  const facts = await ask(eyes, host, eyes.timings.hostMs, signal, (inner) =>
    wanted === undefined
      ? eyes.driver.observe(host, inner)
      : eyes.driver.observe(host, inner, { certificates: certificatePaths(wanted) }),
  );
  if (!facts.ok) {
    const unseen = { kind: 'unseen', because: facts.error } as const;
    const certificates = wanted === undefined ? {} : { certificates: unseen };
    return { process: unseen, data: unseen, ...certificates };
  }
  const { certificates: files, ...seen } = facts.value;
  if (wanted === undefined) return seen;
  if (files === undefined) {
    const because = 'the driver does not look at certificates';
    return { ...seen, certificates: { kind: 'unseen', because } };
  }
  return { ...seen, certificates: eyes.certificates.judge(wanted, files) };
}

/** Each consumer of the spec, with a deadline of its own. */
export const askConsumers = (
  eyes: Eyes,
  consumers: readonly Consumer[],
  signal: AbortSignal,
): Promise<readonly ConsumerSight[]> =>
  Promise.all(
    consumers.map(async (consumer): Promise<ConsumerSight> => {
      const id = consumerID(consumer);
      const port = eyes.consumers;
      if (port === undefined) {
        return { kind: 'unseen', id, because: 'nothing here can look at consumers' };
      }
      const sight = await ask(eyes, id, eyes.timings.consumerMs, signal, (inner) =>
        port.observe(consumer, inner),
      );
      return sight.ok ? sight.value : { kind: 'unseen', id, because: sight.error };
    }),
  );

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
