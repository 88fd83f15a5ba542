import {
  BugError,
  type Result,
  assertNever,
  defineProblem,
  err,
  ok,
  silentLogger,
} from '../base/index.js';
import {
  type EtcdVersion,
  type ClusterName,
  type MeetingPlace,
  isAtLeast,
  minorOf,
  parseClusterName,
} from '../core/cluster/index.js';
import { defaultSpec } from '../core/spec/index.js';
import type { ClusterStore, MeetingPlaces, WantedPlace } from '../engine/ports/index.js';
import { type EtcdClient, createClient } from '../etcd/index.js';
import { DISCOVERY_CLUSTER, DISCOVERY_FLAGS, type ManagedCluster } from '../frontends/cli/index.js';
import {
  type DiscoveryProtocol,
  type DiscoveryService,
  newTokenAt,
  startDiscoveryService,
  tokenFactsAt,
  tokenFactsThrough,
} from '../services/discovery/index.js';
import type { LendPort, Machine } from './machine.js';

/** The place exists and cannot be this birth's: somebody registered there, or it is for another number of members. */
export const meetingPlaceUnfit = defineProblem(
  'meeting-place-unfit',
  (d: { cluster: string; at: string; size: number; registered: number; wanted: number }) => ({
    summary: `The members of ${d.cluster} cannot meet at ${d.at}`,
    detail: `It was made for ${d.size} members, and ${d.registered} have registered there. It takes one that was made for ${d.wanted} and that nobody has used.`,
    hint: `Make a fresh one, and name it in spec.bootstrap.discovery:\n  quorate discovery new --size ${d.wanted}`,
  }),
);

/** The etcd that kept the token of this birth is no more. */
export const meetingPlaceGone = defineProblem('meeting-place-gone', (d: { cluster: string }) => ({
  summary: 'The place where the members of this birth meet is gone',
  detail: `The cluster ${d.cluster}, which kept its token, does not exist any more.`,
  hint: 'Begin again, with a fresh token (data is moved aside, not deleted):\n  quorate destroy\n  quorate apply',
}));

const DRAIN_MS = 1_000;
const SUPERVISE_MS = 10_000;
const OWN_SIZE = 1;

/** Fronts of this process, by the URL of the token they serve. */
const fronts = new Map<
  string,
  { readonly service: DiscoveryService; readonly client: EtcdClient }
>();

/**
 * Meeting places for births: those of others, and one of our own beside the clusters of the state home. Ours listens on
 * the loopback of this machine only; hosts elsewhere find it on theirs, because its ports are lent to them (`lend`), so
 * that it needs no address that they reach, and nobody else reaches it.
 */
