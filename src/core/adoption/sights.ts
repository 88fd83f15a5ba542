import type { ClusterID, MemberID, Problem } from '../../base/index.js';
import type { HostName, Membership, StatusSight } from '../cluster/index.js';
import type { FilesOfPlane } from '../spec/index.js';
import type { ProcessWords } from './process-flags.js';

/** A running cluster that somebody else made, as its members tell it. */
export interface ClusterSighting {
  readonly membership: Membership;
  /** Of each member, asked at the client URLs that it advertises. */
  readonly statuses: ReadonlyMap<MemberID, StatusSight>;
  /** Whether it asks for users; undefined: nobody could tell (before etcd 3.5). */
  readonly authOn: boolean | undefined;
  /** What this seat shows and trusts; absent: nothing. */
  readonly seat?: FilesOfPlane;
}

/** What was seen on a host. */
export type HostSighting =
  | { readonly kind: 'seen'; readonly host: HostName; readonly processes: readonly EtcdSighting[] }
  | { readonly kind: 'unseen'; readonly host: HostName; readonly problem: Problem };

/** One process of etcd on a host. */
export interface EtcdSighting extends ProcessWords {
  readonly pid: number;
  readonly user: string;
  readonly keeper: Keeper;
  /** The data directory whose database it holds open; absent: it holds none. */
  readonly dataDir?: string;
  /** The directory of the log that it holds open. */
  readonly walDir?: string;
  /** Whose log it is, as the log itself says. */
  readonly identity?: { readonly memberID: MemberID; readonly clusterID: ClusterID };
  /** Directories above the data that the user of our members cannot pass. */
  readonly closedDirectories: readonly string[];
  /** Files of certificates that the user of our members cannot read. */
  readonly closedFiles: readonly string[];
  /** Files that say how it is started and were changed after it was. */
  readonly changedFiles: readonly string[];
}

/** What would start the process again. */
export type Keeper =
  /** Its main process, and it starts at boot by an ordinary unit file. */
  | { readonly kind: 'unit'; readonly unit: string; readonly atBoot: boolean }
  /** Nothing: somebody typed its command, and the next boot does not bring it back. */
  | { readonly kind: 'by-hand' }
  /** In words: a container, another program, a unit that is not written down. */
  | { readonly kind: 'other'; readonly what: string };
