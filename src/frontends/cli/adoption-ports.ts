import type { Problem, Result } from '../../base/index.js';
import type { Adoption } from '../../core/adoption/index.js';
import type { ClusterName, HostName } from '../../core/cluster/index.js';
import type { FilesOfPlane, SSHOptions } from '../../core/spec/index.js';

/** What `quorate adopt` needs from the world. */
export interface AdoptionPorts {
  /**
   * Reads a running cluster from its members and from its hosts; changes nothing there. Problems: everything for which no
   * spec can be written under which there is nothing to do.
   */
  read(settings: AdoptionSettings): Promise<Result<Adoption, readonly Problem[]>>;
}

export interface AdoptionSettings {
  readonly name: ClusterName;
  readonly endpoints: readonly string[];
  /** As ssh reaches them; absent: where the members' peer URLs lead. */
  readonly hosts: readonly HostName[] | undefined;
  readonly ssh: SSHOptions;
  /** What this seat shows to members, and whom it trusts; absent: nothing. */
  readonly seat: FilesOfPlane | undefined;
  readonly signal: AbortSignal;
}
