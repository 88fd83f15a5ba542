import { err, ok, systemRandom, type Clock, type Random } from '../base/index.js';
import type { CallResult, EtcdError } from './errors.js';

/** What looks names up. Node's `dns.promises` and its `Resolver` are such. */
export interface SRVResolver {
  resolveSrv(name: string): Promise<readonly SRVRecord[]>;
}

export interface SRVRecord {
  readonly name: string;
  readonly port: number;
  /** Lower ones come first. */
  readonly priority: number;
  /** Of one priority, the share of clients that begin with it. */
  readonly weight: number;
}

export interface SRVOptions {
  readonly domain: string;
  /** As etcdctl's `--discovery-srv-name`: `_etcd-client-NAME._tcp`, so that one domain can hold several clusters. */
  readonly serviceName?: string | undefined;
  /** This machine's own when absent. */
  readonly resolver?: SRVResolver | undefined;
}

/**
 * The endpoints that a domain publishes: `_etcd-client-ssl._tcp` (https) if it has any, else `_etcd-client._tcp` (http),
 * in the order of their priorities and, by chance, of their weights. A domain that publishes both is read as https
 * alone: whoever can add a record must not be able to take the encryption away.
 *
 * An error is `not-sent` with `name-unknown`: there are no such records, or nobody answered for the domain.
 *
 * @example
 * const found = await endpointsFromSRV({ domain: 'example.com' });
 * if (found.ok) client.setEndpoints(found.value);
 */
export async function endpointsFromSRV(
  { domain, serviceName, resolver }: SRVOptions,
  random: Random = systemRandom,
): Promise<CallResult<readonly string[]>> {
  const asked = resolver ?? (await import('node:dns')).promises;
  const suffix = serviceName === undefined || serviceName === '' ? '' : `-${serviceName}`;
  const names = [
    `_etcd-client-ssl${suffix}._tcp.${domain}`,
    `_etcd-client${suffix}._tcp.${domain}`,
  ];
  const [secure, plain] = await Promise.all(
    names.map((name) => asked.resolveSrv(name).catch((error: Error) => error)),
  );
  // Not found is an answer; any other failure may hide https records, and then http ones do not count.
  if (secure instanceof Error && !isAbsent(secure)) return notFound(domain, secure);
  if (Array.isArray(secure) && secure.length > 0) return ok(urls('https', secure, random));
  if (plain instanceof Error && !isAbsent(plain)) return notFound(domain, plain);
  if (Array.isArray(plain) && plain.length > 0) return ok(urls('http', plain, random));
  return notFound(domain, new Error(`neither ${names.join(' nor ')} has records`));
}

const isAbsent = (error: Error & { readonly code?: string }): boolean =>
  error.code === 'ENOTFOUND' || error.code === 'ENODATA';

const urls = (
  scheme: 'http' | 'https',
  records: readonly SRVRecord[],
  random: Random,
): readonly string[] => [
  ...new Set(
    // RFC 2782: by priority; of one priority each by chance, weight for weight (an exponential race).
    records
      .map((record) => ({ record, at: -Math.log(1 - random.next()) / (record.weight + 0.01) }))
      .toSorted((a, b) => a.record.priority - b.record.priority || a.at - b.at)
      .map(({ record: { name, port } }) => `${scheme}://${hostOf(name)}:${port}`),
  ),
];

const hostOf = (name: string): string => (name.endsWith('.') ? name.slice(0, -1) : name);

function notFound(domain: string, error: Error): CallResult<never> {
  const message = `No endpoints of ${domain} were found: ${error.message}.`;
  return err({ kind: 'not-sent', why: 'name-unknown', message, endpoint: domain, tried: [] });
}

/** Records are looked up again this often while the client is used, and this soon after a failure. */
const EVERY_MS = 30_000;
const AFTER_FAILURE_MS = 1_000;

interface SRVFollowerParts {
  readonly clock: Clock;
  readonly look: () => Promise<CallResult<readonly string[]>>;
  readonly use: (urls: readonly string[]) => void;
  /** There are no endpoints at all. */
  readonly failed: (error: EtcdError) => void;
}

/** Keeps a client's endpoints in step with what a domain publishes, while the client is used. */
export class SRVFollower {
  readonly #parts: SRVFollowerParts;
  #isKnown = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(parts: SRVFollowerParts) {
    this.#parts = parts;
  }

  /** The client is about to make a call: resolves when endpoints are known or cannot be had; undefined: they are. */
  touch(): Promise<void> | undefined {
    const nowMs = this.#parts.clock.monotonicMs();
    const waitMs = this.#isKnown ? EVERY_MS : AFTER_FAILURE_MS;
    if (this.#looking === undefined && nowMs - this.#lookedMs >= waitMs) {
      this.#lookedMs = nowMs;
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
      });
    }
    // What was found once serves until something newer is found.
    return this.#isKnown ? undefined : this.#looking;
  }

  async #look(): Promise<void> {
    const { look, use, failed } = this.#parts;
    const found = await look();
    if (found.ok) {
      this.#isKnown = true;
      use(found.value);
    } else if (!this.#isKnown) failed(found.error);
  }
}
