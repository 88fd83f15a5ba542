import { lookup as resolveHost } from 'node:dns/promises';
import { isIP } from 'node:net';
import {
  type Clock,
  type Outcome,
  type Random,
  type Result,
  applied,
  assertNever,
  err,
  ok,
  refused,
  unknown,
} from '../../base/index.js';
import {
  type ClusterDNS,
  type DNSDifference,
  type DNSRecord,
  type RRSet,
  differenceOf,
  isNoDifference,
  isWithin,
  ownSets,
  setsToSee,
} from '../../core/bootstrap/index.js';
import { type DNSAddress, addressText, parseDNSAddress } from './addresses.js';
import { exchange } from './client/exchange.js';
import { type Lookup, createLookup } from './client/lookup.js';
import {
  dnsMemberStillThere,
  dnsPrimaryUnread,
  dnsUpdateRefused,
  dnsUpdateUnknown,
  dnsZoneUnknown,
} from './problems.js';
import { type Said, whatItSays } from './update/answer.js';
import type { TSIGKey } from './update/key-file.js';
import { updateMessage } from './update/message.js';
import { sign } from './update/tsig.js';

export interface PublishOptions {
  readonly dns: ClusterDNS;
  /** `HOST` or `HOST:PORT` of the zone's primary. */
  readonly server: string;
  /** Absent: the server is asked which of its zones holds the domain. */
  readonly zone?: string | undefined;
  readonly key: TSIGKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /**
   * The member that answers at this address and not at those its name would lead to; absent: there is no list of members
   * to ask by.
   */
  readonly whoIsStillThere?:
    | ((name: string, address: string, next: readonly string[]) => Promise<string | undefined>)
    | undefined;
  /** Only find out what would change. */
  readonly dryRun?: boolean;
}

export interface Published extends DNSDifference {
  readonly zone: string;
  readonly server: string;
  /** False when there was nothing to change, or nothing was to be changed. */
  readonly sent: boolean;
}

const LOOK_MS = 5_000;
/** A primary may have to write its journal and tell others first. */
const UPDATE_MS = 15_000;

/**
 * Brings the cluster's records at a zone's primary in step: looks at every set that is ours, and changes what differs in one
 * signed update that holds only while all of them are as they were seen. Sent once; a missing answer is `unknown`.
 */
export async function publishRecords(options: PublishOptions): Promise<Outcome<Published>> {
  const { dns, random, signal, dryRun = false } = options;
  const server = await serverOf(options.server);
  if (!server.ok) return refused(server.error);
  const at = addressText(server.value);
  const lookup = createLookup({ server: server.value, random, deadlineMs: LOOK_MS, signal });
  const zone = await zoneFor(options, lookup, at);
  if (!zone.ok) return refused(zone.error);
  const seen = await lookAt(dns, lookup, at);
  if (!seen.ok) return refused(seen.error);
  const { looked, found } = seen.value;
  const change = differenceOf(
    dns.records.filter(({ name }) => isWithin(name, zone.value)),
    found,
  );
  const staying = await whoWouldLoseItsName(change, options.whoIsStillThere);
  if (staying !== undefined) return refused(dnsMemberStillThere({ ...staying, server: at }));
  const published = { zone: zone.value, server: at, ...change };
  if (dryRun || isNoDifference(change)) return applied({ ...published, sent: false });
  const id = Math.floor(random.next() * 65_536);
  const message = updateMessage({ id, zone: zone.value, looked, found, change });
  return await send(message, { ...published, sent: true }, server.value, options);
}

/** A name moves when nobody is at its old place: what runs there is reached by it. */
async function whoWouldLoseItsName(
  { add, remove }: DNSDifference,
  whoIsStillThere: PublishOptions['whoIsStillThere'],
): Promise<Moving | undefined> {
  for (const record of remove) {
    if (record.type === 'SRV') continue;
    const { name, address } = record;
    const next = add.flatMap((each) =>
      each.type !== 'SRV' && each.name === name ? [each.address] : [],
    );
    const member = next.length === 0 ? undefined : await whoIsStillThere?.(name, address, next);
    if (member !== undefined) return { member, name, address, next };
  }
  return undefined;
}

interface Moving {
  readonly member: string;
  readonly name: string;
  readonly address: string;
  readonly next: readonly string[];
}

async function serverOf(text: string): Promise<Result<DNSAddress>> {
  const parsed = parseDNSAddress(text, 'names');
  if (!parsed.ok || isIP(parsed.value.host) !== 0) return parsed;
  try {
    const { address } = await resolveHost(parsed.value.host);
    return ok({ ...parsed.value, host: address });
  } catch (error) {
    const because = error instanceof Error ? `${error.message}.` : String(error);
    return err(dnsPrimaryUnread({ server: text, name: parsed.value.host, because }));
  }
}

async function zoneFor(
  { zone, dns }: PublishOptions,
  lookup: Lookup,
  server: string,
): Promise<Result<string>> {
  const { domain } = dns.place;
  if (zone !== undefined) {
    if (isWithin(domain, zone)) return ok(zone);
    return err(dnsZoneUnknown({ server, domain, because: `${domain} is not in ${zone}.` }));
  }
  const found = await lookup.zoneOf(domain);
  return 'zone' in found
    ? ok(found.zone)
    : err(dnsZoneUnknown({ server, domain, because: found.because }));
}

interface Seen {
  readonly looked: readonly RRSet[];
  readonly found: readonly DNSRecord[];
}

/** Over TCP, where nobody can answer in the server's place unnoticed and everything fits. */
async function lookAt(dns: ClusterDNS, lookup: Lookup, server: string): Promise<Result<Seen>> {
  const services = await readSets(setsToSee(dns), lookup, server);
  if (!services.ok) return services;
  const looked = ownSets(dns, services.value);
  const found = await readSets(looked, lookup, server);
  return found.ok ? ok({ looked, found: found.value }) : found;
}

async function readSets(
  sets: readonly RRSet[],
  lookup: Lookup,
  server: string,
): Promise<Result<readonly DNSRecord[]>> {
  const records: DNSRecord[] = [];
  for (const set of sets) {
    const answer = await lookup.ask(set, 'tcp');
    if (answer.kind === 'failed') {
      return err(dnsPrimaryUnread({ server, name: set.name, because: answer.because }));
    }
    if (answer.kind === 'records') records.push(...answer.records);
  }
  return ok(records);
}

async function send(
  message: Buffer,
  published: Published,
  server: DNSAddress,
  { key, clock, signal }: PublishOptions,
): Promise<Outcome<Published>> {
  const nowSeconds = Math.floor(clock.now() / 1_000);
  const signed = sign(message, key, nowSeconds);
  const came = await exchange(server, 'tcp', signed.message, { deadlineMs: UPDATE_MS, signal });
  const { zone, server: at } = published;
  if (came.kind === 'not-sent') {
    return refused(dnsPrimaryUnread({ server: at, name: zone, because: came.because }));
  }
  const said: Said =
    came.kind === 'no-answer'
      ? { kind: 'unknown', because: came.because }
      : whatItSays(came.bytes, key, Math.floor(clock.now() / 1_000), signed.mac);
  switch (said.kind) {
    case 'done':
      return applied(published);
    case 'not-done':
      return refused(dnsUpdateRefused({ zone, server: at, answer: said.answer }));
    case 'unknown':
      return unknown(dnsUpdateUnknown({ zone, server: at, because: said.because }));
    default:
      return assertNever(said);
  }
}
