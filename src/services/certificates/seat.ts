import type { Instant, Random, Result } from '../../base/index.js';
import { readIfPresent } from '../../disk/index.js';
import { err, ok } from '../../base/index.js';
import { readFile } from 'node:fs/promises';
import { PLANES, renewalOf } from '../../core/cluster/index.js';
import type { FilesOfPlane } from '../../core/spec/index.js';
import { type GivenAuthority, authorityNamed, expanded, issuerPair } from './authorities.js';
import { bundleOf } from './bundle.js';
import { writePrivate } from './files.js';
import { type Layout, seatFiles } from './layout.js';
import { CLIENT_VALIDITY_MS, leafLife } from './life.js';
import { pkiUnreadable } from './problems.js';
import { certificatesIn, issuerAmong } from './read.js';
import type { PKIState } from './state.js';
import { makeLeaf } from './x509.js';

/**
 * etcd takes the common name for the user once its authentication is on, and only root changes members. No names and no
 * addresses: a peer's certificate that has some must match where it comes from (etcd-facts 11).
 */
const SEAT_NAME = 'root';

/**
 * What this seat shows to members and whom it trusts, renewed where it is due; whoever has these files open reads them again
 * at the next dial. Answers when that has to be looked at again.
 */
export async function keepSeat(
  layout: Layout,
  { planes }: PKIState,
  parts: {
    readonly cluster: string;
    readonly given: GivenAuthority | undefined;
    readonly now: Instant;
    readonly random: Random;
  },
): Promise<Result<number>> {
  const { cluster, given, now, random } = parts;
  const files = seatFiles(layout.directory);
  let nextMs = Number.POSITIVE_INFINITY;
  for (const plane of PLANES) {
    const { trusted, issuer } = planes[plane];
    const { own, trust } = files[plane];
    const bundle = await bundleOf(layout, trusted);
    if (!bundle.ok) return bundle;
    if ((await readIfPresent(trust)) !== bundle.value.text) {
      await writePrivate(trust, bundle.value.text);
    }
    const [held] = certificatesOrNone(await readIfPresent(own));
    if (
      held !== undefined &&
      issuerAmong(held, bundle.value.authorities) === issuer &&
      renewalOf(held) > now
    ) {
      nextMs = Math.min(nextMs, renewalOf(held));
      continue;
    }
    const pair = await issuerPair(layout, issuer, given);
    if (!pair.ok) return pair;
    const authority = await authorityNamed(layout, issuer);
    if (!authority.ok) return authority;
    const life = leafLife(now, CLIENT_VALIDITY_MS, authority.value.notAfter);
    const made = await makeLeaf(random, pair.value, {
      subject: `O=${cluster}, CN=${SEAT_NAME}`,
      names: [],
      use: 'client',
      ...life,
    });
    await writePrivate(own, made.certificate + made.key);
    nextMs = Math.min(nextMs, now + CLIENT_VALIDITY_MS / 2);
  }
  return ok(nextMs);
}

/** What somebody else made for this seat, where everything of ours looks for it; copied again when it was renewed. */
export async function copySeat(
  layout: Layout,
  { cert, key, ca }: FilesOfPlane,
): Promise<Result<undefined>> {
  const files = seatFiles(layout.directory);
  try {
    const own = `${await readFile(expanded(cert), 'utf8')}\n${await readFile(expanded(key), 'utf8')}`;
    const trust = await readFile(expanded(ca), 'utf8');
    for (const plane of PLANES) {
      if ((await readIfPresent(files[plane].own)) !== own)
        await writePrivate(files[plane].own, own);
      if ((await readIfPresent(files[plane].trust)) !== trust) {
        await writePrivate(files[plane].trust, trust);
      }
    }
    return ok(undefined);
  } catch (error) {
    return err(pkiUnreadable({ path: cert, because: String(error) }));
  }
}

function certificatesOrNone(pem: string | undefined) {
  try {
    return certificatesIn(pem ?? '');
  } catch {
    return [];
  }
}
