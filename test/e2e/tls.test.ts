import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/base/index.js';
import { type TLSOptions, createClient } from '../../src/etcd/index.js';
import { makeLeaf } from '../../src/services/certificates/x509.js';
import {
  ANY_MINOR,
  type Lab,
  MINORS,
  type StatusJSON,
  type Writer,
  clientURLs,
  followersOf,
  lab,
  tellDeed,
} from '../lab/index.js';
import { issuerPairOf } from '../lab/issuers.js';

const AUTO = { tls: { auto: {} } };

/** Three members with certificates of ours. */
async function secureThree(version: string): Promise<{ it: Lab; before: StatusJSON }> {
  const it = await lab({ version });
  await it.must(`apply -f ${await it.spec(['m1', 'm2', 'm3'], AUTO)}`);
  return { it, before: await it.settled(3) };
}

/** A program's own certificate, which it reads again whenever it dials. */
async function program(it: Lab, name: string): Promise<TLSOptions> {
  await it.must(`certificates issue client ${name} --to ${it.home}/${name} --replace`);
  const file = (last: string) => join(it.home, name, last);
  return { caFile: file('ca.crt'), certFile: file(`${name}.crt`), keyFile: file(`${name}.key`) };
}

const leafPaths = (it: Lab, host: string): readonly string[] =>
  ['peer.pem', 'server.pem'].map((file) => join(it.memberDirectory(host), 'pki', file));

/** Serial numbers of everything that members show. */
const serials = (it: Lab): Promise<readonly string[]> =>
  Promise.all(
    ['m1', 'm2', 'm3']
      .flatMap((host) => leafPaths(it, host))
      .map(async (path) => new X509Certificate(await readFile(path)).serialNumber),
  );

const pidsOf = async (it: Lab): Promise<readonly number[]> =>
  [...(await it.members()).values()].map(({ pid }) => pid).sort((a, b) => a - b);

/** Every write was acknowledged, and all of it is there. */
async function noWriteFailed(it: Lab, writer: Writer): Promise<void> {
  await writer.flows();
  const { refused, unknown, reasons } = writer.tally();
  await it.nothingLost(writer);
  expect({ refused, unknown, reasons }).toEqual({ refused: 0, unknown: 0, reasons: [] });
}

async function allApplied(it: Lab): Promise<void> {
  const deeds = await it.deeds();
  expect(deeds.filter(({ outcome }) => outcome !== 'applied').map(tellDeed)).toEqual([]);
  await it.leadersMovedFirst();
}

