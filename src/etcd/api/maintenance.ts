import {
  err,
  memberIDOf,
  ok,
  type MemberID,
  type RaftIndex,
  type RaftTerm,
} from '../../base/index.js';
import type { ProbeAnswer } from '../balancers/state.js';
import { errorOf, type Caller, type CallOptions } from '../calls/caller.js';
import { lazyCodec } from '../calls/codec.js';
import type { CallResult } from '../errors.js';
import { rpcs } from '../rpcs.js';
import type { AttemptFailure } from '../transport/transport.js';
import type * as Wire from '../wire/generated/maintenance.js';
import {
  acknowledged,
  bigintOfMemberID,
  headerOf,
  mapCall,
  raftIndexOf,
  raftTermOf,
  type Acknowledged,
  type ResponseHeader,
} from './common.js';

/** How one member sees itself. Every member answers this from memory, also an isolated one. */
export interface MemberStatus {
  /** `header.memberID` is the member that answered. */
  readonly header: ResponseHeader;
  readonly version: string;
  /** Undefined while it knows none. */
  readonly leader: MemberID | undefined;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  readonly raftTerm: RaftTerm;
  readonly raftIndex: RaftIndex;
  readonly raftAppliedIndex: RaftIndex;
  /** What it complains of: `etcdserver: no leader`, or an alarm. */
  readonly errors: readonly string[];
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
  /** Since 3.6; undefined before. */
  readonly dbSizeQuotaBytes: number | undefined;
  /** Since 3.6, and only once the member has stored one. */
  readonly storageVersion: string | undefined;
  /** The downgrade under way, since 3.6. */
  readonly downgradeTo: string | undefined;
}

export type AlarmKind = 'no-space' | 'corrupt' | 'other';

export interface Alarm {
  /** `0` when the alarm names no member. */
  readonly memberID: MemberID;
  readonly kind: AlarmKind;
}

export interface Alarms {
  readonly header: ResponseHeader;
  readonly alarms: readonly Alarm[];
}

export interface HashKV {
  readonly header: ResponseHeader;
  readonly hash: number;
  readonly compactRevision: bigint;
  /** The revision that was hashed; 0 before 3.6. */
  readonly hashRevision: bigint;
}

export interface SnapshotSummary {
  readonly sizeBytes: number;
  /** Since 3.6; undefined before. */
  readonly storageVersion: string | undefined;
}

export type SnapshotItem =
  /** Bytes of the file, in order. */
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  /** The last item: whether it is a snapshot. */
  | { readonly kind: 'ended'; readonly end: CallResult<SnapshotSummary> };

export interface SnapshotOptions extends CallOptions {
  /** The longest silence between two chunks. */
  readonly idleMs?: number;
}

const SNAPSHOT_IDLE_MS = 30_000;

/**
 * What an operator asks of one member, and the cluster's alarms. Except for alarms and downgrades the call is about the
 * member that answers, so name it by `endpoint`; `header.memberID` says who it was.
 */
