import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type EtcdMember, createClient } from '../../src/etcd/index.js';
import { type DNSBornMember, newMember, targetsBecome } from '../lab/dns-birth.js';
import { certificatesFor } from '../lab/dns-certificates.js';
import { addWhenHealthy, allStarted, removeWhenHealthy } from '../lab/dns-changes.js';
import { type DNSProgram, dnsProgram } from '../lab/dns-programs.js';
import {
  ANY_MINOR,
  EXIT,
  type BornByDNS,
  type Lab,
  bearByDNS,
  directory,
  lab,
  nextAddress,
  until,
  whyNoResolver,
  writeAndRead,
} from '../lab/index.js';
import type { ProblemJSON } from '../lab/index.js';

const ZONE = 'example.test';
const CALL_MS = 10_000;
/** Where no member listens: there is no cluster yet. */
const NOBODY = 'http://127.0.0.1:1';
const SECRET = Buffer.from('the secret of this zone, 32 byte').toString('base64');
const SECRET_512 = Buffer.from('x'.repeat(64)).toString('base64');

interface PublishedJSON {
  readonly sent: boolean;
  readonly zone: string;
  readonly add: readonly { readonly name: string; readonly address?: string }[];
  readonly remove: readonly {
    readonly name: string;
    readonly target?: string;
    readonly address?: string;
  }[];
}

const zoneFileOf = (zone: string) => `$TTL 60
@ IN SOA ns.${zone}. hostmaster.${zone}. 1 60 30 86400 5
@ IN NS ns.${zone}.
ns IN A 127.0.0.1
_etcd-server._tcp IN SRV 0 0 2380 old.${zone}.
old IN A 10.9.9.9
somebody-else IN A 10.8.8.8
`;

interface ToServe {
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly zone: string;
}

/** How each program is told: one zone that two keys may change, and a third key that is known and may not. */
const SERVERS = {
  named: {
    files: ({ home, host, port, zone }: ToServe) => ({
      'zone.txt': zoneFileOf(zone),
      conf: `options { directory "${home}"; listen-on port ${port} { ${host}; }; listen-on-v6 { none; }; recursion no; pid-file none; session-keyfile none; };
controls { };
key "k256" { algorithm hmac-sha256; secret "${SECRET}"; };
key "k512" { algorithm hmac-sha512; secret "${SECRET_512}"; };
key "guest" { algorithm hmac-sha256; secret "${SECRET}"; };
zone "${zone}" { type primary; file "${home}/zone.txt"; allow-update { key k256; key k512; }; };
`,
    }),
    args: (conf: string) => ['-g', '-c', conf],
  },
  knotd: {
    files: ({ home, host, port, zone }: ToServe) => ({
      [`${zone}.zone`]: zoneFileOf(zone),
      conf: `server:
    rundir: "${home}"
    listen: "${host}@${port}"
database:
    storage: "${home}"
key:
  - id: k256
    algorithm: hmac-sha256
    secret: ${SECRET}
  - id: k512
    algorithm: hmac-sha512
    secret: ${SECRET_512}
  - id: guest
    algorithm: hmac-sha256
    secret: ${SECRET}
acl:
  - id: update
    key: [k256, k512]
    action: update
zone:
  - domain: ${zone}
    storage: "${home}"
    file: "${zone}.zone"
    zonefile-load: difference-no-serial
    journal-content: all
    acl: update
`,
    }),
    args: (conf: string) => ['-c', conf],
  },
} as const;

const noResolver = await whyNoResolver();
if (noResolver !== undefined) {
  process.stderr.write(`\nSKIPPED, births through a real server: ${noResolver}\n\n`);
}
const programs = { named: await dnsProgram('named'), knotd: await dnsProgram('knotd') };
for (const found of Object.values(programs)) {
  if ('whyNot' in found) {
    process.stderr.write(`\nSKIPPED, publishing to a real server: ${found.whyNot}\n\n`);
  }
}