describe.each(MINORS)('etcd %s with certificates of ours', (version) => {
  test('is born, lets nobody in without one, comes back, grows, and a lost member is replaced', async () => {
    const { it, before } = await secureThree(version);
    for (const { clientURLs: urls, peerURLs } of before.members) {
      for (const url of [...urls, ...peerURLs]) expect(url).toMatch(/^https:/);
    }
    const [url = ''] = clientURLs(before);
    const tls = await program(it, 'app');
    const stranger = createClient({ endpoints: [url], tls: { caFile: tls.caFile } });
    expect((await stranger.kv.put('a', '1', { deadlineMs: 2000 })).ok).toBe(false);
    await stranger.close();

    const writer = await it.writer(tls);
    const [lost] = followersOf(before);
    if (lost === undefined) throw new Error('no follower');
    await it.kill((await it.member(lost.name)).pid);
    await it.settled(3);
    await it.must(`apply -f ${await it.spec(['m1', 'm2', 'm3', 'm4', 'm5'], AUTO)}`);
    await it.settled(5);
    await allApplied(it);
    await it.nothingLost(writer);
    // etcd's own HTTP gateway dials its port with the server's certificate (etcd-facts 11).
    const log = await readFile(join(it.memberDirectory('m1'), 'etcd.log'), 'utf8');
    expect(log).not.toContain('incompatible key usage');

    await it.killEverything();
    await it.up();
    await it.settled(5);
  });

  test('gets all of them anew under a writer: no restart, no write fails', async () => {
    const { it } = await secureThree(version);
    const writer = await it.writer(await program(it, 'app'));
    const [old, pids] = [await serials(it), await pidsOf(it)];
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await it.must('certificates renew');
    const renewed = await serials(it);
    expect(renewed.filter((serial) => old.includes(serial))).toEqual([]);
    expect(await pidsOf(it)).toEqual(pids);
    await it.settled(3);
    await noWriteFailed(it, writer);
  });

  test('trusts a new authority instead of the old one under a writer: no write fails', async () => {
    const { it } = await secureThree(version);
    const writer = await it.writer(await program(it, 'app'));
    const held = await it.must('certificates rotate-ca');
    expect(held.stderr).toContain('app');
    // The program is given another certificate, and both authorities to trust; that it uses them is for people to say.
    await program(it, 'app');
    const waits = await it.must('certificates list -o json');
    expect(waits.json<{ authorities: unknown[] }>().authorities).toHaveLength(4);
    const { rotation } = (await it.must(`status ${it.name} -o json`)).json<{ rotation: unknown }>();
    expect(rotation).toEqual({ next: 'issue-new', clients: ['app'], consumers: [] });
    await it.must('certificates rotate-ca --finish');
    await it.untilStatus('the old authority is forgotten', ({ plan, members }) => {
      const issuers = new Set(members.flatMap(({ certificates }) => certificates.map(issuerOf)));
      return plan.kind === 'converged' && issuers.size === 2 && !issuers.has(null);
    });
    const known = (await it.must('certificates list -o json')).json<{ authorities: unknown[] }>();
    expect(known.authorities).toHaveLength(2);
    await allApplied(it);
    await noWriteFailed(it, writer);
  });

  test('turns to it from plain text under a writer that follows the list', async () => {
    const it = await lab({ version });
    await it.must(`apply -f ${await it.spec(['m1', 'm2', 'm3'])}`);
    await it.settled(3);
    const caFile = join(it.directory, 'pki', 'seat', 'client-trust.pem');
    const own = join(it.directory, 'pki', 'seat', 'client.pem');
    const writer = await it.writer({ caFile, certFile: own, keyFile: own });
    await it.must(`apply -f ${await it.spec(['m1', 'm2', 'm3'], AUTO)}`);
    const after = await it.settled(3);
    for (const { clientURLs: urls, peerURLs } of after.members) {
      for (const url of [...urls, ...peerURLs]) expect(url).toMatch(/^https:/);
    }
    await allApplied(it);
    // The last one in plain text is registered with https while it is down: nothing that is decided would reach it otherwise.
    await noWriteFailed(it, writer);
  });
});

const issuerOf = ({ issuer }: { readonly issuer: string | null }): string | null => issuer;

test('a member whose certificate has expired is mended', async () => {
  const { it } = await secureThree(ANY_MINOR);
  const authorities = join(it.directory, 'pki', 'authorities');
  const old = await serials(it);
  await it.stopKeepers();
  for (const path of leafPaths(it, 'm2')) {
    const issuer = await issuerPairOf(authorities, new X509Certificate(await readFile(path)));
    const now = Date.now();
    const life = { notBeforeMs: now - 7_200_000, notAfterMs: now - 3_600_000 };
    const names = ['127.0.0.1', 'localhost'];
    const leaf = await makeLeaf(systemRandom, issuer, {
      subject: 'O=late',
      names,
      use: 'server',
      ...life,
    });
    await writeFile(path, leaf.certificate + leaf.key);
  }
  await it.untilStatus('m2 is not reached', ({ members }) =>
    members.some(({ name, healthy }) => name === 'm2' && !healthy),
  );
  const pids = await pidsOf(it);
  await it.must('apply');
  await it.settled(3);
  expect(await pidsOf(it)).toEqual(pids);
  const now = await serials(it);
  expect(now.filter((serial) => old.includes(serial))).toHaveLength(4);
});