export class MaintenanceAPI {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * How the member that answers sees itself and the cluster. From memory: it says nothing about a quorum.
   *
   * @example
   * const status = await client.maintenance.status({ endpoint, deadlineMs: 500 });
   * if (status.ok && status.value.leader === undefined) console.warn(`${endpoint} knows no leader`);
   */
  async status(options?: CallOptions): Promise<CallResult<MemberStatus>> {
    return mapCall(await this.#caller.unary(rpcs.status, statusCodec, {}, options), statusOf);
  }

  /**
   * A hash over all keys at `revision`; members that agree give the same. Compare equal `compactRevision`s only.
   *
   * @example
   * const [a, b] = await Promise.all(
   *   endpoints.map((endpoint) => client.maintenance.hashKV({ endpoint, revision })),
   * );
   * if (a?.ok && b?.ok && a.value.hash !== b.value.hash) console.error('two members differ');
   */
  async hashKV(
    options: CallOptions & { readonly revision?: bigint } = {},
  ): Promise<CallResult<HashKV>> {
    const request = { revision: options.revision ?? 0n };
    const answer = await this.#caller.unary(rpcs.hashKV, hashCodec, request, options);
    return mapCall(answer, ({ header, ...hash }) => ({ header: headerOf(header), ...hash }));
  }

  /**
   * A hash over the member's whole database file, free pages and all. Members that agree on every key may differ in it;
   * to compare members use `hashKV`.
   *
   * @example
   * const before = await client.maintenance.hash({ endpoint });
   * if (before.ok) console.log(before.value.hash);
   */
  async hash(
    options?: CallOptions,
  ): Promise<CallResult<{ readonly header: ResponseHeader; readonly hash: number }>> {
    const answer = await this.#caller.unary(rpcs.hash, databaseHashCodec, {}, options);
    return mapCall(answer, ({ header, hash }) => ({ header: headerOf(header), hash }));
  }

  /**
   * Every alarm of the cluster. Needs a quorum.
   *
   * @example
   * const raised = await client.maintenance.alarms();
   * if (raised.ok) for (const { memberID, kind } of raised.value.alarms) console.error(memberID, kind);
   */
  async alarms(options?: CallOptions): Promise<CallResult<Alarms>> {
    const request = { action: ALARM_ACTIONS.get, memberID: 0n, alarm: 0 } as const;
    return mapCall(
      await this.#caller.unary(rpcs.alarmList, alarmCodec, request, options),
      alarmsOf,
    );
  }

  /**
   * Raises an alarm for a member, as the member itself would: `no-space` makes the cluster refuse writes, `corrupt` also
   * reads through quorum, until it is lifted. For drills.
   *
   * @example
   * await client.maintenance.alarmActivate({ memberID: member.id, kind: 'no-space' });
   */
  async alarmActivate(
    alarm: { readonly memberID: MemberID; readonly kind: Exclude<AlarmKind, 'other'> },
    options?: CallOptions,
  ): Promise<CallResult<Alarms>> {
    return await this.#changeAlarm(ALARM_ACTIONS.activate, alarm, options);
  }

  /**
   * Lifts one alarm; it says nothing about whether its cause is gone.
   *
   * @example
   * for (const { memberID, kind } of raised.value.alarms) {
   *   if (kind !== 'other') await client.maintenance.alarmDisarm({ memberID, kind });
   * }
   */
  async alarmDisarm(
    alarm: { readonly memberID: MemberID; readonly kind: Exclude<AlarmKind, 'other'> },
    options?: CallOptions,
  ): Promise<CallResult<Alarms>> {
    return await this.#changeAlarm(ALARM_ACTIONS.deactivate, alarm, options);
  }

  async #changeAlarm(
    action: (typeof ALARM_ACTIONS)[keyof typeof ALARM_ACTIONS],
    alarm: { readonly memberID: MemberID; readonly kind: Exclude<AlarmKind, 'other'> },
    options: CallOptions | undefined,
  ): Promise<CallResult<Alarms>> {
    const request = {
      action,
      memberID: bigintOfMemberID(alarm.memberID),
      alarm: ALARM_KINDS[alarm.kind],
    };
    return mapCall(
      await this.#caller.unary(rpcs.alarmChange, alarmCodec, request, options),
      alarmsOf,
    );
  }

  /**
   * Gives the member's free database space back to its file system. Blocks the member meanwhile: one after the other,
   * the leader last.
   *
   * @example
   * const done = await client.maintenance.defragment({ endpoint, deadlineMs: 60_000 });
   * if (!done.ok) console.error(done.error.message);
   */
  async defragment(options?: CallOptions): Promise<CallResult<Acknowledged>> {
    return mapCall(
      await this.#caller.unary(rpcs.defragment, defragmentCodec, {}, options),
      acknowledged,
    );
  }

