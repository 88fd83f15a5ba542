import { type Problem, type Result, err, ok } from '../../../base/index.js';
import type { ClusterDNS, DNSMember, DNSPlace } from '../../../core/bootstrap/index.js';
import {
  type EtcdVersion,
  type HostAddresses,
  parseClientURL,
  parseDomainName,
  parseEtcdVersion,
  parseSRVServiceName,
} from '../../../core/cluster/index.js';
import type { ClusterSpec } from '../../../core/spec/index.js';
import { chooseCluster } from '../choose.js';
import { type Context, tell } from '../context.js';
import type { ClientFiles, ListedForDNS } from '../dns-ports.js';
import { badValue, dnsMembersUnknown, usage } from '../problems.js';
import { specFileFor } from '../read-spec.js';

/** Where the members come from and under which domain they are to be found. */
export interface DNSOptions {
  readonly file?: string;
  readonly domain?: string;
  readonly serviceName?: string;
}

/** A cluster as the DNS is to know it. */
export interface DNSWish {
  readonly spec: ClusterSpec;
  readonly place: DNSPlace;
  /** Everybody the spec names, whether or not they run. */
  readonly members: readonly DNSMember[];
  readonly version: EtcdVersion | undefined;
}

/**
 * Reads the spec file named, else the cluster chosen; every problem at once. Unlike `plan` and `apply` it takes any driver
 * and any section: records are about names and addresses, whoever starts the members.
 */
export async function dnsWish(
  context: Context,
  options: DNSOptions,
): Promise<Result<DNSWish, readonly Problem[]>> {
  const file = await specFileFor(context, options.file, undefined);
  const known = file === undefined ? await ofCluster(context) : await ofFile(context, file);
  if (!known.ok) return known;
  const { spec, addresses, version } = known.value;
  const place = placeOf(spec, options);
  if (!place.ok) return err([place.error]);
  const { dnsMembersOf } = await import('../../../core/bootstrap/index.js');
  const members = dnsMembersOf(spec, addresses);
  if (!members.ok) return members;
  return ok({ spec, place: place.value, members: members.value, version });
}

/** The records of these members, or why there are none. */
export async function dnsOf(
  { place, version }: DNSWish,
  members: readonly DNSMember[],
): Promise<Result<ClusterDNS, readonly Problem[]>> {
  const { clusterDNS } = await import('../../../core/bootstrap/index.js');
  return clusterDNS({ place, members, version });
}

export interface DNSNow {
  readonly dns: ClusterDNS;
  /** Undefined: nobody told. */
  readonly listed: readonly ListedForDNS[] | undefined;
}

/**
 * The records of the members that the list has and the spec wants. Nobody who is there means that the cluster is not born yet,
 * or down: then those of the spec, and it is said.
 */
export async function dnsNow(
  context: Context,
  wish: DNSWish,
  asking: ClientFiles & { readonly endpoints: readonly string[] | undefined },
): Promise<Result<DNSNow, readonly Problem[]>> {
  const { members } = wish;
  const ports = await context.ports.dns();
  const endpoints = asking.endpoints ?? members.flatMap(({ clientURLs }) => clientURLs);
  const all = await dnsOf(wish, members);
  const records = all.ok ? all.value.records : [];
  const listed = await ports.listed({ ...asking, endpoints, records });
  if (!listed.ok) {
    // Members that are there and cannot say it, for want of a leader: what the spec wishes is not what is.
    if (listed.error.code !== 'etcd-not-reached') {
      return err([dnsMembersUnknown({ because: listed.error.detail })]);
    }
    tell(context, `note: no member says who is in the cluster; taking everybody of the spec`);
    return all.ok ? ok({ dns: all.value, listed: undefined }) : all;
  }
  const { publishable } = await import('../../../core/bootstrap/index.js');
  const now = publishable(members, listed.value);
  if (now.length > 0) {
    const dns = await dnsOf(wish, now);
    return dns.ok ? ok({ dns: dns.value, listed: listed.value }) : dns;
  }
  const names = listed.value.map(({ name, id }) => (name === '' ? id : name)).join(', ');
  const message = `No member of the spec is in the list of the cluster that answers (${names})`;
  return err([usage({ message, hint: 'Is that the cluster of this spec?' })]);
}

