import {
  type ClusterDNS,
  type DNSSight,
  type RRSet,
  type SeenSet,
  TRANSPORTS,
  addressesToSee,
  setsToSee,
} from '../../core/bootstrap/index.js';
import { addressText } from './addresses.js';
import type { Lookup } from './client/lookup.js';

/**
 * What one place sees: every set over both transports, first the services, then the addresses of the targets that were
 * wanted or found. Judged by core/bootstrap, so that whoever can ask from another host needs a `Lookup` there and no more.
 */
export async function lookAtDNS(dns: ClusterDNS, lookup: Lookup, place: string): Promise<DNSSight> {
  const services = await seeAll(setsToSee(dns), lookup);
  const isSilent = services.every(({ answer }) => answer.kind === 'failed');
  // Who says nothing about services is not asked, and waited for, again.
  const addresses = isSilent ? [] : await seeAll(addressesToSee(dns, services), lookup);
  return { place, server: addressText(lookup.server), seen: [...services, ...addresses] };
}

/** So many questions are under way at once: no server takes that for an attack. */
const AT_ONCE_MAX = 8;

async function seeAll(sets: readonly RRSet[], lookup: Lookup): Promise<readonly SeenSet[]> {
  const questions = sets.flatMap((set) => TRANSPORTS.map((transport) => ({ ...set, transport })));
  const seen: SeenSet[] = [];
  for (let i = 0; i < questions.length; i += AT_ONCE_MAX) {
    const answers = questions
      .slice(i, i + AT_ONCE_MAX)
      .map(async (each) => ({ ...each, answer: await lookup.ask(each, each.transport) }));
    seen.push(...(await Promise.all(answers)));
  }
  return seen;
}

/** Where a target was seen to lead. */
export const addressOf = ({ seen }: DNSSight, target: string): string | undefined =>
  seen
    .flatMap(({ name, answer }) =>
      name === target && answer.kind === 'records' ? answer.records : [],
    )
    .flatMap((record) => (record.type === 'SRV' ? [] : [record.address]))[0];
