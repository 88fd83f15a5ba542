import { type Clock, type Problem, type Result, err, ok, withDeadline } from '../../base/index.js';
import type { ClusterRecord, Target } from '../../core/cluster/index.js';
import type { BirthRecords, ClusterStore, HeldLock, MeetingPlaces, Wish } from '../ports/index.js';
import { lockLost, meetingPlaceSlow, noDNSHere, noDiscoveryHere, recordsSlow } from './problems.js';
import { MEETING_DEADLINE_MS } from './timings.js';

/** What a birth needs beside the hosts. */
export interface BirthDesk {
  readonly store: ClusterStore;
  readonly lock: HeldLock;
  readonly clock: Clock;
  readonly meetingPlaces: MeetingPlaces;
  readonly birthRecords: BirthRecords;
}

/** Where nobody can make one. */
export const NOWHERE: MeetingPlaces = {
  make: async ({ cluster }) => err(noDiscoveryHere({ cluster })),
  keep: async () => ok(undefined),
  leave: async () => undefined,
};

/** Where nobody can look at the DNS. */
export const UNSEEN_RECORDS: BirthRecords = {
  ready: async ({ name }) => err([noDNSHere({ cluster: name })]),
};

/**
 * A birth by discovery has its place before anybody is told to go there, and keeps it. Who was told the others already
 * goes on so: two ways would make two clusters.
 */
export async function withMeetingPlace(
  desk: BirthDesk,
  { spec, state }: Wish,
  record: ClusterRecord,
  signal: AbortSignal,
): Promise<Result<ClusterRecord>> {
  const { clock, meetingPlaces, store, lock } = desk;
  const { clusterID, meetingPlace, issuedNew, name: cluster, version } = record;
  if (meetingPlace !== undefined) {
    if (clusterID !== undefined || state === 'down') {
      await meetingPlaces.leave(signal);
      return ok(record);
    }
    const kept = await withDeadline(clock, MEETING_DEADLINE_MS, signal, (inner) =>
      meetingPlaces.keep(meetingPlace, inner),
    );
    if (kept.late) return err(meetingPlaceSlow({ cluster, deadlineMs: MEETING_DEADLINE_MS }));
    return kept.value.ok ? ok(record) : kept.value;
  }
  const isBegun = clusterID !== undefined || issuedNew.length > 0 || state === 'down';
  if (spec.bootstrap.kind !== 'discovery' || isBegun) return ok(record);
  const wanted = { cluster, at: spec.bootstrap.at, size: spec.members.length, version };
  const made = await withDeadline(clock, MEETING_DEADLINE_MS, signal, (inner) =>
    meetingPlaces.make(wanted, inner),
  );
  if (made.late) return err(meetingPlaceSlow({ cluster, deadlineMs: MEETING_DEADLINE_MS }));
  if (!made.value.ok) return made.value;
  if (!(await lock.stillHeld())) return err(lockLost({ step: 'make a discovery token' }));
  const completed = { ...record, meetingPlace: made.value.value };
  const written = await store.writeRecord(completed);
  return written.ok ? ok(completed) : written;
}

/** A birth by DNS begins, and goes on, only while every member would find every other one. */
export async function recordsReady(
  { clock, birthRecords }: BirthDesk,
  { spec, paused, state }: Wish,
  record: ClusterRecord,
  { birth, members }: Target,
  signal: AbortSignal,
): Promise<Result<void, readonly Problem[]>> {
  const isOver = record.clusterID !== undefined || state === 'down' || paused;
  if (birth.kind !== 'dns' || isOver) return ok(undefined);
  if (members.every(({ host }) => record.issuedNew.includes(host))) return ok(undefined);
  const ready = await withDeadline(clock, MEETING_DEADLINE_MS, signal, (inner) =>
    birthRecords.ready(spec, record, inner),
  );
  if (!ready.late) return ready.value;
  return err([recordsSlow({ domain: birth.domain, deadlineMs: MEETING_DEADLINE_MS })]);
}
