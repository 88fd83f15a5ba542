import type { Clock, Problem, Random, Result } from '../../base/index.js';
import type { ClusterName, ClusterRecord } from '../../core/cluster/index.js';
import type { Plan, PlanInput } from '../../core/planner/index.js';
import type { ClusterSpec } from '../../core/spec/index.js';
import type { AdoptionPorts } from './adoption-ports.js';
import type { CertificatePorts } from './certificate-ports.js';
import type { DNSPorts } from './dns-ports.js';
import type { RunEnd, TurnResult } from '../../engine/controller/index.js';
import type {
  ClusterStore,
  EtcdAdmin,
  JournalEntry,
  LockHolder,
  Wish,
} from '../../engine/ports/index.js';
import type { Discovery } from './discovery-ports.js';
import type { HostsPorts } from './hosts-ports.js';
import type { Join } from './join-ports.js';

/**
 * What the commands need from the world. Implemented once, in `main`; the tests give fakes. Everything that costs
 * time to load is behind a promise, so that a command loads only what it uses.
 */
export interface CliPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly clusters: Clusters;
  readonly versions: Versions;
  /** Asks and changes a cluster that is named by its endpoints only. The caller closes it. */
  admin(): Promise<EtcdAdmin>;
  /** Starts a gateway in this process. Problems: certificates, addresses, and where members are to be found. */
  gateway(settings: GatewaySettings): Promise<Result<RunningGateway>>;
  /** Serves discovery, makes tokens and looks at them. */
  discovery(): Promise<Discovery>;
  /** Runs this host as a member or as a gateway. */
  join(): Promise<Join>;
  /** Serves, publishes and checks the records of a cluster. */
  dns(): Promise<DNSPorts>;
  /** Looks at the hosts of a cluster. */
  hosts(): Promise<HostsPorts>;
  /** Reads a cluster that somebody else made. */
  adoption(): Promise<AdoptionPorts>;
  /** Text that makes this machine call `quorate boot` when it starts. */
  bootHook(kind: BootHook): string;
  /** This program's own version. */
  readonly programVersion: string;
}

export type BootHook = 'systemd' | 'cron';

export interface Files {
  exists(path: string): Promise<boolean>;
  /** `-` is standard input. */
  read(path: string): Promise<Result<string>>;
  /** Refuses when the file exists, unless `replace`. */
  write(path: string, text: string, options: { readonly replace: boolean }): Promise<Result<void>>;
}

/** The clusters that this machine's state directory knows: those that run here, and those it is a seat of. */
export interface Clusters {
  list(): Promise<readonly ClusterName[]>;
  /**
   * Touches nothing: the cluster need not exist. `spec`, when there is one, says where a cluster is that this machine does
   * not know yet: another seat may have made it.
   */
  open(name: ClusterName, spec?: ClusterSpec): ManagedCluster;
}

/** One cluster that we keep, on this machine or on others. */
export interface ManagedCluster {
  readonly name: ClusterName;
  /** Where its state and data are, in words for a person. */
  readonly place: string;
  readonly store: ClusterStore;

  /** Whether it was founded, here or by another seat. Problems: its hosts cannot be asked. */
  exists(): Promise<Result<boolean>>;

  /**
   * Writes the record and the first wish of a cluster that has neither: token, exact version, no member yet.
   * Fetches etcd when it is not at hand.
   */
  found(spec: ClusterSpec, options: FoundOptions): Promise<Result<ClusterRecord>>;

  /**
   * Writes the record and the first wish of a cluster that runs already; what was begun and interrupted is carried to its
   * end. Problems: the name is another cluster's, and whatever the store says.
   */
  adopt(spec: ClusterSpec, record: ClusterRecord): Promise<Result<void>>;

  /** Sees to it that the exact version for this spec is at hand; answers it. */
  prepare(spec: ClusterSpec, options: FoundOptions): Promise<Result<string>>;

  /** One look, without the lock: what the record and wish say, what every host and member answers, what is next. */
  look(signal: AbortSignal): Promise<Result<Look, readonly Problem[]>>;

  /**
   * The same look, to be planned for another wish; nothing is written. Without a look: a cluster that does not exist
   * yet, with addresses as they would be found now.
   */
  imagine(
    look: Look | undefined,
    wish: ImaginedWish,
    signal: AbortSignal,
  ): Promise<Result<PlanInput, readonly Problem[]>>;

  /** Whether the founding left us the lock for the run that follows it. */
  readonly holdsLock?: () => boolean;