export function meetingPlacesOf(
  { clock, random }: Machine,
  open: (name: ClusterName) => ManagedCluster,
  lend: LendPort = () => Promise.resolve(ok(undefined)),
): MeetingPlaces {
  return {
    make: async (wanted, signal) => {
      const { at } = wanted;
      switch (at.kind) {
        case 'url':
          return urlOf(wanted, at.url, signal);
        case 'endpoints':
          return using(at.endpoints, (client) => tokenOf(wanted, client, at));
        case 'serve':
          return ownPlace(wanted, signal);
        default:
          return assertNever(at);
      }
    },
    keep: async (place, signal) => {
      if (!place.isOurs) return ok(undefined);
      const storage = await ownStorage(undefined, signal);
      if (!storage.ok) return storage;
      if (place.protocol === 'v3') return lendAll(storage.value, signal);
      const front = await ownFront(storage.value, place.url);
      return front.ok ? lendAll([place.url], signal) : front;
    },
    leave: async () => {
      for (const [url, { service, client }] of fronts) {
        fronts.delete(url);
        await service.drain(DRAIN_MS);
        await client.close();
      }
    },
  };

  async function urlOf(
    wanted: WantedPlace,
    url: string,
    signal: AbortSignal,
  ): Promise<Result<MeetingPlace>> {
    const facts = await tokenFactsThrough(url, signal);
    if (!facts.ok) return facts;
    const unfit = unfitness(wanted, url, facts.value);
    return unfit ?? ok({ protocol: 'v2', url, size: wanted.size, isOurs: false });
  }

  async function tokenOf(
    wanted: WantedPlace,
    client: EtcdClient,
    at: { readonly endpoints: readonly string[]; readonly token?: string },
  ): Promise<Result<MeetingPlace>> {
    const { endpoints, token } = at;
    const place = { protocol: 'v3', endpoints, size: wanted.size, isOurs: false } as const;
    if (token === undefined) {
      const made = await newToken(wanted, client, endpoints, 'v3');
      return made.ok ? ok({ ...place, token: made.value.token }) : made;
    }
    const facts = await tokenFactsAt({ client, clock }, token);
    if (!facts.ok) return facts;
    return unfitness(wanted, endpoints.join(', '), facts.value) ?? ok({ ...place, token });
  }

  async function ownPlace(wanted: WantedPlace, signal: AbortSignal): Promise<Result<MeetingPlace>> {
    const storage = await ownStorage(wanted.version, signal);
    if (!storage.ok) return storage;
    const endpoints = storage.value;
    const place = { size: wanted.size, isOurs: true } as const;
    return using(endpoints, async (client): Promise<Result<MeetingPlace>> => {
      if (protocolFor(wanted.version) === 'v3') {
        const lent = await lendAll(endpoints, signal);
        if (!lent.ok) return lent;
        const made = await newToken(wanted, client, endpoints, 'v3');
        return made.ok
          ? ok({ protocol: 'v3', endpoints, token: made.value.token, ...place })
          : made;
      }
      const front = await startFront(endpoints, { port: 0 });
      if (!front.ok) return front;
      const made = await newToken(wanted, client, endpoints, 'v2', front.value.service.url);
      const url = made.ok ? made.value.url : undefined;
      const lent = url === undefined ? ok(undefined) : await lendAll([url], signal);
      if (!made.ok || url === undefined || !lent.ok) {
        await front.value.service.drain(DRAIN_MS);
        await front.value.client.close();
        if (!lent.ok) return lent;
        return made.ok ? err(meetingPlaceUnfit(unfitData(wanted, '', 0, 0))) : made;
      }
      fronts.set(url, front.value);
      return ok({ protocol: 'v2', url, ...place });
    });
  }

  function newToken(
    { size }: WantedPlace,
    client: EtcdClient,
    endpoints: readonly string[],
    protocol: DiscoveryProtocol,
    service?: string,
  ) {
    return newTokenAt(
      { client, clock, random },
      { size, protocols: [protocol], ttlMs: undefined },
      { endpoints, service },
    );
  }

  /** The one-member cluster that also `quorate discovery serve` keeps its tokens in; it stays up. */
  async function ownStorage(
    version: EtcdVersion | undefined,
    signal: AbortSignal,
  ): Promise<Result<readonly string[]>> {
    const name = parseClusterName(DISCOVERY_CLUSTER);
    if (!name.ok) throw new BugError(name.error);
    const cluster = open(name.value);
    const wish = await cluster.store.readWish();
    if (!wish.ok) return wish;
    if (wish.value === undefined) {
      if (version === undefined) return err(meetingPlaceGone({ cluster: name.value }));
      // The etcd that is at hand anyway; nobody but us asks it anything.
      const spec = defaultSpec({
        name: name.value,
        memberCount: OWN_SIZE,
        version: minorOf(version),
      });
      const options = { offline: false, progress: () => undefined, signal };
      const founded = await cluster.found({ ...spec, etcd: DISCOVERY_FLAGS }, options);
      if (!founded.ok) return founded;
    } else if (wish.value.state === 'down') {
      const { generation, ...rest } = wish.value;
      const written = await cluster.store.writeWish({ ...rest, state: 'up' }, generation);
      if (!written.ok) return written;
    }
    const isKept = (await cluster.store.lockHolder()) !== undefined;
    if (!isKept) {
      const run = await cluster.run({
        purpose: 'discovery for a birth',
        until: 'converged-or-blocked',
        interrupt: signal,
      });
      if (!run.ok) return run;
      const supervised = await cluster.supervise(AbortSignal.timeout(SUPERVISE_MS));
      if (!supervised.ok) return supervised;
    }
    return clientURLsOf(cluster.store);
  }

  async function lendAll(urls: readonly string[], signal: AbortSignal): Promise<Result<void>> {
    for (const url of urls) {
      const lent = await lend(Number(new URL(url).port), signal);
      if (!lent.ok) return lent;
    }
    return ok(undefined);
  }

  async function ownFront(endpoints: readonly string[], url: string): Promise<Result<void>> {
    if (fronts.has(url)) return ok(undefined);
    const front = await startFront(endpoints, { port: Number(new URL(url).port) });
    if (!front.ok) return front;
    fronts.set(url, front.value);
    return ok(undefined);
  }

  async function startFront(endpoints: readonly string[], { port }: { readonly port: number }) {
    const client = createClient({ endpoints, clock });
    const service = await startDiscoveryService({
      client,
      clock,
      random,
      logger: silentLogger,
      advertise: undefined,
      endpoints,
      listen: { address: `127.0.0.1:${port}`, isInsecureAllowed: false, tls: undefined },
    });
    if (service.ok) return ok({ service: service.value, client });
    await client.close();
    return service;
  }

  async function using<T>(
    endpoints: readonly string[],
    work: (client: EtcdClient) => Promise<T>,
  ): Promise<T> {
    const client = createClient({ endpoints, clock });
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }
}

/** 3.6 speaks both; v3 needs no front of ours. */
const protocolFor = (version: EtcdVersion): DiscoveryProtocol =>
  isAtLeast(version, 3, 6) ? 'v3' : 'v2';

function unfitness(
  wanted: WantedPlace,
  at: string,
  facts: { readonly size: number; readonly registrations: readonly unknown[] },
): Result<never> | undefined {
  const registered = facts.registrations.length;
  const isFit = facts.size === wanted.size && registered === 0;
  return isFit ? undefined : err(meetingPlaceUnfit(unfitData(wanted, at, facts.size, registered)));
}

const unfitData = (wanted: WantedPlace, at: string, size: number, registered: number) => ({
  cluster: wanted.cluster,
  at,
  size,
  registered,
  wanted: wanted.size,
});

async function clientURLsOf(store: ClusterStore): Promise<Result<readonly string[]>> {
  const record = await store.readRecord();
  if (!record.ok) return record;
  return ok(
    Object.values(record.value?.addresses ?? {}).flatMap(({ clientURLs }) => [...clientURLs]),
  );
}
