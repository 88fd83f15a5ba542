import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostsFor } from '../lab/hosts/suite.js';
import { ANY_MINOR } from '../lab/index.js';
import { kubePrograms } from '../lab/kube/programs.js';
import { KubeNode, writeNetwork } from './kube-node.js';
import { type Seat, seatOf } from './seat.js';

test('a cluster in plain text turns to TLS only with its kube-apiserver and its flanneld, and exchanges its authorities only with them', async (context) => {
  const programs = await kubePrograms();
  if (typeof programs === 'string') return context.skip(programs);
  const seat = await seatOf(await hostsFor(context, { hosts: 4 }), { version: ANY_MINOR });
  const node = new KubeNode(seat, seat.host(3));
  await seat.must(`apply -f ${await seat.spec(seat.first(3))}`);
  const plain = (await seat.settled(3)).members.flatMap(({ clientURLs }) => clientURLs);
  await writeNetwork(seat);
  await node.install();
  await node.start(plain, { withTLS: false });
  const { consumers } = node;
  await seat.must(`apply -f ${await seat.spec(seat.first(3), { consumers })}`);
  await node.works();

  // They were never given a CA: with the last member that speaks plain text they would lose etcd.
  const wanted = await seat.spec(seat.first(3), { consumers, tls: { auto: {} } });
  const units = await node.units();
  const refused = await seat.quorate(`apply -f ${wanted} --yes=${seat.name}`);
  expect(refused.stdout + refused.stderr).toContain('consumer-without-ca');
  expect((await seat.status()).members.flatMap(({ clientURLs }) => clientURLs)).toEqual(plain);
  expect(await node.units()).toBe(units);
  await node.works();

  await node.giveCertificates();
  await node.start(plain, { withTLS: true });
  await node.works();
  await seat.must(`certificates issue client app --to ${join(seat.home, 'app')}`);
  const lines = (await seat.journal()).length;
  await seat.must(`apply -f ${wanted} --yes=${seat.name} --timeout 10m`);

  const secured = (await seat.settled(3)).members.flatMap(({ clientURLs }) => clientURLs);
  expect(secured).toEqual(plain.map((url) => url.replace('http:', 'https:')));
  const after = await node.units();
  expect(after).not.toContain('=http://');
  for (const url of secured) expect(after.split(url)).toHaveLength(3);
  // Both went over before the last member that spoke plain text stopped, and learned it in the end.
  const kinds = (await seat.deeds(lines)).map(({ kind }) => kind);
  const told = kinds.indexOf('update-consumer');
  expect(kinds.slice(told, told + 2)).toEqual(['update-consumer', 'update-consumer']);
  expect(kinds.slice(0, told).filter((kind) => kind === 'stop-member')).toHaveLength(2);
  expect(kinds.slice(told).filter((kind) => kind === 'stop-member')).toHaveLength(1);
  expect(kinds.slice(-2)).toEqual(['update-consumer', 'update-consumer']);
  const file = (last: string) => join(seat.home, 'app', last);
  const app = { caFile: file('ca.crt'), certFile: file('app.crt'), keyFile: file('app.key') };
  await node.works(app);

  // Members show a certificate of another authority only when both are seen to trust it.
  const before = await issuersOf(seat);
  const [api, flannel] = ['kubeApiserver', 'flannel'].map((kind) => `${kind}@${node.host.address}`);
  const held = await seat.must('certificates rotate-ca --timeout 10m');
  for (const consumer of [api, flannel]) {
    expect(held.stderr).toContain(`${consumer}: it does not trust the new authority`);
  }
  // The files are in their places, and both programs go on with what they read at their start.
  await node.giveCertificates({ replace: true });
  await seat.must(`certificates issue client app --to ${join(seat.home, 'app')} --replace`);
  const early = await seat.must('certificates rotate-ca --finish --timeout 10m');
  for (const consumer of [api, flannel]) {
    expect(early.stderr).toContain(
      `${consumer}: its file of authorities is newer than its process`,
    );
  }
  expect(await issuersOf(seat)).toEqual(before);
  await node.works(app);
  await node.restart();
  await node.works(app);
  await seat.must('apply --timeout 10m');
  const issuers = await issuersOf(seat);
  expect(issuers.size).toBe(2);
  expect([...issuers].filter((issuer) => before.has(issuer))).toEqual([]);
  await node.works(app);
}, 900_000);

async function issuersOf(seat: Seat): Promise<ReadonlySet<string | null>> {
  const { members } = await seat.settled(3);
  return new Set(members.flatMap(({ certificates }) => certificates.map(({ issuer }) => issuer)));
}