describe.each(['named', 'knotd'] as const)('publishing to a real %s', (name) => {
  const found = programs[name];

  test.skipIf('whyNot' in found)(
    'changes what differs, all at once, and nothing of anybody else',
    async () => {
      if ('whyNot' in found) return;
      const it = await lab({ version: ANY_MINOR });
      const { address, resolver } = await primary(it, name, found);
      const key = await keyFile(it, 'k256', 'hmac-sha256', SECRET);
      const key512 = await keyFile(it, 'k512', 'hmac-sha512', SECRET_512);
      const at = (members: readonly string[]) => specWith(it, members);

      const three = await at(['10.0.1.1', '10.0.1.2', '10.0.1.3']);
      const dry = await publish(it, three, address, key, '--dry-run');
      expect(dry.sent).toBe(false);
      expect(await resolver.resolve4(`old.${ZONE}`)).toEqual(['10.9.9.9']);
      const first = await publish(it, three, address, key);
      expect(first).toMatchObject({ sent: true, zone: ZONE });
      // What stood under the name of the service before is gone, its address with it.
      expect(first.remove.map(({ target, address: gone }) => target ?? gone)).toEqual([
        `old.${ZONE}`,
        '10.9.9.9',
      ]);
      expect(
        (await resolver.resolveSrv(`_etcd-server._tcp.${ZONE}`))
          .map(({ name: target }) => target)
          .sort(),
      ).toEqual([1, 2, 3].map((n) => `m${n}.${ZONE}`));
      await it.must(`dns check -f ${three} --server ${address}`);
      expect((await publish(it, three, address, key)).sent).toBe(false);

      // The member on 10.0.1.2 is replaced, with the other algorithm: its record moves, and nobody else's.
      const moved = await publish(
        it,
        await at(['10.0.1.1', '10.0.1.9', '10.0.1.3']),
        address,
        key512,
      );
      expect(moved.add).toMatchObject([{ name: `m2.${ZONE}`, address: '10.0.1.9' }]);
      expect(moved.remove).toMatchObject([{ name: `m2.${ZONE}`, address: '10.0.1.2' }]);
      expect(await resolver.resolve4(`somebody-else.${ZONE}`)).toEqual(['10.8.8.8']);

      // One fewer.
      const two = await at(['10.0.1.1', '10.0.1.9']);
      await publish(it, two, address, key);
      await it.must(`dns check -f ${two} --server ${address}`);
      await expect(resolver.resolve4(`m3.${ZONE}`)).rejects.toThrow('ENOTFOUND');
    },
  );

  test.skipIf('whyNot' in found)(
    'is refused with a key that is unknown, wrong or not allowed',
    async () => {
      if ('whyNot' in found) return;
      const it = await lab({ version: ANY_MINOR });
      const { address, resolver } = await primary(it, name, found);
      const spec = await specWith(it, ['10.0.1.1']);
      const stranger = await keyFile(it, 'nobody', 'hmac-sha256', SECRET);
      const liar = await keyFile(
        it,
        'k256',
        'hmac-sha256',
        Buffer.from('not the secret').toString('base64'),
      );
      const guest = await keyFile(it, 'guest', 'hmac-sha256', SECRET);
      for (const [key, answer] of [
        [stranger, /^BADKEY$/],
        [liar, /^BADSIG$/],
        [guest, /^(REFUSED|NOTAUTH|BADKEY)$/],
      ] as const) {
        const ran = await it.ends(
          EXIT.failed,
          `dns publish -f ${spec} --server ${address} --key-file ${key} --endpoints ${NOBODY} -o json`,
        );
        const [problem] = ran.json<{ problems: readonly ProblemJSON[] }>().problems;
        expect(problem?.code).toBe('dns-update-refused');
        expect(problem?.data['answer']).toMatch(answer);
        expect(ran.stdout + ran.stderr).not.toContain(SECRET);
      }
      expect(await resolver.resolve4(`old.${ZONE}`)).toEqual(['10.9.9.9']);
    },
  );

  const births = ['3.5', '3.6', '3.7'].flatMap((version) =>
    (['http', 'https'] as const).map((scheme) => ({ version, scheme })),
  );

  test.skipIf('whyNot' in found || noResolver !== undefined).each(births)(
    'etcd $version is born by its records of $scheme',
    async ({ version, scheme }) => {
      if ('whyNot' in found) return;
      const it = await lab({ version });
      const { born, tls } = await bornThrough(it, name, found, scheme);
      const client = createClient({
        endpoints: clientURLsOf(born),
        ...(tls === undefined ? {} : { tls: { caFile: tls.ca } }),
      });
      it.atEnd(() => client.close());
      const members = await allStarted(client, 3);
      // They found each other by the names of the records, over the scheme that those say.
      for (const { peerURLs } of members) {
        expect(peerURLs.join()).toMatch(new RegExp(`^${scheme}://m[123]\\.${born.domain}:`));
      }
      const put = await client.kv.put('born', `through ${name}`, { deadlineMs: CALL_MS });
      expect(put.ok).toBe(true);
      await it.must(`dns check -f ${born.specFile} --server ${born.nameserver}`);
    },
  );

  test.skipIf('whyNot' in found || noResolver !== undefined)(
    'its records follow: one comes, one goes, one is replaced on another machine',
    async () => {
      if ('whyNot' in found) return;
      const it = await lab({ version: ANY_MINOR });
      const { born, key } = await bornThrough(it, name, found, 'http');
      const { domain, resolver, specFile } = born;
      const client = createClient({ endpoints: clientURLsOf(born) });
      it.atEnd(() => client.close());
      await allStarted(client, 3);
      const line = `dns publish -f ${specFile} --server ${born.nameserver} --key-file ${key} -o json`;
      const follow = async () => (await it.must(line)).json<PublishedJSON>();
      const peerURL = (member: DNSBornMember) =>
        `http://${member.name}.${domain}:${new URL(member.peerURLs[0] ?? '').port}`;
      const joins = async (member: DNSBornMember, added: readonly EtcdMember[]) =>
        born.start(member, {
          'initial-cluster': added
            .flatMap(({ name: own, peerURLs }) =>
              peerURLs.map((url) => `${own === '' ? member.name : own}=${url}`),
            )
            .join(),
          'initial-cluster-state': 'existing',
          'initial-advertise-peer-urls': peerURL(member),
          // Another machine has another disk.
          'data-dir': join(it.home, 'by-hand', `${member.name}-${added.length}-joined`),
        });

      // The spec names m4 before etcd does: nothing is published yet.
      const m4 = await newMember(it, 'm4');
      await born.respec([...born.members, m4]);
      expect(await follow()).toMatchObject({ sent: false });
      const added = await addWhenHealthy(client, peerURL(m4));
      expect((await follow()).add.map(({ name: own }) => own)).toContain(`m4.${domain}`);
      await joins(m4, added);
      await allStarted(client, 4);
      await follow();
      await targetsBecome(born, '_etcd-client', ['m1', 'm2', 'm3', 'm4']);

      // m2 is to go: its records go first.
      const [m1, m2, m3] = born.members;
      if (m1 === undefined || m2 === undefined || m3 === undefined) throw new Error('three');
      const idOf = async (wanted: string) => {
        const found = (await allStarted(client, 4)).find(({ name: own }) => own === wanted);
        if (found === undefined) throw new Error(`${wanted} is not in the list.`);
        return found.id;
      };
      const [id2, id3] = [await idOf('m2'), await idOf('m3')];
      await born.respec([m1, m3, m4]);
      await follow();
      await targetsBecome(born, '_etcd-server', ['m1', 'm3', 'm4']);
      await removeWhenHealthy(client, id2);

      // m3 is to be elsewhere. While it runs its name stays; when it is removed the name is its successor's.
      const elsewhere = nextAddress();
      const at = (urls: readonly string[]) =>
        urls.map((url) => url.replace('127.0.0.1', elsewhere));
      const next = { name: 'm3', peerURLs: at(m3.peerURLs), clientURLs: at(m3.clientURLs) };
      await born.respec([m1, next, m4]);
      const held = await it.ends(EXIT.failed, line);
      const [problem] = held.json<{ problems: readonly ProblemJSON[] }>().problems;
      expect(problem?.code).toBe('dns-member-still-there');
      expect(await resolver.resolve4(`m3.${domain}`)).toEqual(['127.0.0.1']);
      await removeWhenHealthy(client, id3);
      await follow();
      await targetsBecome(born, '_etcd-server', ['m1', 'm4']);
      const readded = await addWhenHealthy(client, peerURL(next));
      await follow();
      expect(await resolver.resolve4(`m3.${domain}`)).toEqual([elsewhere]);
      await joins(next, readded);
      await allStarted(client, 3);
      await follow();
      await it.must(`dns check -f ${specFile} --server ${born.nameserver}`);
      await writeAndRead(next.clientURLs, 'replaced', 'on another machine');
    },
  );
});

