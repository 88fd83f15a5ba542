import { getServers } from 'node:dns';
import {
  type LogLevel,
  type Logger,
  type Outcome,
  type Result,
  err,
  ok,
  refused,
} from '../base/index.js';
import {
  type ClusterDNS,
  type DNSSight,
  type HostAnswers,
  certificatesToSee,
} from '../core/bootstrap/index.js';
import {
  type DNSFromHostsSettings,
  type DNSLook,
  type DNSLookSettings,
  type DNSPorts,
  type DNSPublishSettings,
  type DNSServeSettings,
  type Files,
  type RunningDNSServer,
  cliProblems,
} from '../frontends/cli/index.js';
import {
  type DNSAddress,
  type PublishOptions,
  type Published,
  addressOf,
  askFromHosts,
  certificateNames,
  compileZone,
  createDNSFeed,
  createDNSServer,
  createLookup,
  createMemberListReader,
  lookAtDNS,
  parseDNSAddress,
  publishRecords,
  readTSIGKey,
} from '../services/dns/index.js';
import { readTLS } from './gateway.js';
import type { Machine } from './machine.js';
import { shellWith } from './shells.js';

/** Whoever asks once waits for an election: without an answer it would have to believe the spec. */
const LISTED_MS = 10_000;

/** What `quorate dns` needs, made of this machine. */
export function dnsPorts(machine: Machine, files: Pick<Files, 'read'>): DNSPorts {
  return {
    serve: (settings) => serve(machine, files, settings),
    publish: (settings) => publish(machine, files, settings),
    look: (settings) => lookAtRecords(machine, settings),
    fromHosts: (settings) => askedFromHosts(machine, settings),
    listed: async (settings) => {
      const tls = await readTLS(files, settings);
      if (!tls.ok) return tls;
      const { endpoints, records } = settings;
      const reader = createMemberListReader({
        endpoints,
        tls: tls.value,
        clock: machine.clock,
        addressOf: addressAmong(() => records),
      });
      try {
        return await reader.read({ deadlineMs: LISTED_MS });
      } finally {
        await reader.close();
      }
    },
  };
}

/** A server in this process; SIGHUP reads spec and member list at once. */
async function serve(
  { clock }: Machine,
  files: Pick<Files, 'read'>,
  settings: DNSServeSettings,
): Promise<Result<RunningDNSServer>> {
  const { dns, wanted, version, endpoints, tell } = settings;
  const listen: DNSAddress[] = [];
  for (const text of settings.listen) {
    const parsed = parseDNSAddress(text, 'addresses');
    if (!parsed.ok) return parsed;
    listen.push(parsed.value);
  }
  const tls = await readTLS(files, settings);
  if (!tls.ok) return tls;
  const { domain } = dns.place;
  // Its own machine need not ask the server that it is.
  const addressOf = addressAmong(() => shown.records);
  const logger = telling(tell);
  let shown = dns;
  let serial = 0;
  const zoneOf = ({ records }: ClusterDNS) => {
    // Seconds, so that a server that was started anew does not go back.
    serial = Math.max(serial + 1, Math.floor(clock.now() / 1_000) % 2 ** 32);
    return compileZone({ domain, records, serial, addresses: ownAddresses(listen) });
  };
  const server = createDNSServer({ listen, zone: zoneOf(dns), clock, logger });
  const started = await server.start();
  if (!started.ok) return started;
  const feed = createDNSFeed({
    place: dns.place,
    wanted,
    version,
    members:
      endpoints.length === 0
        ? undefined
        : createMemberListReader({ endpoints, tls: tls.value, clock, addressOf }),
    clock,
    logger,
    onChange: (now) => {
      server.serve(zoneOf(now));
      if (now.records.map(nameOf).join() !== shown.records.map(nameOf).join()) {
        tell(`serial ${serial}: ${membersText(now)}`);
      }
      shown = now;
    },
  });
  feed.start();
  const onHangUp = () => void feed.refresh();
  process.on('SIGHUP', onHangUp);
  return ok({
    report: () => ({
      listening: server.state().listening,
      zone: domain,
      serial,
      records: shown.records.length,
    }),
    close: async () => {
      process.off('SIGHUP', onHangUp);
      await feed.close();
      await server.close();
    },
  });
}

/** Where the records themselves say that a name leads. */
const addressAmong =
  (records: () => ClusterDNS['records']) =>
  (host: string): string | undefined => {
    const found = records().find(({ name, type }) => type !== 'SRV' && name === host);
    return found === undefined || found.type === 'SRV' ? undefined : found.address;
  };

const nameOf = (record: ClusterDNS['records'][number]): string =>
  record.type === 'SRV'
    ? `${record.name} ${record.target}:${record.port}`
    : `${record.name} ${record.address}`;

