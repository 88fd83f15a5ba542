import type {
  Consumer,
  HostName,
  MemberName,
  ClusterName,
  DomainName,
  PeerURL,
  ClientURL,
} from '../cluster/index.js';
import type { TLSSpec } from './tls.js';

/** What the user wants, parsed: plain data, JSON-serialisable. Made only by `parseSpec` and the functions of edit.ts. */
export interface ClusterSpec {
  readonly name: ClusterName;
  /** `3.6` (newest patch that the sources have) or an exact `3.6.15`. */
  readonly version: string;
  readonly bootstrap: BootstrapSpec;
  readonly driver: DriverSpec;
  readonly members: readonly MemberSpec[];
  /** An even number of members is meant; never set beside an odd one that a command has made. */
  readonly allowEvenSize?: boolean;
  /** Any other etcd flag, as written in the spec (`heartbeat-interval: 100ms`); converted per version by core/bootstrap. */
  readonly etcd: Readonly<Record<string, string | number | boolean>>;
  readonly tls: TLSSpec;
  readonly proxies: readonly ProxySpec[];
  /** Programs that are told when members change. */
  readonly consumers: readonly Consumer[];
  /** Sections of the spec that are read and kept now, and acted on by later capabilities. */
  readonly backups?: Readonly<Record<string, unknown>>;
  /** Restricts where etcd's binaries may come from; absent: all sources. */
  readonly sources?: readonly string[];
}

export interface MemberSpec {
  readonly name: MemberName;
  /** Default: the member's name at the time it was added. Stays when the member is renamed. */
  readonly host: HostName;
  readonly peerURLs?: readonly PeerURL[];
  readonly clientURLs?: readonly ClientURL[];
  /** `by-hand`: a person starts and stops the process; Quorate only registers, promotes and removes it. */
  readonly start: 'quorate' | 'by-hand';
}

export type BootstrapSpec =
  | { readonly kind: 'static' }
  | { readonly kind: 'discovery'; readonly at: DiscoverySite }
  | ({ readonly kind: 'dns' } & DNSBootstrap);

/** Who runs the discovery service. Which protocol is spoken goes by etcd's version, where the site has both. */
export type DiscoverySite =
  /** We do, as long as the birth lasts. */
  | { readonly kind: 'serve' }
  /** Protocol v2. The URL was made for this birth and is used once. */
  | { readonly kind: 'url'; readonly url: string }
  /** Protocol v3 at this etcd; a token that is absent is made. */
  | { readonly kind: 'endpoints'; readonly endpoints: readonly string[]; readonly token?: string };

/** Where the members' SRV records are. */
export interface DNSBootstrap {
  readonly domain: DomainName;
  /** `--discovery-srv-name`: one domain can hold several clusters. */
  readonly serviceName?: string;
  /** How the records get there; absent: we serve them, or a person writes them. */
  readonly publish?: DNSPublish;
}

export interface DNSPublish {
  readonly rfc2136: {
    /** `HOST` or `HOST:PORT` of the primary server. */
    readonly server: string;
    /** Absent: the server is asked which of its zones holds the domain. */
    readonly zone?: DomainName;
    /** Path of the file with the key; never the key itself. */
    readonly tsigKeyFile: string;
  };
}

export type DriverSpec =
  | { readonly kind: 'local' }
  | { readonly kind: 'ssh'; readonly options: SSHOptions }
  | { readonly kind: 'kubernetes'; readonly options: Readonly<Record<string, unknown>> };

/** How this seat logs in. What is absent is what the user's own ssh configuration says. */
export interface SSHOptions {
  /** Who logs in: root, or somebody who may run `sudo` without a password. */
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: string;
  /** Another configuration file than `~/.ssh/config`. */
  readonly configFile?: string;
  /** Where etcd's binaries come from: copied from this seat (default), or fetched by each host itself. */
  readonly binaries?: 'copied' | 'fetched';
}

export interface ProxySpec {
  readonly name: MemberName;
  readonly host: HostName;
}