/** Three members, started by hand, that find each other by the records that were published to this program. */
async function bornThrough(
  it: Lab,
  name: keyof typeof SERVERS,
  program: DNSProgram,
  scheme: 'http' | 'https',
) {
  const zone = `${it.name}.test`;
  const key = await keyFile(it, 'k256', 'hmac-sha256', SECRET);
  const tls =
    scheme === 'http' ? undefined : await certificatesFor(await directory(it.home, 'tls'), zone);
  const born = await bearByDNS(it, {
    names: ['m1', 'm2', 'm3'],
    domain: zone,
    ...(tls === undefined ? {} : { tls }),
    // BIND listens on addresses that an interface has, and the loopback has this one alone.
    ...(name === 'named' ? { nameserver: '127.0.0.1' } : {}),
    serve: async (specFile, host) => {
      const { address } = await primary(it, name, program, { host, port: 53, zone });
      await publish(it, specFile, address, key);
    },
  });
  return { born, key, tls };
}

const clientURLsOf = ({ members }: BornByDNS) => members.flatMap(({ clientURLs }) => clientURLs);

test('a key that others may read is not used, and nothing is asked', async () => {
  const it = await lab({ version: ANY_MINOR });
  const key = await keyFile(it, 'k256', 'hmac-sha256', SECRET);
  await chmod(key, 0o644);
  const spec = await specWith(it, ['10.0.1.1']);
  const ran = await it.ends(
    EXIT.failed,
    `dns publish -f ${spec} --server 127.0.0.1:1 --key-file ${key} --endpoints ${NOBODY}`,
  );
  expect(ran.stderr).toContain('[tsig-key-open]');
});

