import type { Instant, Problem } from '../../base/index.js';
import type { Fingerprint } from './certificates.js';
import type { ClientURL, HostName } from './names.js';

/** Programs that know the cluster by a list of endpoints that is fixed when they start: they must be told, and restarted. */
export const CONSUMER_KINDS = ['kubeApiserver', 'flannel', 'file'] as const;
export type ConsumerKind = (typeof CONSUMER_KINDS)[number];

/** What a consumer is called in plans, problems and on its host: `kubeApiserver@10.0.1.10`. */
export type ConsumerID = string;

/** A program of the spec whose endpoints follow the members, or are looked after where they stand. */
export interface Consumer {
  readonly host: HostName;
  /** `members`: its list follows the members. A list: pointed there once, by a person; checked and never changed. */
  readonly endpoints: 'members' | readonly ClientURL[];
  readonly program: ConsumerProgram;
}

export type ConsumerProgram =
  | {
      readonly kind: 'kubeApiserver';
      readonly at: ConsumerPlace;
      /** Asked on its host; absent: `/readyz` at the port of its own flags. `off`: nobody asks. */
      readonly readyz?: string;
    }
  | { readonly kind: 'flannel'; readonly at: ConsumerPlace }
  | {
      readonly kind: 'file';
      readonly path: string;
      /** The whole file, with `{{endpoints}}` where they go. */
      readonly template: string;
      /** What stands between two endpoints. */
      readonly separator: string;
      /** Run on the host once the file is written. */
      readonly reload?: string;
      /** Run on the host: succeeds when what reads the file is well. */
      readonly check?: string;
    };

/** Where the endpoints of a program stand. */
export type ConsumerPlace =
  /** A static pod: the kubelet restarts it when the file changes. */
  | { readonly kind: 'manifest'; readonly path: string }
  /** A systemd unit: its command line, its environment, or the file that holds the latter. */
  | { readonly kind: 'unit'; readonly unit: string; readonly environmentFile?: string };

/** What was seen of one consumer on its host. */
export type ConsumerSight =
  | {
      readonly kind: 'seen';
      readonly id: ConsumerID;
      /** What its file names. */
      readonly names: readonly string[];
      /** What its process was started with; absent where nothing runs, or where that cannot be told. */
      readonly runsWith?: readonly string[];
      /** Since when its process runs. */
      readonly startedAt?: Instant;
      readonly link: ConsumerLink;
      /** Somebody began to tell it and never came to an end: it is gone through once more. */
      readonly isHalfTold?: boolean;
      /** The last list that it did not come back with, and was put back; or that could not be written for it. */
      readonly lastTry?: ConsumerTry;
      /** What it would need for https endpoints and has not; absent where it has all, or where that is its own matter. */
      readonly lacks?: {
        /** Whom to trust. */
        readonly ca?: Problem;
        /** What to show to members that ask for it. */
        readonly certificate?: Problem;
      };
      /** What its process has for https; absent: it names no authorities, nothing runs, or its files could not be read. */
      readonly tls?: ConsumerTLS;
    }
  /** Its host answers, and what the spec says of the consumer is not what is there. */
  | { readonly kind: 'unusable'; readonly id: ConsumerID; readonly problem: Problem }
  /** Its host did not answer. Nothing may be concluded. */
  | { readonly kind: 'unseen'; readonly id: ConsumerID; readonly because: string };

/** Whom a process trusts behind https endpoints, and what it shows there. */
export interface ConsumerTLS {
  /** Those that it read at its start; `unread`: the file is newer than the process, which goes on with what it read before. */
  readonly trusts: readonly Fingerprint[] | 'unread';
  /** Read anew at each connection. Absent: it shows none. */
  readonly shows?: {
    /** Absent: none of those in its own file of authorities. */
    readonly issuer?: Fingerprint;
    readonly notAfter: Instant;
  };
}

/** Whether a consumer is well, and through which of its endpoints. */
export type ConsumerLink =
  /** It holds connections to these of its endpoints, and says that it is ready where it can say that. */
  | { readonly kind: 'connected'; readonly to: readonly string[] }
  /** Nobody can see whom it talks to; its own check passes, or it has none. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'broken'; readonly because: string };

export interface ConsumerTry {
  readonly endpoints: readonly string[];
  readonly at: Instant;
  /** How many tries in a row with this list ended so. */
  readonly inARow: number;
  /** Nothing was written and nothing started again: another try costs nobody anything. */
  readonly isUntouched?: true;
  readonly problem: Problem;
}

/** By kind and host; by its path too for a file, of which a host may have several. */
export const consumerID = ({ host, program }: Consumer): ConsumerID =>
  program.kind === 'file' ? `file@${host}:${program.path}` : `${program.kind}@${host}`;

/** One spelling for an endpoint, so that two texts can be compared. */
export const plainEndpoint = (text: string): string =>
  text.trim().toLowerCase().replace(/\/+$/, '');

/**
 * Those of a list that are dialled: etcd's Go client takes the scheme of the first one for all of them, so that a list of
 * both kinds works as if only one kind stood there (`dialWithBalancer` of client/v3, 3.4 to 3.7).
 */
export function usableEndpoints(names: readonly string[]): readonly string[] {
  const [first] = names;
  return first === undefined ? [] : names.filter((url) => isHTTPS(url) === isHTTPS(first));
}

export const isHTTPS = (url: string): boolean => plainEndpoint(url).startsWith('https:');

/** The same endpoints, in whatever order: gRPC dials all of them. */
export function sameEndpoints(a: readonly string[], b: readonly string[]): boolean {
  const plain = (urls: readonly string[]) => [...new Set(urls.map(plainEndpoint))].sort().join();
  return plain(a) === plain(b);
}
