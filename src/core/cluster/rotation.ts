import { assertNever } from '../../base/index.js';
import type { Authorities, Fingerprint, TrustPhase } from './certificates.js';
import {
  type Consumer,
  type ConsumerID,
  type ConsumerSight,
  consumerID,
  isHTTPS,
} from './consumer.js';

/** A consumer for which the next phase would be the end of its connections, and why. */
export interface HoldingConsumer {
  readonly consumer: ConsumerID;
  readonly because: string;
}

/**
 * The consumers for which the next phase of a rotation has to wait: members may show leafs of the new authority only to those
 * that trust it, and forget the old one only when nobody shows a leaf of it. Who was not seen may not be ready. A templated
 * file may be read by anything; what it needs is for people to say (`heldBy`).
 *
 * @example consumersHolding(target.consumers, observation.consumers, authorities, 'issue-new')
 */
export function consumersHolding(
  consumers: readonly Consumer[] = [],
  sights: readonly ConsumerSight[] = [],
  { planes }: Authorities,
  phase: TrustPhase,
): readonly HoldingConsumer[] {
  const newest = planes.client.trusted.at(-1);
  if (newest === undefined || planes.client.trusted.length === 1) return [];
  return consumers.flatMap((consumer): readonly HoldingConsumer[] => {
    if (consumer.program.kind === 'file') return [];
    const id = consumerID(consumer);
    const sight = sights.find((seen) => seen.id === id);
    const because = whyNotReady(sight, newest, phase);
    return because === undefined ? [] : [{ consumer: id, because }];
  });
}

function whyNotReady(
  sight: ConsumerSight | undefined,
  newest: Fingerprint,
  phase: TrustPhase,
): string | undefined {
  if (sight?.kind !== 'seen') return 'it was not seen';
  if (![...sight.names, ...(sight.runsWith ?? [])].some(isHTTPS)) return undefined;
  const { tls } = sight;
  if (tls === undefined) return 'nobody could see whom it trusts';
  switch (phase) {
    case 'issue-new':
      if (tls.trusts === 'unread') return 'its file of authorities is newer than its process';
      return tls.trusts.includes(newest) ? undefined : 'it does not trust the new authority';
    case 'trust-new':
      return tls.shows === undefined || tls.shows.issuer === newest
        ? undefined
        : 'its certificate is not of the new authority';
    default:
      return assertNever(phase);
  }
}