const specWith = (it: Lab, addresses: readonly string[]): Promise<string> =>
  it.spec(
    addresses.map((address, i) => ({
      name: `m${i + 1}`,
      peerURLs: [`http://${address}:2380`],
      clientURLs: [`http://${address}:2379`],
    })),
    { bootstrap: { dns: { domain: ZONE } } },
  );

/** Nobody listens on the endpoints given: there is no cluster yet, and none to wait for. */
async function publish(
  it: Lab,
  spec: string,
  server: string,
  key: string,
  more = '',
): Promise<PublishedJSON> {
  const line = `dns publish -f ${spec} --server ${server} --key-file ${key} --endpoints ${NOBODY} -o json ${more}`;
  return (await it.must(line.trim())).json<PublishedJSON>();
}

let keys = 0;

async function keyFile(it: Lab, name: string, algorithm: string, secret: string): Promise<string> {
  const path = join(it.home, `key-${++keys}`);
  await writeFile(path, `key "${name}" {\n  algorithm ${algorithm};\n  secret "${secret}";\n};\n`, {
    mode: 0o600,
  });
  return path;
}

/** Starts the server and waits until it serves the zone; ended with the lab, in whose home it lives. */
async function primary(
  it: Lab,
  name: keyof typeof SERVERS,
  program: DNSProgram,
  at: Partial<ToServe> = {},
) {
  const home = await directory(it.home, 'primary');
  const port = at.port ?? Number(new URL(await it.freeURL()).port);
  const { host = '127.0.0.1', zone = ZONE } = at;
  const { files, args } = SERVERS[name];
  for (const [file, text] of Object.entries(files({ home, host, port, zone }))) {
    await writeFile(join(home, file), text);
  }
  const child: ChildProcess = spawn(program.path, args(join(home, 'conf')), {
    env: { PATH: process.env['PATH'], ...program.env },
    stdio: 'ignore',
  });
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`${host}:${port}`]);
  await until(`${name} serves the zone`, async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}.`);
    const answer = await resolver.resolveSoa(zone).catch((error: Error) => error);
    return answer instanceof Error ? { seen: answer.message } : { done: true };
  });
  return { address: `${host}:${port}`, resolver };
}