  /**
   * Takes the lock and runs the controller in this process. When `interrupt` aborts, the step under way is finished
   * first. Problems: who holds the lock, and whatever the store says.
   */
  run(options: RunOptions): Promise<Result<RunEnd>>;

  /**
   * Resolves when a member has acknowledged a write (a lease that is granted and revoked: no key stays behind),
   * asked of all members that `endpoints` names now, again and again until then.
   */
  firstWrite(
    endpoints: () => readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly endpoint: string }>;

  /**
   * Leaves a supervisor behind that keeps the cluster true after this process has ended; none is added to one. Members on
   * other hosts are kept by their systemd: no supervisor is left for them.
   */
  supervise(signal: AbortSignal): Promise<Result<{ readonly pid: number } | undefined>>;

  /** Its authorities, and what people ask of them. */
  certificates(): Promise<CertificatePorts>;

  /** Moves the state of a stopped cluster away, or deletes it. */
  discard(options: {
    readonly deleteData: boolean;
  }): Promise<Result<{ readonly movedTo?: string }>>;
}

export interface FoundOptions {
  readonly offline: boolean;
  /**
   * The purpose of a run that follows in this process: it goes on under the lock of the founding, and etcd is brought to
   * the hosts beside it. Absent: nobody acts on it from here.
   */
  readonly thenRuns?: string;
  /** For the terminal: fetching and building take a while. */
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface ImaginedWish {
  readonly spec: ClusterSpec;
  readonly state?: Wish['state'];
  readonly retire?: Wish['retire'];
}

export interface Look {
  readonly wish: Wish;
  /** Everything the planner was told. */
  readonly input: PlanInput;
  /** What it said. */
  readonly plan: Plan;
  /** Whoever acts on the cluster now. */
  readonly controller?: LockHolder;
}

export interface RunOptions {
  /** For the journal and for `status`: `quorate up`. */
  readonly purpose: string;
  /** Every line of the journal as it is written. */
  readonly onEntry?: (entry: JournalEntry) => void;
  /** What takes a while before the first step, for the terminal. */
  readonly onProgress?: (line: string) => void;
  /** As the controller's own: `forever`, `converged-or-blocked`, or a predicate asked after every turn. */
  readonly until: 'forever' | 'converged-or-blocked' | ((turn: TurnResult) => boolean);
  readonly deadlineMs?: number;
  readonly interrupt: AbortSignal;
  /** Of a holder elsewhere, from whom the lock is taken. */
  readonly takeOver?: string;
}

/** etcd's own binaries on this machine, and where more could come from. */
export interface Versions {
  atHand(options: { readonly signal: AbortSignal }): Promise<readonly VersionAtHand[]>;
  available(options: { readonly signal: AbortSignal }): Promise<readonly VersionOffer[]>;
  fetch(version: string, options: FoundOptions): Promise<Result<VersionAtHand>>;
}

export interface VersionAtHand {
  readonly program: string;
  readonly version: string;
  readonly path: string;
  readonly source: string;
}

export interface VersionOffer {
  readonly source: string;
  readonly versions: readonly string[];
  readonly problem?: Problem;
}

/** Where a gateway sends connections. */
export type GatewayBackends =
  | { readonly kind: 'list'; readonly endpoints: readonly string[] }
  /** Begins with these, then goes where the member list says. */
  | { readonly kind: 'members'; readonly endpoints: readonly string[] }
  | { readonly kind: 'srv'; readonly domain: string };

export interface GatewaySettings {
  /** `HOST:PORT` or `unix:PATH`. */
  readonly listen: readonly string[];
  readonly backends: GatewayBackends;
  /** Where metrics and health are served, as `HOST:PORT`. */
  readonly metrics: string | undefined;
  /** Paths of PEM files, for probing and for reading the member list. */
  readonly cacert: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly drainMs: number | undefined;
  /** What goes in or out, and what SIGHUP did. */
  readonly tell: (line: string) => void;
}

export interface GatewayReport {
  readonly listening: readonly string[];
  readonly metrics: string | undefined;
  readonly backends: readonly GatewayBackendReport[];
}

export interface GatewayBackendReport {
  readonly endpoint: string;
  /** Whether new connections go there. */
  readonly in: boolean;
  readonly condition: string;
  readonly reason: string;
  readonly leader: boolean;
}

export interface RunningGateway {
  report(): GatewayReport;
  /** Takes nothing new, lets what is under way finish, and ends. */
  drain(): Promise<void>;
}
