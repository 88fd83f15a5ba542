import { type Result, err, ok, unsafeBrand } from '../base/index.js';
import { checkFlags, resolveTarget } from '../core/bootstrap/index.js';
import {
  type ClientURL,
  type ClusterRecord,
  type EtcdVersion,
  type HostAddresses,
  minorOf,
  parseEtcdVersion,
} from '../core/cluster/index.js';
import { plannerProblems } from '../core/planner/index.js';
import type { ClusterSpec, MemberSpec } from '../core/spec/index.js';
import type { ResolveTarget } from '../engine/controller/index.js';
import type { ClusterStore, HeldLock, HostDriver, Wish } from '../engine/ports/index.js';

/** What people want and what the record holds, as exact members, flags and version. */
export const targetResolver =
  (firstLife: HostDriver['firstLife']): ResolveTarget =>
  (wish, record, authorities) => {
    const { spec, state, retire } = wish;
    const version = versionFor(spec, record, state);
    if (!version.ok) return err([version.error]);
    const addresses = { ...addressesByHand(spec), ...record.addresses };
    const settled = { ...record, version: version.value, addresses };
    const target = resolveTarget({
      spec,
      record: settled,
      state,
      firstLife,
      retire,
      ...(authorities === undefined ? {} : { authorities }),
    });
    if (!target.ok) return target;
    const faults = target.value.members.flatMap(({ flags }) => checkFlags(flags, version.value));
    return faults.length > 0 ? err(faults) : target;
  };

/**
 * The exact version to run: the one that the spec names, else the one that was chosen when the cluster was founded, so
 * that a newer patch in the cache changes nothing by itself. Another minor is an upgrade, which is not made here; a
 * cluster that is to go down goes down as it is.
 */
export function versionFor(
  spec: Pick<ClusterSpec, 'name' | 'version'>,
  record: Pick<ClusterRecord, 'version'>,
  state: 'up' | 'down',
): Result<EtcdVersion> {
  const exact = parseEtcdVersion(spec.version);
  const wantedMinor = exact === undefined ? spec.version.replace(/^v/, '') : minorOf(exact);
  if (wantedMinor === minorOf(record.version)) return ok(exact ?? record.version);
  if (state === 'down') return ok(record.version);
  const { name: cluster, version: wanted } = spec;
  return err(plannerProblems.minorChange({ cluster, running: record.version, wanted }));
}

/** What was accepted last, as whoever has just taken the lock finds it. */
export interface Settled {
  readonly wish: Wish;
  readonly record: ClusterRecord;
}

/** Remembers the version that the spec asks for; for whoever has just taken the lock. Undefined: there is nothing yet. */
export async function settleVersion(
  store: ClusterStore,
  lock: HeldLock,
): Promise<Result<Settled | undefined>> {
  // One after the other: where they are far away, one question answers both.
  const wished = await store.readWish();
  const read = await store.readRecord();
  if (!read.ok || !wished.ok || read.value === undefined || wished.value === undefined) {
    return ok(undefined);
  }
  const [wish, record] = [wished.value, read.value];
  const version = versionFor(wish.spec, record, wish.state);
  if (!version.ok || version.value === record.version) return ok({ wish, record });
  // Who has lost the lock meanwhile writes nothing; the run that follows says so.
  if (!(await lock.stillHeld())) return ok({ wish, record });
  const settled = { ...record, version: version.value };
  const written = await store.writeRecord(settled);
  return written.ok ? ok({ wish, record: settled }) : written;
}

/** etcd's usual port for clients. */
const CLIENT_PORT = 2379;

/** Members that a person runs bring their addresses in the spec; what it leaves out is etcd's usual. */
function addressesByHand(spec: ClusterSpec): Readonly<Record<string, HostAddresses>> {
  return Object.fromEntries(
    spec.members
      .filter(({ start }) => start === 'by-hand')
      .map((member) => [member.host, addressesOf(member)]),
  );
}

function addressesOf({ name, peerURLs = [], clientURLs }: MemberSpec): HostAddresses {
  const clients = clientURLs ?? peerURLs.slice(0, 1).map(clientURLBeside);
  return {
    peerURLs,
    clientURLs: clients,
    listenPeerURLs: peerURLs,
    listenClientURLs: clients,
    listenMetricsURLs: [],
    dataDir: `${name}.etcd`,
  };
}

const clientURLBeside = (peerURL: string): ClientURL =>
  unsafeBrand<ClientURL>(peerURL.replace(/:\d+$/, `:${CLIENT_PORT}`));
