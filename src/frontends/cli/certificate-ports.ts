import type { Instant, Problem, Result } from '../../base/index.js';
import type { Fingerprint, Plane } from '../../core/cluster/index.js';

/** The authorities of one cluster, as its seat keeps them. */
export interface CertificatePorts {
  /** Undefined: there are none of ours. */
  read(): Promise<Result<KnownAuthorities | undefined>>;
  /** The controller makes every leaf anew that was made before now. */
  askForRenewal(): Promise<Result<void>>;
  /** New authorities follow those that are. */
  askForRotation(): Promise<Result<void>>;
  /** The old authority goes, although programs have certificates of it. */
  askToFinish(): Promise<Result<void>>;
  /** Writes certificate, key (0600) and authorities for a program into a directory. */
  issue(client: {
    readonly name: string;
    readonly validityMs: number;
    readonly directory: string;
    readonly replace: boolean;
  }): Promise<Result<IssuedFiles, Problem>>;
  /** What a client may be called; the error says what is allowed. */
  parseClientName(text: string): Result<string, string>;
}

export interface KnownAuthorities {
  readonly authorities: readonly {
    readonly plane: Plane;
    readonly fingerprint: Fingerprint;
    readonly subject: string;
    readonly notAfter: Instant;
    /** New leafs are of this one. */
    readonly issues: boolean;
  }[];
  readonly clients: readonly {
    readonly name: string;
    readonly issuer: Fingerprint;
    readonly notAfter: Instant;
  }[];
}

export interface IssuedFiles {
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  readonly notAfter: Instant;
}
