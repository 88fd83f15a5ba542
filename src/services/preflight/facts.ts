/** What one host said about itself. Everything that it did not say is undefined, never a guess. */
export interface HostFacts {
  readonly system: string | undefined;
  readonly kernel: string | undefined;
  /** As `uname -m` says it: `x86_64`, `aarch64`. */
  readonly machine: string | undefined;
  readonly processors: number | undefined;
  readonly memory: Memory;
  /** The first process: `systemd`, or something else. */
  readonly init: string | undefined;
  readonly systemdVersion: number | undefined;
  readonly missingTools: readonly string[];
  /** Its line in the user database; undefined while there is no such user. */
  readonly user: string | undefined;
  readonly selinux: 'enforcing' | 'permissive' | 'off';
  readonly appArmor: { readonly enabled: boolean; readonly profiles: readonly string[] };
  /** Services that are active, of those that keep the time or guard the ports. */
  readonly active: readonly string[];
  /** Whether the kernel believes that its clock follows another one. */
  readonly synchronized: boolean | undefined;
  readonly addresses: readonly string[];
  readonly names: readonly NameSight[];
  readonly listeners: readonly Listener[];
  readonly etcd: EtcdTraces;
  /** Undefined on a host without a data directory. */
  readonly storage: StorageSight | undefined;
}

export interface Memory {
  readonly totalBytes: number | undefined;
  readonly availableBytes: number | undefined;
  readonly swapTotalBytes: number | undefined;
  readonly swapFreeBytes: number | undefined;
}

/** What a host finds for a name. */
export interface NameSight {
  readonly name: string;
  /** None: it is not known there. */
  readonly addresses: readonly string[];
  /** It was not answered in time. */
  readonly isLate: boolean;
}

/** A socket that listens at a port we ask about. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** Its program's short name. */
  readonly program: string | undefined;
}

/** Everything by which an etcd shows that it is or was there. */
export interface EtcdTraces {
  readonly processes: readonly EtcdProcess[];
  readonly units: readonly { readonly unit: string; readonly state: string }[];
  readonly packages: readonly string[];
  /** Data directories at usual places. */
  readonly dataDirs: readonly string[];
  /** A binary on the path, with its version. */
  readonly binary: string | undefined;
  readonly manifest: string | undefined;
}

export interface EtcdProcess {
  readonly pid: number;
  readonly commandLine: string;
  /** It sees other processes and files than the host: its paths are not the host's. */
  readonly isContained: boolean;
  /** From the command line or the environment. */
  readonly dataDir: string | undefined;
}

export type StorageSight =
  /** Something below it did not answer; what had been said until then is lost with it. */
  { readonly kind: 'hung' } | ({ readonly kind: 'seen' } & Storage);

export interface Storage {
  /** The data directory, or what is above it and exists. */
  readonly base: string;
  readonly exists: boolean;
  /** Data directories that hold a member's data. */
  readonly holds: readonly string[];
  /** Data directories that hold something else. */
  readonly strange: readonly string[];
  /** Disks that /etc/fstab has for the data or above them, and that are not mounted. */
  readonly unmounted: readonly string[];
  readonly totalBytes: number | undefined;
  /** For users other than root. */
  readonly availableBytes: number | undefined;
  /** Undefined where the file system does not count them. */
  readonly availableFiles: number | undefined;
  readonly mount: Mount | undefined;
  readonly rotational: boolean | undefined;
  readonly timing: DiskTiming;
}

export interface Mount {
  readonly point: string;
  readonly fileSystem: string;
  readonly device: string;
  readonly options: readonly string[];
}

/** How long `fdatasync` took after each small write. */
export type DiskTiming =
  | {
      readonly kind: 'each';
      /** In the order of writing. */
      readonly tookMs: readonly number[];
      /** Pauses were made, for the member that works there. */
      readonly isGentle: boolean;
      /** Space was not reserved before, so that each write also made the file longer. */
      readonly isUnreserved: boolean;
    }
  /** Only the mean is known, of writing and syncing together. */
  | { readonly kind: 'mean'; readonly meanMs: number; readonly writes: number }
  /** Not even one write ended. */
  | { readonly kind: 'hung' }
  | { readonly kind: 'failed'; readonly words: string };
