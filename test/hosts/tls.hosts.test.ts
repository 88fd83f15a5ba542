import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/base/index.js';
import { parseClusterName, pkiDirectoryOf } from '../../src/core/cluster/index.js';
import { hostPaths } from '../../src/drivers/ssh/index.js';
import type { TLSOptions } from '../../src/etcd/index.js';
import { makeLeaf } from '../../src/services/certificates/x509.js';
import { issuerPairOf } from '../lab/issuers.js';
import { ANY_MINOR, type StatusJSON, followersOf, tellDeed } from '../lab/index.js';
import { hostsFor } from '../lab/hosts/suite.js';
import { type Seat, seatOf } from './seat.js';

const AUTO = { tls: { auto: {} } };

/** Three members on the first of so many hosts, born with certificates of ours. */
async function secureThree(
  context: TestContext,
  hosts = 3,
): Promise<{ readonly seat: Seat; readonly before: StatusJSON }> {
  const seat = await seatOf(await hostsFor(context, { hosts }), { version: ANY_MINOR });
  await seat.must(`apply -f ${await seat.spec(seat.first(3), AUTO)}`);
  const before = await seat.settled(3);
  for (const { clientURLs, peerURLs } of before.members) {
    for (const url of [...clientURLs, ...peerURLs]) expect(url).toMatch(/^https:\/\/10\.0\.1\./);
  }
  return { seat, before };
}

/** A program's own certificate, which it reads again whenever it dials. */
async function program(seat: Seat): Promise<TLSOptions> {
  await seat.must(`certificates issue client app --to ${seat.home}/app --replace`);
  const file = (last: string) => join(seat.home, 'app', last);
  return { caFile: file('ca.crt'), certFile: file('app.crt'), keyFile: file('app.key') };
}

/** Where a host keeps what its member shows to others. */
function leafPaths(seat: Seat): readonly string[] {
  const name = parseClusterName(seat.name);
  if (!name.ok) throw new Error(name.error);
  return ['peer.pem', 'server.pem'].map(
    (file) => `${pkiDirectoryOf(hostPaths(name.value).dataDir)}/${file}`,
  );
}

const leafOn = async (seat: Seat, index: number, path: string): Promise<X509Certificate> =>
  new X509Certificate(await seat.host(index).must(`cat ${path}`));

/** Serial numbers of everything that members show. */
const serials = async (seat: Seat): Promise<readonly string[]> =>
  await Promise.all(
    [0, 1, 2].flatMap((index) =>
      leafPaths(seat).map(async (path) => (await leafOn(seat, index, path)).serialNumber),
    ),
  );

const pids = async (seat: Seat): Promise<readonly string[]> =>
  await Promise.all(
    [0, 1, 2].map((index) =>
      seat.host(index).must(`systemctl show -p MainPID --value etcd-${seat.name}.service`),
    ),
  );

async function allApplied(seat: Seat): Promise<void> {
  const deeds = await seat.deeds();
  expect(deeds.filter(({ outcome }) => outcome !== 'applied').map(tellDeed)).toEqual([]);
}

describe(`etcd ${ANY_MINOR} on hosts with certificates of ours`, () => {
  test('all leafs are renewed and both authorities rotated under a writer: no write fails', async (context) => {
    const { seat, before } = await secureThree(context);
    const writer = await seat.writer(await program(seat));
    const [old, running] = [await serials(seat), await pids(seat)];

    await seat.must('certificates renew');
    const renewed = await serials(seat);
    expect(renewed.filter((serial) => old.includes(serial))).toEqual([]);
    expect(await pids(seat)).toEqual(running);
    await writer.flows();

    const held = await seat.must('certificates rotate-ca');
    expect(held.stderr).toContain('app');
    // The program is given another certificate, and both authorities to trust; that it uses them is for people to say.
    await program(seat);
    await seat.must('certificates rotate-ca --finish');
    const after = await seat.settled(3);
    const issuers = new Set(
      after.members.flatMap(({ certificates }) => certificates.map(({ issuer }) => issuer)),
    );
    const issuersBefore = before.members.flatMap(({ certificates }) =>
      certificates.map(({ issuer }) => issuer),
    );
    expect(issuers.size).toBe(2);
    expect(issuersBefore.filter((issuer) => issuers.has(issuer))).toEqual([]);
    await writer.flows();
    await allApplied(seat);
    await seat.nothingFailed(writer);
  });

  test('a member whose certificate has expired is mended without a restart', async (context) => {
    const { seat } = await secureThree(context);
    const authorities = join(seat.directory, 'pki', 'authorities');
    const running = await pids(seat);
    for (const path of leafPaths(seat)) {
      const issuer = await issuerPairOf(authorities, await leafOn(seat, 1, path));
      const now = Date.now();
      const leaf = await makeLeaf(systemRandom, issuer, {
        subject: 'O=late',
        names: [seat.host(1).address],
        use: 'server',
        notBeforeMs: now - 7_200_000,
        notAfterMs: now - 3_600_000,
      });
      // In its place, with its owner and mode.
      await seat.host(1).must(`cat > ${path}`, leaf.certificate + leaf.key);
    }
    const old = await serials(seat);
    await seat.untilStatus('etcd1 is not reached', ({ members }) =>
      members.some(({ name, healthy }) => name === 'etcd1' && !healthy),
    );

    await seat.must('apply');

    await seat.settled(3);
    expect(await pids(seat)).toEqual(running);
    const now = await serials(seat);
    expect(now.filter((serial) => old.includes(serial))).toHaveLength(4);
  });

  test('another host takes the place of one, and brings certificates of its own', async (context) => {
    const { seat, before } = await secureThree(context, 4);
    const tls = await program(seat);
    const writer = await seat.writer(tls);
    const [old] = followersOf(before);
    const members = seat.first(4).filter(({ name }) => name !== old?.name);

    writer.avoid(old?.clientURLs ?? []);
    await seat.must(`apply -f ${await seat.spec(members, AUTO)} --yes=${seat.name}`);

    const after = await seat.settled(3);
    expect(after.cluster.id).toBe(before.cluster.id);
    expect(after.members.map(({ name }) => name)).toContain('etcd3');
    for (const path of leafPaths(seat)) {
      const leaf = await leafOn(seat, 3, path);
      expect(leaf.checkIP(seat.host(3).address)).toBe(seat.host(3).address);
      const mode = await seat.host(3).must(`stat -c '%a %U' ${path}`);
      expect(mode.trim()).toMatch(/^[46]00 etcd$/);
    }
    await allApplied(seat);
    await seat.nothingFailed(writer);
    expect(await readFile(tls.certFile ?? '', 'utf8')).toContain('BEGIN CERTIFICATE');
  });
});
