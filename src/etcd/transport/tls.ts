import type { SecureContext } from 'node:tls';

/** How to reach members over TLS. All material is PEM, given itself or by the name of a file. */
export interface TLSOptions {
  /** The authorities to trust; the system's when absent. */
  readonly ca?: string | Uint8Array | undefined;
  /** The client's own certificate and key, for members that ask for one. */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /**
   * Files instead, for material that is renewed: each new connection uses what they hold then. While they do not fit
   * together, as in the middle of a renewal, it uses what they held before.
   */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Check the member's certificate against this name instead of the endpoint's host. */
  readonly serverName?: string | undefined;
  /** Do not check the member's certificate at all. For a laptop only. */
  readonly insecureSkipVerify?: boolean | undefined;
}

/** The certificates and keys of a transport, read again when a file has changed. */
export class TLSMaterial {
  readonly options: TLSOptions;
  #held: { readonly context: SecureContext; readonly stamp: string } | undefined;

  constructor(options: TLSOptions) {
    this.options = options;
  }

  /** Throws what Node says of material that cannot be read or does not fit, unless there is something older that does. */
  async context(): Promise<SecureContext> {
    const { ca, cert, key, caFile, certFile, keyFile } = this.options;
    const files = [caFile, certFile, keyFile];
    try {
      const stamp = (await Promise.all(files.map(stampOf))).join(' ');
      if (this.#held?.stamp === stamp) return this.#held.context;
      const [caText, certText, keyText] = await Promise.all(files.map(contentOf));
      const { createSecureContext } = await import('node:tls');
      const context = createSecureContext({
        ca: caText ?? pemOf(ca),
        cert: certText ?? pemOf(cert),
        key: keyText ?? pemOf(key),
      });
      this.#held = { context, stamp };
      return context;
    } catch (error) {
      if (this.#held !== undefined) return this.#held.context;
      throw error;
    }
  }
}

/** Differs when the file does: a renewal in place changes its time or size, one by renaming its number. */
async function stampOf(file: string | undefined): Promise<string> {
  if (file === undefined) return '-';
  const { stat } = await import('node:fs/promises');
  const { mtimeNs, size, ino } = await stat(file, { bigint: true });
  return `${mtimeNs}/${size}/${ino}`;
}

async function contentOf(file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  const { readFile } = await import('node:fs/promises');
  return await readFile(file);
}

const pemOf = (pem: string | Uint8Array | undefined): string | Buffer | undefined =>
  typeof pem === 'object' ? Buffer.from(pem) : pem;
