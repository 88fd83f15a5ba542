import { type Clock, type Logger, type Result, err, ok } from '../../../base/index.js';
import type { Backend } from '../backend.js';
import { gatewayNoBackends } from '../problems.js';
import { parseBackends } from '../addresses.js';
import type { BackendSource, SourceSeat } from './source.js';

export interface SRVRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
}

/** Rejects with an error whose `code` is `ENOTFOUND` or `ENODATA` when there is no such record. */
export type ResolveSRV = (name: string) => Promise<readonly SRVRecord[]>;

/** Answers do not say how long they hold. */
const REFRESH_MS = 30_000;

/**
 * The records `_etcd-client-ssl._tcp.DOMAIN`, or without any `_etcd-client._tcp.DOMAIN`. Read again every 30 s; while
 * they cannot be read, the last answer stays. Priorities are kept, weights are not: health and load say more.
 */
export function srvBackends(parts: {
  readonly domain: string;
  readonly resolveSRV: ResolveSRV;
  readonly clock: Clock;
  readonly logger: Logger;
}): BackendSource {
  const { domain, resolveSRV, clock, logger } = parts;
  let seat: SourceSeat | undefined;
  let cancel: (() => void) | undefined;
  let isClosed = false;

  const look = async (): Promise<Result<readonly Backend[]>> => {
    const reasons: string[] = [];
    for (const [service, scheme] of [
      ['_etcd-client-ssl._tcp', 'https'],
      ['_etcd-client._tcp', 'http'],
    ] as const) {
      const name = `${service}.${domain}`;
      try {
        const records = await resolveSRV(name);
        if (records.length > 0) return backendsOf(records, scheme);
        reasons.push(`${name} is empty`);
      } catch (error) {
        reasons.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        // A server that does not answer is no proof that there are no records with TLS.
        if (!isAbsent(error)) break;
      }
    }
    return err(gatewayNoBackends({ source: `DNS SRV of ${domain}`, because: reasons.join('; ') }));
  };
  const refresh = async () => {
    cancel?.();
    const backends = await look();
    if (isClosed) return undefined;
    cancel = clock.after(REFRESH_MS, () => void refresh());
    if (backends.ok) {
      seat?.update(backends.value);
      return undefined;
    }
    logger.log('warn', 'SRV records cannot be read; the last ones stay', {
      because: backends.error.detail,
    });
    return backends.error;
  };
  return {
    name: `DNS SRV of ${domain}`,
    start: async (given) => {
      seat = given;
      const backends = await look();
      if (backends.ok && !isClosed) cancel = clock.after(REFRESH_MS, () => void refresh());
      return backends;
    },
    refresh,
    close: async () => {
      isClosed = true;
      cancel?.();
    },
  };
}

function isAbsent(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'ENOTFOUND' || code === 'ENODATA';
}

function backendsOf(
  records: readonly SRVRecord[],
  scheme: 'http' | 'https',
): Result<readonly Backend[]> {
  const priorities = new Map<string, number>();
  const texts = records.map(({ name, port, priority }) => {
    const text = `${scheme}://${name.replace(/\.$/, '').toLowerCase()}:${port}`;
    priorities.set(text, Math.min(priority, priorities.get(text) ?? priority));
    return text;
  });
  const parsed = parseBackends(texts, scheme === 'https');
  if (!parsed.ok) return parsed;
  return ok(
    parsed.value.map((endpoint) => ({ ...endpoint, priority: priorities.get(endpoint.url) ?? 0 })),
  );
}
