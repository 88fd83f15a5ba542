import type { Clock, Problem, Result } from '../../base/index.js';
import type { DataSight, ExitReason, StartFlags } from '../../core/cluster/index.js';
import type { EtcdAdmin } from '../../engine/ports/index.js';
import type { DataHolder, PlaceSight } from './sight.js';

/** What the loop needs from this host and the network. Nothing is thrown for what a disk or a member does. */
export interface JoinWorld {
  readonly clock: Clock;
  readonly admin: Pick<EtcdAdmin, 'peer' | 'memberList' | 'status'>;
  lookAtData(): Promise<DataSight>;
  /** A process that has the database of the data directory open; undefined when there is none, or none can be seen. */
  lookForHolder(): Promise<DataHolder | undefined>;
  lookAtPlace(signal: AbortSignal): Promise<PlaceSight>;
  startEtcd(flags: StartFlags): Promise<Result<EtcdProcess>>;
  /** On this host's client address, to these client URLs at first and then where the member list says. */
  startGateway(endpoints: readonly string[]): Promise<Result<ForwardingGateway>>;
}

export interface EtcdProcess {
  readonly ended: Promise<EtcdEnd>;
  /** Asks it to end (SIGTERM); `ended` says when it has. */
  stop(): void;
}

export interface EtcdEnd {
  readonly reason: ExitReason;
  /** The reason in words. */
  readonly problem: Problem;
}

export interface ForwardingGateway {
  drain(): Promise<void>;
}
