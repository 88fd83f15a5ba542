import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createClient } from '../../src/etcd/index.js';
import { type DNSBirthTLS, newMember, targetsBecome } from '../lab/dns-birth.js';
import { addWhenHealthy, allStarted, removeWhenHealthy } from '../lab/dns-changes.js';
import { certificatesFor } from '../lab/dns-certificates.js';
import {
  EXIT,
  MINORS,
  bearByDNS,
  directory,
  lab,
  whyNoResolver,
  writeAndRead,
} from '../lab/index.js';
import type { BornByDNS, Lab, Running } from '../lab/index.js';

const CALL_MS = 10_000;
const whyNot = await whyNoResolver();
if (whyNot !== undefined) process.stderr.write(`\nSKIPPED, births by DNS: ${whyNot}\n\n`);

const clientURLsOf = ({ members }: BornByDNS) => members.flatMap(({ clientURLs }) => clientURLs);

/** Three members that find each other by the server of the product. */
async function bornFromUs(it: Lab, tls?: DNSBirthTLS) {
  const running: Running[] = [];
  const files = tls === undefined ? '' : ` --cacert ${tls.ca} --cert ${tls.cert} --key ${tls.key}`;
  const born = await bearByDNS(it, {
    names: ['m1', 'm2', 'm3'],
    domain: `${it.name}.test`,
    ...(tls === undefined ? {} : { tls }),
    serve: async (specFile, nameserver) => {
      const server = it.start(`dns serve -f ${specFile} --listen ${nameserver}${files}`);
      running.push(server);
      await server.says(/listening on/);
    },
  });
  const [server] = running;
  if (server === undefined) throw new Error('Nobody was asked to serve.');
  return { born, server };
}

describe.skipIf(whyNot !== undefined)('a birth by SRV records', () => {
  test.each(['3.5', '3.6', '3.7'])(
    'etcd %s is born by SRV records of http from our server, grows and shrinks, and lives on without it',
    async (version) => {
      const it = await lab({ version });
      const { born, server } = await bornFromUs(it);
      const client = createClient({ endpoints: clientURLsOf(born) });
      it.atEnd(() => client.close());
      const members = await allStarted(client, 3);
      // The list has the names of the targets, whatever the members advertise.
      expect(members.map(({ name, peerURLs }) => `${name} ${peerURLs.join()}`).sort()).toEqual(
        born.members.map(
          ({ name, peerURLs }) =>
            `${name} ${peerURLs.join().replace('127.0.0.1', `${name}.${born.domain}`)}`,
        ),
      );
      await writeAndRead(clientURLsOf(born), 'born', 'by DNS');
      await it.must(`dns check -f ${born.specFile} --server ${born.nameserver}`);

      // Growing: the spec names it, and it is published only after it was added.
      const m4 = await newMember(it, 'm4');
      const four = [...born.members, m4];
      await born.respec(four);
      server.kill('SIGHUP');
      await targetsBecome(born, '_etcd-server', ['m1', 'm2', 'm3']);
      const added = await addWhenHealthy(
        client,
        `http://m4.${born.domain}:${new URL(m4.peerURLs[0] ?? '').port}`,
      );
      await targetsBecome(born, '_etcd-server', ['m1', 'm2', 'm3', 'm4']);
      await targetsBecome(born, '_etcd-client', ['m1', 'm2', 'm3']);
      await born.start(m4, {
        'initial-cluster': added
          .flatMap(({ name, peerURLs }) =>
            peerURLs.map((url) => `${name === '' ? 'm4' : name}=${url}`),
          )
          .join(),
        'initial-cluster-state': 'existing',
        'initial-advertise-peer-urls': `http://m4.${born.domain}:${new URL(m4.peerURLs[0] ?? '').port}`,
      });
      await allStarted(client, 4);
      await targetsBecome(born, '_etcd-client', ['m1', 'm2', 'm3', 'm4']);

      // Shrinking: what the spec does not name any more is taken out before it is removed.
      await born.respec(four.filter(({ name }) => name !== 'm2'));
      await targetsBecome(born, '_etcd-server', ['m1', 'm3', 'm4']);
      const m2 = (await allStarted(client, 4)).find(({ name }) => name === 'm2');
      if (m2 === undefined) throw new Error('m2 is not in the list.');
      await removeWhenHealthy(client, m2.id);
      await allStarted(client, 3);

      // Without DNS the cluster goes on, and nobody is born.
      server.kill('SIGTERM');
      expect((await server.done).code).toBe(EXIT.done);
      await writeAndRead([m4.clientURLs[0] ?? ''], 'later', 'without DNS');
      const orphan = await newMember(it, 'm5');
      const ended = await born.start(orphan, {
        'discovery-srv': born.domain,
        'initial-cluster-state': 'new',
      });
      const [code] = (await once(ended, 'exit')) as [number | null];
      expect(code).toBe(1);
    },
  );

  test.each(MINORS)('etcd %s is born by SRV records of https from our server', async (version) => {
    const it = await lab({ version });
    const domain = `${it.name}.test`;
    const tls = await certificatesFor(await directory(it.home, 'tls'), domain);
    const { born } = await bornFromUs(it, tls);
    const client = createClient({ endpoints: clientURLsOf(born), tls: { caFile: tls.ca } });
    it.atEnd(() => client.close());
    const members = await allStarted(client, 3);
    expect(members.every(({ peerURLs }) => peerURLs.every((url) => url.includes(domain)))).toBe(
      true,
    );
    const put = await client.kv.put('born', 'by DNS', { deadlineMs: CALL_MS });
    expect(put.ok).toBe(true);
    await it.must(`dns check -f ${born.specFile} --server ${born.nameserver}`);
    expect(
      await born.resolver
        .resolveSrv(`_etcd-server._tcp.${domain}`)
        .catch((error: Error) => error.message),
    ).toMatch(/ENOTFOUND/);
  });
});
