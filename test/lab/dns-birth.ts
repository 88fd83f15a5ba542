import { type ChildProcess, spawn } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import { etcdOf } from './etcd.js';
import { type Lab, directory } from './lab.js';
import { askingOnly, nextAddress } from './resolver.js';
import { until } from './wait.js';

/** Members started by hand with the flags that the product prints. */
export interface BornByDNS {
  readonly specFile: string;
  readonly domain: string;
  readonly nameserver: string;
  readonly members: readonly DNSBornMember[];
  /** The records that the server has now. */
  readonly resolver: Resolver;
  /** A spec of these members, written over the one that the server follows. */
  respec(members: readonly DNSBornMember[]): Promise<void>;
  /** Starts etcd as this member, with these flags over its own. */
  start(member: DNSBornMember, flags: Readonly<Record<string, string>>): Promise<ChildProcess>;
}

export interface DNSBornMember {
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
}

interface RecordsJSON {
  readonly flags: Readonly<Record<string, string>>;
  readonly members: readonly { readonly name: string; readonly listed: string }[];
}

/** Where members keep their keys; absent: http. */
export interface DNSBirthTLS {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Writes a spec with plain addresses, has its records served, and starts every member with `--discovery-srv`. */
export async function bearByDNS(
  it: Lab,
  options: {
    readonly names: readonly string[];
    readonly domain: string;
    /** Where the server is to be; absent: at an address of this test's own. */
    readonly nameserver?: string;
    /** Sees to it that this server has the records of the spec. */
    readonly serve: (specFile: string, nameserver: string) => Promise<void>;
    readonly tls?: DNSBirthTLS;
  },
): Promise<BornByDNS> {
  const { names, domain, serve, tls } = options;
  const members = await Promise.all(names.map((name) => newMember(it, name, tls)));
  const specOf = (wanted: readonly DNSBornMember[]) =>
    it.spec(
      wanted.map((each) => ({ ...each })),
      { bootstrap: { dns: { domain } } },
    );
  const specFile = await specOf(members);
  const nameserver = options.nameserver ?? nextAddress();
  await serve(specFile, nameserver);
  const { flags } = (await it.must(`dns records -f ${specFile} -o json`)).json<RecordsJSON>();
  const prefix = await askingOnly(it.home, nameserver);
  const start: BornByDNS['start'] = async (member, own) => {
    const all = {
      name: member.name,
      'data-dir': join(await directory(it.home, 'by-hand', member.name), 'data'),
      'listen-peer-urls': member.peerURLs.join(),
      'initial-advertise-peer-urls': member.peerURLs.join(),
      'listen-client-urls': member.clientURLs.join(),
      'advertise-client-urls': member.clientURLs.join(),
      ...(tls === undefined ? {} : tlsFlags(tls)),
      ...(it.version === '3.4' ? { logger: 'zap' } : {}),
      ...own,
    };
    const args = Object.entries(all).map(([flag, value]) => `--${flag}=${value}`);
    const [command = '', ...rest] = [...prefix, etcdOf(it.version).path, ...args];
    return spawn(command, rest, { stdio: 'ignore' });
  };
  for (const member of members) {
    await start(member, {
      ...flags,
      'initial-cluster-state': 'new',
      'initial-cluster-token': it.name,
    });
  }
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([nameserver]);
  const respec = async (wanted: readonly DNSBornMember[]) => void (await specOf(wanted));
  return { specFile, domain, nameserver, members, resolver, respec, start };
}

export async function newMember(it: Lab, name: string, tls?: DNSBirthTLS): Promise<DNSBornMember> {
  const url = async () =>
    (await it.freeURL()).replace('http:', tls === undefined ? 'http:' : 'https:');
  return { name, peerURLs: [await url()], clientURLs: [await url()] };
}

const tlsFlags = ({ cert, key, ca }: DNSBirthTLS): Readonly<Record<string, string>> => ({
  'cert-file': cert,
  'key-file': key,
  'peer-cert-file': cert,
  'peer-key-file': key,
  'peer-trusted-ca-file': ca,
  'peer-client-cert-auth': 'true',
});

/** The targets of a service, sorted, as soon as they are these. */
export const targetsBecome = (
  { resolver, domain }: Pick<BornByDNS, 'resolver' | 'domain'>,
  service: string,
  names: readonly string[],
): Promise<unknown> =>
  until(`the targets of ${service} are ${names.join(', ')}`, async () => {
    const found = await resolver
      .resolveSrv(`${service}._tcp.${domain}`)
      .catch((error: Error) => error);
    if (found instanceof Error) return { seen: found.message };
    const targets = found.map(({ name }) => name.split('.')[0]).sort();
    return targets.join() === names.join() ? { done: targets } : { seen: targets };
  });
