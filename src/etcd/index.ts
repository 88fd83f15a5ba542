/**
 * etcd — a client of etcd 3.4 and newer over gRPC. Usable alone, as `quorate/client`.
 *
 * Contract:
 * - What a server or a network may do comes back as an `EtcdError` value that says whether the call had no effect
 *   (`refused`, `not-sent`) or whether that is `unknown`. Only bugs are thrown.
 * - Nothing waits beyond its deadline, not even for a frozen member or one without a leader.
 * - A call that changes something is never sent twice, unless the server certainly did not act on the first
 *   (rpcs.ts says which calls may be repeated).
 * - Reads are linearizable unless they say otherwise. `maintenance` calls are about the one member they name.
 * - It knows no cluster operations: it decides nothing, waits for nothing, keeps no view of the cluster.
 *
 * Imports only `base`. Loads HTTP/2 and protobuf at the first call, so importing it is cheap.
 */
export { createClient, type EtcdClient, type EtcdClientOptions } from './client.js';
export type { CallOptions } from './calls/caller.js';
export type {
  CallResult,
  EtcdError,
  NotSentWhy,
  RefusalReason,
  Tried,
  UnknownWhy,
} from './errors.js';
export {
  etcdNoAnswer,
  etcdNotReached,
  etcdRefused,
  outcomeOf,
  problemOfEtcdError,
  type CallDescription,
} from './problems.js';
export { parseEndpoint, type Endpoint } from './endpoints.js';
export { endpointsFromSRV, type SRVOptions, type SRVRecord, type SRVResolver } from './srv.js';
export type { BalancerName } from './balancers/policies.js';
export type { EndpointCondition, EndpointState } from './balancers/state.js';
export { rpcs, type Rpc } from './rpcs.js';
export { DEFAULT_LIMITS, type TransportLimits } from './transport/limits.js';
export { TLSMaterial, type TLSOptions } from './transport/tls.js';
export type { ConnectionKind } from './transport/transport.js';
export {
  prefixEnd,
  textOf,
  type Acknowledged,
  type Bytes,
  type KeyRange,
  type KeyValue,
  type ResponseHeader,
} from './api/common.js';
export type { AddedMember, ClusterAPI, EtcdMember, MemberList } from './api/cluster.js';
export type {
  Alarm,
  AlarmKind,
  Alarms,
  HashKV,
  MaintenanceAPI,
  MemberStatus,
  SnapshotItem,
  SnapshotOptions,
  SnapshotSummary,
} from './api/maintenance.js';
export type { KVAPI } from './api/kv.js';
export type {
  DeleteAnswer,
  DeleteOptions,
  PutAnswer,
  PutOptions,
  RangeAnswer,
  RangeOptions,
  RevisionSpan,
} from './api/kv-messages.js';
export type { Comparison, Txn, TxnAnswer, TxnOperation, TxnOperationAnswer } from './api/txn.js';
export { compare, type CompareBuilder } from './api/compare.js';
export type { Session } from './recipes/session.js';
export type { HeldLock, Lock } from './recipes/lock.js';
export type { Semaphore } from './recipes/semaphore.js';
export type { Election, Leadership } from './recipes/election.js';
export type { View } from './recipes/stm.js';
export type { Access, AuthAPI, AuthStatus, Credentials, Permission } from './api/auth.js';
export type { LeaseAPI, LeaseGranted, LeaseTimeToLive } from './api/lease.js';
export type { KeepOptions, LeaseKeeper, LeaseLoss } from './lease/keeper.js';
export type { WatchAPI } from './watch/watch-api.js';
export type { Watch, WatchOptions } from './watch/watch.js';
export type { WatchEnd, WatchEvent, WatchItem } from './watch/events.js';
