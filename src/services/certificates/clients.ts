import { readdir } from 'node:fs/promises';
import { type Instant, type Random, type Result, err, ok } from '../../base/index.js';
import { readIfPresent } from '../../disk/index.js';
import type { Fingerprint } from '../../core/cluster/index.js';
import type { AutoTLS } from '../../core/spec/index.js';
import { authorityNamed, givenAuthority, issuerPair } from './authorities.js';
import { bundleOf } from './bundle.js';
import { writePrivate } from './files.js';
import { type Layout, pkiLayout } from './layout.js';
import { leafLife } from './life.js';
import { noAuthoritiesYet, pkiUnreadable } from './problems.js';
import { certificatesIn } from './read.js';
import { readState } from './state.js';
import { makeLeaf } from './x509.js';

/** A certificate for a person or a program that talks to the members. */
export interface ClientOrder {
  readonly cluster: string;
  /** Its common name: with etcd's authentication on, the user that it is. */
  readonly name: string;
  readonly validityMs: number;
  readonly auto: AutoTLS;
  readonly now: Instant;
  readonly random: Random;
}

export interface IssuedClient {
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
  /** Whom it has to trust. */
  readonly bundle: string;
  readonly notAfter: Instant;
}

/** What is kept of it: never the key. */
export interface KnownClient {
  readonly name: string;
  readonly fingerprint: Fingerprint;
  readonly issuer: Fingerprint;
  readonly notAfter: Instant;
  /** Those it was issued before, by other authorities: that it has another one does not say that it uses it. */
  readonly older?: readonly OlderClient[];
}

export type OlderClient = Pick<KnownClient, 'issuer' | 'notAfter'>;

/** A common name; also the name of a file. */
export const parseClientName = (text: string): Result<string, string> =>
  /^[A-Za-z0-9][\w.@-]{0,62}$/.test(text)
    ? ok(text)
    : err('letters, digits, ".", "_", "@" and "-", at most 63, the first a letter or digit');

/** Issues one; its key is handed out and not kept. A name that has one gets another, and the old one goes on until it expires. */
export async function issueClient(
  directory: string,
  order: ClientOrder,
): Promise<Result<IssuedClient>> {
  const layout = pkiLayout(directory);
  const state = await readState(layout);
  if (!state.ok) return state;
  if (state.value === undefined) return err(noAuthoritiesYet({ cluster: order.cluster }));
  const { trusted } = state.value.planes.client;
  // Of the one that follows, as soon as members trust it: so a program is told once, not twice.
  const issuer = trusted.at(-1) ?? state.value.planes.client.issuer;
  const given = await givenAuthority(order.auto);
  if (!given.ok) return given;
  try {
    const pair = await issuerPair(layout, issuer, given.value);
    const authority = await authorityNamed(layout, issuer);
    const bundle = await bundleOf(layout, trusted);
    if (!pair.ok) return pair;
    if (!authority.ok) return authority;
    if (!bundle.ok) return bundle;
    const made = await makeLeaf(order.random, pair.value, {
      subject: `O=${order.cluster}, CN=${order.name}`,
      names: [],
      use: 'client',
      ...leafLife(order.now, order.validityMs, authority.value.notAfter),
    });
    const [own] = certificatesIn(made.certificate);
    if (own === undefined) throw new Error('a certificate was made that is none');
    const { fingerprint, notAfter } = own;
    const path = layout.client(order.name);
    const older = olderOf(read(await readIfPresent(path)), issuer, order.now);
    const known: KnownClient = {
      name: order.name,
      fingerprint,
      issuer,
      notAfter,
      ...(older.length === 0 ? {} : { older }),
    };
    await writePrivate(path, `${JSON.stringify(known, undefined, 2)}\n`);
    return ok({ name: order.name, ...made, bundle: bundle.value.text, notAfter });
  } catch (error) {
    return err(pkiUnreadable({ path: directory, because: String(error) }));
  }
}

/** What it had before that is valid still, the last of each other authority. */
function olderOf(
  before: KnownClient | undefined,
  issuer: Fingerprint,
  now: Instant,
): readonly OlderClient[] {
  if (before === undefined) return [];
  const all = [...(before.older ?? []), { issuer: before.issuer, notAfter: before.notAfter }];
  const last = new Map(all.map((each) => [each.issuer, each]));
  return [...last.values()].filter((each) => each.issuer !== issuer && each.notAfter > now);
}

/** Every client that was issued a certificate, by name: its newest one. */
export async function knownClients(layout: Layout): Promise<readonly KnownClient[]> {
  const files = await readdir(layout.clients).catch(() => []);
  const known = await Promise.all(
    files
      .filter((file) => file.endsWith('.json') && !file.startsWith('.'))
      .sort()
      .map(async (file) =>
        read(await readIfPresent(layout.client(file.slice(0, -'.json'.length)))),
      ),
  );
  return known.flatMap((client) => client ?? []);
}

function read(text: string | undefined): KnownClient | undefined {
  try {
    const { name, fingerprint, issuer, notAfter, older } = JSON.parse(text ?? '') as KnownClient;
    return { name, fingerprint, issuer, notAfter, ...(older === undefined ? {} : { older }) };
  } catch {
    return undefined;
  }
}
