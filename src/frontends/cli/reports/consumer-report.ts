import { type Instant, type Problem, assertNever } from '../../../base/index.js';
import {
  type ConsumerSight,
  type Fingerprint,
  type HostName,
  consumerID,
} from '../../../core/cluster/index.js';
import type { PlanInput } from '../../../core/planner/index.js';
import { consumerCertificateExpires } from '../problems.js';

/** A consumer of the spec, as it was seen in one look. */
export interface ConsumerReport {
  readonly name: string;
  readonly host: HostName;
  readonly state: ConsumerState;
  /** What its file names. */
  readonly endpoints: readonly string[];
  /** Those of them to which it holds connections. */
  readonly connectedTo: readonly string[];
  /** Absent: it shows none, or that could not be read. */
  readonly certificate?: { readonly issuer?: Fingerprint; readonly notAfter: Instant };
  /** Why nothing more is known, or what is wrong. */
  readonly because?: string;
  readonly problems: readonly Problem[];
}

/**
 * `connected`: to one of its endpoints or more. `disconnected`: it runs, and to none. `unknown`: nobody can see whom it talks
 * to. `broken`: it does not run, or says no. `unseen`: its host did not answer. `unusable`: what the spec says is not there.
 */
export type ConsumerState =
  'connected' | 'disconnected' | 'unknown' | 'broken' | 'unseen' | 'unusable';

/** So long before its certificate expires a consumer is told of: nobody renews that but people. */
const EXPIRES_SOON_MS = 30 * 24 * 60 * 60_000;

/** Every consumer of the spec; none where it has none. */
export const consumerReports = ({
  target,
  observation,
  now,
}: PlanInput): readonly ConsumerReport[] =>
  (target.consumers ?? []).map((consumer) => {
    const name = consumerID(consumer);
    const sight = observation.consumers?.find(({ id }) => id === name);
    return { name, host: consumer.host, ...seenAs(name, sight, now) };
  });

function seenAs(
  name: string,
  sight: ConsumerSight | undefined,
  now: Instant,
): Omit<ConsumerReport, 'name' | 'host'> {
  const nothing = { endpoints: [], connectedTo: [], problems: [] };
  if (sight === undefined) return { ...nothing, state: 'unseen', because: 'it was not looked at' };
  switch (sight.kind) {
    case 'unseen':
      return { ...nothing, state: 'unseen', because: sight.because };
    case 'unusable':
      return { ...nothing, state: 'unusable', problems: [sight.problem] };
    case 'seen': {
      const { names, link, lastTry, tls } = sight;
      const certificate = tls?.shows;
      const expires = certificate !== undefined && certificate.notAfter - now < EXPIRES_SOON_MS;
      return {
        endpoints: names,
        connectedTo: link.kind === 'connected' ? link.to : [],
        state: link.kind === 'connected' && link.to.length === 0 ? 'disconnected' : link.kind,
        ...(link.kind === 'broken' ? { because: link.because } : {}),
        ...(certificate === undefined ? {} : { certificate }),
        problems: [
          ...(lastTry === undefined ? [] : [lastTry.problem]),
          ...(expires
            ? [consumerCertificateExpires({ consumer: name, inMs: certificate.notAfter - now })]
            : []),
        ],
      };
    }
    default:
      return assertNever(sight);
  }
}