interface Known {
  readonly spec: ClusterSpec;
  readonly addresses: Readonly<Record<string, HostAddresses>>;
  readonly version: EtcdVersion | undefined;
}

async function ofCluster(context: Context): Promise<Result<Known, readonly Problem[]>> {
  const chosen = await chooseCluster(context);
  if (!chosen.ok) return err([chosen.error]);
  const { store, name } = chosen.value;
  const [wish, record] = await Promise.all([store.readWish(), store.readRecord()]);
  if (!wish.ok) return err([wish.error]);
  if (!record.ok) return err([record.error]);
  if (wish.value === undefined || record.value === undefined) {
    const message = `${name} has no spec yet`;
    return err([usage({ message, hint: `Start it:\n  quorate up ${name}` })]);
  }
  const { addresses, version } = record.value;
  return ok({ spec: wish.value.spec, addresses, version });
}

async function ofFile(context: Context, file: string): Promise<Result<Known, readonly Problem[]>> {
  const { files, clusters } = context.ports;
  const text = await files.read(file);
  if (!text.ok) return err([text.error]);
  const { parseSpec } = await import('../../../core/spec-text/index.js');
  const parsed = parseSpec(text.value);
  if (!parsed.ok) return parsed;
  const { spec, warnings } = parsed.value;
  for (const { summary, detail } of warnings) tell(context, `note: ${summary}. ${detail}`);
  const cluster = clusters.open(spec.name, spec);
  const record = await cluster.store.readRecord();
  if (!record.ok) return err([record.error]);
  const addresses = record.value?.addresses ?? {};
  const version = record.value?.version ?? versionOf(spec);
  const isKnown = spec.members.every(
    ({ host, peerURLs, clientURLs }) =>
      (peerURLs !== undefined && clientURLs !== undefined) || Object.hasOwn(addresses, host),
  );
  if (isKnown || spec.driver.kind !== 'local') return ok({ spec, addresses, version });
  // Slots of this machine that nobody has given ports yet: those that they would get now.
  const imagined = await cluster.imagine(undefined, { spec }, context.interrupt);
  if (!imagined.ok) return imagined;
  return ok({ spec, addresses: { ...imagined.value.record.addresses, ...addresses }, version });
}

/** Of a minor its first patch: what a minor cannot do, none of its patches can. */
const versionOf = ({ version }: ClusterSpec): EtcdVersion | undefined =>
  parseEtcdVersion(version) ?? parseEtcdVersion(`${version}.0`);

function placeOf(
  { bootstrap, name }: ClusterSpec,
  { domain, serviceName }: DNSOptions,
): Result<DNSPlace> {
  const inSpec = bootstrap.kind === 'dns' ? bootstrap : undefined;
  const wanted = domain ?? inSpec?.domain;
  if (wanted === undefined) {
    const message = `Nobody said under which domain ${name} is to be found`;
    const hint =
      'Add --domain example.com, or to the spec:\n  bootstrap: { dns: { domain: example.com } }';
    return err(usage({ message, hint }));
  }
  const read = parseDomainName(wanted);
  if (!read.ok) return bad('The domain', wanted, read.error);
  const service = serviceName ?? (domain === undefined ? inSpec?.serviceName : undefined);
  if (service === undefined) return ok({ domain: read.value });
  const known = parseSRVServiceName(service);
  return known.ok
    ? ok({ domain: read.value, serviceName: known.value })
    : bad('The name of the service', service, known.error);
}

const bad = (what: string, found: string, allowed: string): Result<never> =>
  err(badValue({ what, found, allowed, nearest: '' }));

/** A mistyped one must not look like a cluster that is not there: then the spec would be taken for the truth. */
export function readEndpoints(text: string): Result<readonly string[]> {
  const urls = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  const wrong = urls.find((each) => !parseClientURL(each).ok);
  if (wrong === undefined && urls.length > 0) return ok(urls);
  return bad(
    'An endpoint',
    wrong ?? text,
    'http://HOST:PORT or https://HOST:PORT, with commas between',
  );
}