const membersText = ({ members }: ClusterDNS): string =>
  `${members.length} members: ${members.map(({ name }) => name).join(', ')}`;

/** Addresses by which it can be named in its own zone; the one that means all of them is none. */
function ownAddresses(listen: readonly DNSAddress[]) {
  return listen
    .filter(({ host }) => host !== '0.0.0.0' && host !== '::')
    .map(({ host }) => ({
      type: host.includes(':') ? ('AAAA' as const) : ('A' as const),
      address: host,
    }));
}

/** One signed update. */
export async function publishTo(
  { clock, random }: Machine,
  settings: Pick<DNSPublishSettings, 'dns' | 'server' | 'zone' | 'tsigKeyFile' | 'dryRun'>,
  whoIsStillThere?: PublishOptions['whoIsStillThere'],
) {
  const { dns, server, zone, tsigKeyFile, dryRun } = settings;
  const key = await readTSIGKey(tsigKeyFile);
  if (!key.ok) return refused(key.error);
  const { signal } = new AbortController();
  return await publishRecords({
    dns,
    server,
    zone,
    key: key.value,
    clock,
    random,
    signal,
    whoIsStillThere,
    dryRun,
  });
}

/** As `quorate dns publish` does it: not over the head of a member that runs. */
async function publish(
  machine: Machine,
  files: Pick<Files, 'read'>,
  settings: DNSPublishSettings,
): Promise<Outcome<Published>> {
  const { dns, listed = [] } = settings;
  const tls = await readTLS(files, settings);
  if (!tls.ok) return refused(tls.error);
  const { clock } = machine;
  const nowhere = { endpoints: [], addressOf: () => undefined };
  const reader = createMemberListReader({ ...nowhere, tls: tls.value, clock });
  try {
    return await publishTo(machine, settings, async (name, address, next) => {
      const named = dns.members.find((each) => new URL(each.listed).hostname === name);
      const member = listed.find((each) => each.name !== '' && each.name === named?.name);
      if (member === undefined || !(await reader.isAt(member, address))) return undefined;
      const isThereToo = await Promise.all(next.map((each) => reader.isAt(member, each)));
      return isThereToo.includes(true) ? undefined : member.name;
    });
  } finally {
    await reader.close();
  }
}

const LOOK_MS = 3_000;
const TLS_MS = 2_000;

/** What this machine sees, and the certificates of those that are there. */
export async function lookAtRecords(
  { random }: Machine,
  { dns, server, signal }: DNSLookSettings,
): Promise<Result<DNSLook>> {
  const servers: DNSAddress[] = [];
  for (const text of server === undefined ? getServers() : [server]) {
    const parsed = parseDNSAddress(text, 'addresses');
    if (!parsed.ok) return err(parsed.error);
    servers.push(parsed.value);
  }
  const place = 'this machine';
  const sights: DNSSight[] = [];
  for (const each of servers) {
    const lookup = createLookup({ server: each, random, deadlineMs: LOOK_MS, signal });
    sights.push(await lookAtDNS(dns, lookup, place));
  }
  const certificates = await Promise.all(
    certificatesToSee(dns).map(async ({ target, port }) => {
      const address = sights
        .map((sight) => addressOf(sight, target))
        .find((each) => each !== undefined);
      const names =
        address === undefined
          ? undefined
          : await certificateNames({ address, port, name: target }, { deadlineMs: TLS_MS, signal });
      return { place, target, port, names };
    }),
  );
  return ok({ sights, certificates });
}

/** Members that a person starts may run where we cannot log in: nobody asks there. */
async function askedFromHosts(
  machine: Machine,
  { dns, spec, server, signal }: DNSFromHostsSettings,
): Promise<Result<readonly HostAnswers[]>> {
  const { driver, name, members } = spec;
  switch (driver.kind) {
    case 'local':
      return ok([]);
    case 'kubernetes':
      return err(cliProblems.driverNotHere({ driver: driver.kind, cluster: name }));
    case 'ssh': {
      const parsed = server === undefined ? undefined : parseDNSAddress(server, 'addresses');
      if (parsed?.ok === false) return parsed;
      const hosts = members.filter(({ start }) => start === 'quorate').map(({ host }) => host);
      const shell = await shellWith(machine, driver.options);
      const servers = parsed === undefined ? undefined : [parsed.value];
      const { random } = machine;
      return ok(await askFromHosts(dns, hosts, { shell, random, servers, signal }));
    }
  }
}

/** The server's log as lines for a person. */
const telling = (tell: (line: string) => void): Logger => ({
  log: (_level: LogLevel, message, data = {}) => {
    const { because } = data;
    tell(typeof because === 'string' ? `${message}: ${because}` : message);
  },
});
