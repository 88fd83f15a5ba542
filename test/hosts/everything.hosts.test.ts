import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostsFor, longFormOnly } from '../lab/hosts/suite.js';
import { ANY_MINOR } from '../lab/index.js';
import { kubePrograms } from '../lab/kube/programs.js';
import { KubeNode, writeNetwork } from './kube-node.js';
import { type Seat, seatOf } from './seat.js';

const membersFrom = (seat: Seat, first: number) =>
  [0, 1, 2].map((n) => ({
    name: `etcd${first + n}`,
    host: seat.host(first + n).address,
  }));

test('every member of a TLS cluster is exchanged under a writer; a kube-apiserver and a flanneld follow and go on', async (context) => {
  longFormOnly(context);
  const programs = await kubePrograms();
  if (typeof programs === 'string') return context.skip(programs);
  const seat = await seatOf(await hostsFor(context, { hosts: 7 }), { version: ANY_MINOR });
  const node = new KubeNode(seat, seat.host(6));
  const auto = { tls: { auto: {} } };
  await seat.must(`apply -f ${await seat.spec(membersFrom(seat, 0), auto)}`);
  const before = await seat.settled(3);
  await seat.must(`certificates issue client app --to ${seat.home}/app`);
  const file = (last: string) => join(seat.home, 'app', last);
  const tls = { caFile: file('ca.crt'), certFile: file('app.crt'), keyFile: file('app.key') };
  await writeNetwork(seat, tls);
  await node.install();
  await node.giveCertificates();
  await node.start(before.members[0]?.clientURLs.slice(0, 1) ?? [], { withTLS: true });

  const { consumers } = node;
  await seat.must(`apply -f ${await seat.spec(membersFrom(seat, 0), { ...auto, consumers })}`);
  await node.works(tls);
  const writer = await seat.writer(tls);

  const lines = (await seat.journal()).length;
  const next = await seat.spec(membersFrom(seat, 3), { ...auto, consumers });
  await seat.must(`apply -f ${next} --yes=${seat.name} --timeout 10m`);

  const after = await seat.settled(3);
  expect(after.members.map(({ name }) => name)).toEqual(['etcd3', 'etcd4', 'etcd5']);
  const urls = after.members.flatMap(({ clientURLs: own }) => own);
  const units = await node.units();
  for (const url of before.members.flatMap(({ clientURLs: own }) => own)) {
    expect(units).not.toContain(url);
  }
  for (const url of urls) expect(units.split(url)).toHaveLength(3);
  // Once each, after all that came and before any that went.
  const kinds = (await seat.deeds(lines)).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'update-consumer')).toHaveLength(2);
  expect(kinds.lastIndexOf('promote-learner')).toBeLessThan(kinds.indexOf('update-consumer'));
  expect(kinds.lastIndexOf('update-consumer')).toBeLessThan(kinds.indexOf('remove-member'));
  await node.works(tls);
  // Our own writer is told of nothing beforehand: what a leaving member was just asked may stay without an answer.
  await seat.nothingLost(writer);
}, 600_000);
