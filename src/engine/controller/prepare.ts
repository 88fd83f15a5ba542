import { type Logger, type Problem, type Result, ok, withDeadline } from '../../base/index.js';
import type {
  Authorities,
  ClusterRecord,
  MemberListSight,
  Target,
} from '../../core/cluster/index.js';
import type { MemberSpec, ProxySpec } from '../../core/spec/index.js';
import type { AddressWish, Certificates, HostDriver, Wish } from '../ports/index.js';
import { withAuthorities } from './authorities.js';
import { type BirthDesk, recordsReady, withMeetingPlace } from './birth-help.js';
import { addressesNotFound, lockLost, recordMissing, wishMissing } from './problems.js';
import { ALLOCATE_DEADLINE_MS } from './timings.js';

export interface Desk extends BirthDesk {
  readonly driver: HostDriver;
  readonly logger: Logger;
  readonly certificates: Certificates;
  readonly resolveTarget: ResolveTarget;
}

/** From core/bootstrap: what people want and what was found become exact members and flags. */
export type ResolveTarget = (
  wish: Wish,
  record: ClusterRecord,
  authorities?: Authorities,
) => Result<Target, readonly Problem[]>;

export type Prepared =
  | {
      readonly kind: 'ready';
      readonly wish: Wish;
      readonly record: ClusterRecord;
      readonly target: Target;
    }
  | {
      readonly kind: 'blocked';
      readonly problems: readonly Problem[];
      readonly wish?: Wish;
    };

/** Reads wish and record, finds addresses for new hosts (kept in the record before anything uses them), resolves. */
export async function prepare(desk: Desk, signal: AbortSignal): Promise<Prepared> {
  const wish = await desk.store.readWish();
  if (!wish.ok) return { kind: 'blocked', problems: [wish.error] };
  if (wish.value === undefined) return { kind: 'blocked', problems: [wishMissing({})] };
  const blocked = (...problems: readonly Problem[]): Prepared => ({
    kind: 'blocked',
    problems,
    ...(wish.value === undefined ? {} : { wish: wish.value }),
  });
  const read = await desk.store.readRecord();
  if (!read.ok) return blocked(read.error);
  if (read.value === undefined) return blocked(recordMissing({}));

  let record = read.value;
  const missing = hostsWithoutAddresses(wish.value, record);
  if (missing.length > 0 && !wish.value.paused) {
    const completed = await withAddresses(desk, record, missing, signal);
    if (!completed.ok) return blocked(...completed.error);
    record = completed.value;
  }
  const met = wish.value.paused
    ? ok(record)
    : await withMeetingPlace(desk, wish.value, record, signal);
  if (!met.ok) return blocked(met.error);
  record = met.value;
  const trusted = await withAuthorities(desk, wish.value, record, signal);
  if (!trusted.ok) return blocked(trusted.error);
  record = trusted.value.record;
  const target = desk.resolveTarget(wish.value, record, trusted.value.authorities);
  if (!target.ok) return blocked(...target.error);
  const said = await recordsReady(desk, wish.value, record, target.value, signal);
  if (!said.ok) return blocked(...said.error);
  return { kind: 'ready', wish: wish.value, record, target: target.value };
}

/** Proxies have them too. By-hand members bring their own. */
export const hostsWithoutAddresses = (
  { spec }: Pick<Wish, 'spec'>,
  record: Pick<ClusterRecord, 'addresses'>,
): readonly AddressWish[] =>
  [...spec.members.filter(({ start }) => start === 'quorate'), ...spec.proxies]
    .filter(({ host }) => !Object.hasOwn(record.addresses, host))
    .map((wanted: Partial<MemberSpec> & ProxySpec) => ({
      host: wanted.host,
      name: wanted.name,
      ...(wanted.peerURLs === undefined ? {} : { peerURLs: wanted.peerURLs }),
      ...(wanted.clientURLs === undefined ? {} : { clientURLs: wanted.clientURLs }),
    }));

async function withAddresses(
  desk: Desk,
  record: ClusterRecord,
  missing: readonly AddressWish[],
  signal: AbortSignal,
): Promise<Result<ClusterRecord, readonly Problem[]>> {
  const hosts = missing.map(({ host }) => host);
  const found = await withDeadline(desk.clock, ALLOCATE_DEADLINE_MS, signal, (inner) =>
    desk.driver.allocate(missing, record.addresses, inner),
  );
  if (found.late) {
    const problem = addressesNotFound({ hosts, deadlineMs: ALLOCATE_DEADLINE_MS });
    return { ok: false, error: [problem] };
  }
  if (!found.value.ok) return found.value;
  // What the record has stays, whatever the driver says: members advertise it.
  const completed = { ...record, addresses: { ...found.value.value, ...record.addresses } };
  if (!(await desk.lock.stillHeld())) {
    return { ok: false, error: [lockLost({ step: `find addresses for ${hosts.join(', ')}` })] };
  }
  const written = await desk.store.writeRecord(completed);
  return written.ok ? { ok: true, value: completed } : { ok: false, error: [written.error] };
}

/**
 * Forgets requests to retire members that a list through quorum no longer has: ids are never reused, so the request
 * is done for ever. Best effort: an entry that stays does no harm, and a newer wish wins.
 */
export async function forgetRetired(
  desk: Desk,
  wish: Wish,
  record: ClusterRecord,
  list: MemberListSight,
): Promise<ClusterRecord> {
  if (list.kind !== 'linearizable' || list.clusterID !== record.clusterID) return record;
  const remaining = (ids: Wish['retire']) =>
    ids.filter((id) => list.members.some((member) => member.id === id));
  const wishRetire = remaining(wish.retire);
  const recordRetire = remaining(record.retire);
  const wishDone = wishRetire.length === wish.retire.length;
  const recordDone = recordRetire.length === record.retire.length;
  if ((wishDone && recordDone) || !(await desk.lock.stillHeld())) return record;
  if (!wishDone) {
    const { generation, ...rest } = wish;
    const written = await desk.store.writeWish({ ...rest, retire: wishRetire }, generation);
    if (!written.ok) {
      desk.logger.log('info', 'a retired member stays in the wish for now', {
        problem: written.error.summary,
      });
    }
  }
  if (recordDone) return record;
  const updated = { ...record, retire: recordRetire };
  return (await desk.store.writeRecord(updated)).ok ? updated : record;
}