  /**
   * Hands leadership to `target`. Only the leader's endpoint takes it; any other refuses with `not-leader`.
   *
   * @example
   * const handed = await client.maintenance.moveLeader(follower.id, { endpoint: leaderURL });
   * if (!handed.ok) console.error(handed.error.message);
   */
  async moveLeader(target: MemberID, options?: CallOptions): Promise<CallResult<Acknowledged>> {
    const request = { targetID: bigintOfMemberID(target) };
    const answer = await this.#caller.unary(rpcs.moveLeader, moveLeaderCodec, request, options);
    return mapCall(answer, acknowledged);
  }

  /**
   * Checks, starts or ends a downgrade to one minor version below. The answer is the cluster's version now.
   *
   * @example
   * const may = await client.maintenance.downgrade('validate', '3.5.0');
   * if (may.ok) await client.maintenance.downgrade('enable', '3.5.0');
   */
  async downgrade(
    action: 'validate' | 'enable' | 'cancel',
    version: string,
    options?: CallOptions,
  ): Promise<CallResult<{ readonly header: ResponseHeader; readonly version: string }>> {
    const rpc = action === 'validate' ? rpcs.downgradeValidate : rpcs.downgradeChange;
    const request = { action: DOWNGRADE_ACTIONS[action], version };
    const answer = await this.#caller.unary(rpc, downgradeCodec, request, options);
    return mapCall(answer, ({ header, ...rest }) => ({ header: headerOf(header), ...rest }));
  }

  /**
   * Streams the member's database into `sink`, which is awaited for every chunk: the file as it is on disk, then a
   * SHA-256 over it (32 bytes). It is served from local data, also by an isolated or lagging member. On any failure
   * what the sink has is no snapshot. An error that the sink throws comes out of this call.
   *
   * @example
   * const saved = await client.maintenance.snapshot((chunk) => file.write(chunk).then(() => undefined), { endpoint });
   * if (!saved.ok) await rm(path); // half a file is no snapshot
   */
  async snapshot(
    sink: (chunk: Uint8Array) => void | Promise<void>,
    options: SnapshotOptions = {},
  ): Promise<CallResult<SnapshotSummary>> {
    for await (const item of this.openSnapshot(options)) {
      if (item.kind === 'ended') return item.end;
      await sink(item.bytes);
    }
    return assertUnreachable();
  }

  /**
   * The same as a stream: the chunks, then one item `ended`. Nothing is asked before the first item is, no more is read
   * from the connection than its window while no further item is asked for, and leaving the loop ends it.
   *
   * @example
   * for await (const item of client.maintenance.openSnapshot({ endpoint })) {
   *   if (item.kind === 'chunk') await file.write(item.bytes);
   *   else if (!item.end.ok) throw new Error(item.end.error.message); // what was written is no snapshot
   * }
   */
  async *openSnapshot(options: SnapshotOptions = {}): AsyncGenerator<SnapshotItem, undefined> {
    const { encode, decode } = await snapshotCodec();
    const opened = await this.#caller.stream(rpcs.snapshot, options);
    if (!opened.ok) {
      yield { kind: 'ended', end: opened };
      return;
    }
    const { stream, endpoint, ended } = opened.value;
    const failed = (failure: AttemptFailure): SnapshotItem => ({
      kind: 'ended',
      end: err(errorOf(failure, endpoint)),
    });
    const bad = (message: string) => failed({ kind: 'unknown', why: 'bad-answer', message });
    let sizeBytes = 0;
    let remainingBytes: bigint | undefined;
    let storageVersion: string | undefined;
    try {
      await stream.send(encode({}));
      stream.finishSending();
      for (;;) {
        const next = await stream.next(options.idleMs ?? SNAPSHOT_IDLE_MS);
        if (!next.ok) {
          yield failed(next.error);
          return;
        }
        const message = next.value;
        if (message === undefined) break;
        const chunk = decodeOr(() => decode(message));
        if (chunk === undefined) {
          yield bad('A part of the snapshot cannot be read.');
          return;
        }
        remainingBytes = chunk.remainingBytes;
        if (chunk.version !== '') storageVersion = chunk.version;
        sizeBytes += chunk.blob.length;
        yield { kind: 'chunk', bytes: chunk.blob };
      }
      if (remainingBytes === 0n) {
        yield { kind: 'ended', end: ok({ sizeBytes, storageVersion }) };
        return;
      }
      const missing = remainingBytes ?? 'all';
      yield bad(`The snapshot ended after ${sizeBytes} bytes with ${missing} missing.`);
    } finally {
      ended(undefined);
      stream.cancel();
    }
  }
}

