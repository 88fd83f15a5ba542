import { encodeHeaderBlock } from './hpack/hpack-encoder.js';
import type { Endpoint } from '../endpoints.js';

type Metadata = Readonly<Record<string, string>>;

/** More paths than etcd has; whoever uses more makes their headers anew each time. */
const PATHS_MAX = 128;
/** What proxies and logs should not keep. */
const SECRETS: ReadonlySet<string> = new Set(['token', 'authorization']);

/** The header blocks of gRPC requests to one endpoint. Those of the last call on each path are kept. */
export class RequestHeaders {
  readonly #scheme: string;
  readonly #authority: string;
  readonly #kept = new Map<string, { readonly metadata: Metadata; readonly block: Buffer }>();

  constructor({ url, secure }: Endpoint) {
    this.#scheme = secure ? 'https' : 'http';
    this.#authority = url.slice(this.#scheme.length + '://'.length);
  }

  of(path: string, metadata: Metadata): Buffer {
    const kept = this.#kept.get(path);
    if (kept !== undefined && isSame(kept.metadata, metadata)) return kept.block;
    const block = encodeHeaderBlock([
      { name: ':method', value: 'POST' },
      { name: ':scheme', value: this.#scheme },
      { name: ':path', value: path },
      { name: ':authority', value: this.#authority },
      { name: 'content-type', value: 'application/grpc' },
      { name: 'te', value: 'trailers' },
      ...Object.entries(metadata).map(([name, value]) => ({
        name: name.toLowerCase(),
        value,
        isSecret: SECRETS.has(name.toLowerCase()),
      })),
    ]);
    if (kept !== undefined || this.#kept.size < PATHS_MAX)
      this.#kept.set(path, { metadata, block });
    return block;
  }
}

function isSame(a: Metadata, b: Metadata): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
