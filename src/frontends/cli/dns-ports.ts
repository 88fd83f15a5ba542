import type { Outcome, Result } from '../../base/index.js';
import type {
  ClusterDNS,
  DNSMember,
  DNSRecord,
  DNSSight,
  HostAnswers,
} from '../../core/bootstrap/index.js';
import type { EtcdVersion } from '../../core/cluster/index.js';
import type { ClusterSpec } from '../../core/spec/index.js';

/** What the commands of `quorate dns` need from the world. */
export interface DNSPorts {
  /** Starts an authoritative server in this process. Problems: addresses, certificates. */
  serve(settings: DNSServeSettings): Promise<Result<RunningDNSServer>>;
  /** Brings a server's records in step, in one signed update. */
  publish(settings: DNSPublishSettings): Promise<Outcome<DNSPublished>>;
  /** What this machine sees of the records and of the certificates at their targets. */
  look(settings: DNSLookSettings): Promise<Result<DNSLook>>;
  /**
   * What the hosts of the members see, each by its own means; none where they are this machine. Problems: the server's
   * address, and drivers that reach no host.
   */
  fromHosts(settings: DNSFromHostsSettings): Promise<Result<readonly HostAnswers[]>>;
  /** The members that etcd lists, read through quorum. */
  listed(settings: DNSListSettings): Promise<Result<readonly ListedForDNS[]>>;
}

/** Paths of PEM files, for asking members. */
export interface ClientFiles {
  readonly cacert: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface DNSServeSettings extends ClientFiles {
  /** `ADDRESS` or `ADDRESS:PORT`, for UDP and TCP alike. */
  readonly listen: readonly string[];
  /** To begin with. */
  readonly dns: ClusterDNS;
  /** Everybody the spec names now; absent when there is no spec. */
  readonly wanted: (() => Promise<readonly DNSMember[] | undefined>) | undefined;
  readonly version: EtcdVersion | undefined;
  /** Whom to ask for the member list. */
  readonly endpoints: readonly string[];
  /** What changed, and why something did not. */
  readonly tell: (line: string) => void;
}

export interface RunningDNSServer {
  report(): DNSServerReport;
  close(): Promise<void>;
}

export interface DNSServerReport {
  readonly listening: readonly string[];
  readonly zone: string;
  readonly serial: number;
  readonly records: number;
}

export interface DNSPublishSettings extends ClientFiles {
  readonly dns: ClusterDNS;
  /** The members that etcd lists, so that the name of one that runs is not taken from it; undefined: nobody told. */
  readonly listed: readonly ListedForDNS[] | undefined;
  /** `HOST` or `HOST:PORT` of the primary. */
  readonly server: string;
  /** Absent: the server is asked. */
  readonly zone: string | undefined;
  readonly tsigKeyFile: string;
  /** Only say what would change. */
  readonly dryRun: boolean;
}

export interface DNSPublished {
  readonly zone: string;
  readonly server: string;
  readonly add: readonly DNSRecord[];
  readonly remove: readonly DNSRecord[];
  /** False when there was nothing to change, or nothing was to be changed. */
  readonly sent: boolean;
}

export interface DNSLookSettings {
  readonly dns: ClusterDNS;
  /** `ADDRESS` or `ADDRESS:PORT`; absent: the servers that this machine asks anyway. */
  readonly server: string | undefined;
  readonly signal: AbortSignal;
}

export interface DNSFromHostsSettings extends DNSLookSettings {
  readonly spec: ClusterSpec;
}

export interface DNSLook {
  readonly sights: readonly DNSSight[];
  readonly certificates: readonly SeenCertificate[];
}

export interface SeenCertificate {
  readonly place: string;
  readonly target: string;
  readonly port: number;
  /** SAN entries; undefined when nobody listens there yet. */
  readonly names: readonly string[] | undefined;
}

export interface DNSListSettings extends ClientFiles {
  readonly endpoints: readonly string[];
  /** Where names in endpoints lead that this machine's resolver may not know yet. */
  readonly records: readonly DNSRecord[];
}

export interface ListedForDNS {
  readonly id: string;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
}