const assertUnreachable = (): never => {
  throw new Error('a snapshot ended without saying how');
};

function decodeOr<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

const wire = () => import('../wire/generated/maintenance.js');
export const statusCodec = lazyCodec(wire, 'StatusRequest', 'StatusResponse');
const hashCodec = lazyCodec(wire, 'HashKVRequest', 'HashKVResponse');
const databaseHashCodec = lazyCodec(wire, 'HashRequest', 'HashResponse');
const alarmCodec = lazyCodec(wire, 'AlarmRequest', 'AlarmResponse');
const defragmentCodec = lazyCodec(wire, 'DefragmentRequest', 'DefragmentResponse');
const moveLeaderCodec = lazyCodec(wire, 'MoveLeaderRequest', 'MoveLeaderResponse');
const downgradeCodec = lazyCodec(wire, 'DowngradeRequest', 'DowngradeResponse');
const snapshotCodec = lazyCodec(wire, 'SnapshotRequest', 'SnapshotResponse');

const ALARM_ACTIONS = { get: 0, activate: 1, deactivate: 2 } as const;
const ALARM_KINDS = { 'no-space': 1, corrupt: 2 } as const satisfies Readonly<
  Record<Exclude<AlarmKind, 'other'>, Wire.AlarmType>
>;
const DOWNGRADE_ACTIONS = { validate: 0, enable: 1, cancel: 2 } as const;

const alarmsOf = ({ header, alarms }: Wire.AlarmResponse): Alarms => ({
  header: headerOf(header),
  alarms: alarms.map(({ memberID, alarm }) => ({
    memberID: memberIDOf(memberID),
    kind: alarm === 1 ? 'no-space' : alarm === 2 ? 'corrupt' : 'other',
  })),
});

/** What a balancer wants to know of a member. */
export const probeAnswerOf = (answer: Wire.StatusResponse): ProbeAnswer => {
  const status = statusOf(answer);
  return {
    hasLeader: status.leader !== undefined && !status.errors.includes('etcdserver: no leader'),
    isLeader: status.isLeader,
    isLearner: status.isLearner,
    term: status.raftTerm,
    committedIndex: status.raftIndex,
    appliedIndex: status.raftAppliedIndex,
  };
};

function statusOf(status: Wire.StatusResponse): MemberStatus {
  const header = headerOf(status.header);
  const leader = status.leader === 0n ? undefined : memberIDOf(status.leader);
  const isDowngrading = status.downgradeInfo?.enabled === true;
  return {
    header,
    version: status.version,
    leader,
    isLeader: leader === header.memberID,
    isLearner: status.isLearner,
    raftTerm: raftTermOf(status.raftTerm),
    raftIndex: raftIndexOf(status.raftIndex),
    raftAppliedIndex: raftIndexOf(status.raftAppliedIndex),
    errors: status.errors,
    dbSizeBytes: Number(status.dbSize),
    dbSizeInUseBytes: Number(status.dbSizeInUse),
    dbSizeQuotaBytes: status.dbSizeQuota === 0n ? undefined : Number(status.dbSizeQuota),
    storageVersion: status.storageVersion === '' ? undefined : status.storageVersion,
    downgradeTo: isDowngrading ? status.downgradeInfo?.targetVersion : undefined,
  };
}
