import { type Problem, type Result, ok } from '../../base/index.js';
import {
  type HostAddresses,
  type HostName,
  parseClientURL,
  parsePeerURL,
  sameURLs,
} from '../../core/cluster/index.js';
import type { AddressWish } from '../../engine/ports/index.js';

/** etcd's own ports: every host has them to itself. */
const CLIENT_PORT = 2379;
const PEER_PORT = 2380;
/** Plain HTTP for whoever is on the host: health and metrics need no certificate there (etcd-facts 11). */
const METRICS_URL = 'http://127.0.0.1:2381';

export type Scheme = 'http' | 'https';

/**
 * Addresses for the hosts that have none; a host that has some keeps them, except where its wish fixes others. Whether
 * the ports are free is for the check of the hosts.
 */
export function allocateAddresses(
  wanted: readonly AddressWish[],
  existing: Readonly<Record<string, HostAddresses>>,
  { scheme, dataDir }: { readonly scheme: Scheme; readonly dataDir: string },
): Result<Readonly<Record<string, HostAddresses>>, readonly Problem[]> {
  const result: Record<string, HostAddresses> = { ...existing };
  for (const wish of wanted) {
    result[wish.host] = withWish(wish, existing[wish.host] ?? fresh(wish.host, scheme, dataDir));
  }
  return ok(result);
}

function fresh(host: HostName, scheme: Scheme, dataDir: string): HostAddresses {
  const name = host.includes(':') ? `[${host}]` : host;
  const peer = `${scheme}://${name}:${PEER_PORT}`;
  const client = `${scheme}://${name}:${CLIENT_PORT}`;
  return {
    peerURLs: branded([peer], parsePeerURL),
    clientURLs: branded([client], parseClientURL),
    listenPeerURLs: [listenURL(peer)],
    listenClientURLs: [listenURL(client)],
    listenMetricsURLs: [METRICS_URL],
    dataDir,
  };
}

function withWish(wish: AddressWish, base: HostAddresses): HostAddresses {
  const { peerURLs, clientURLs } = wish;
  return {
    ...base,
    ...(peerURLs === undefined || sameURLs(peerURLs, base.peerURLs)
      ? {}
      : {
          peerURLs,
          listenPeerURLs: unique(peerURLs.map(listenURL)),
        }),
    ...(clientURLs === undefined || sameURLs(clientURLs, base.clientURLs)
      ? {}
      : {
          clientURLs,
          listenClientURLs: unique(clientURLs.map(listenURL)),
        }),
  };
}

const URL_PARTS = /^([a-z]+:\/\/)(.+)(:\d+)$/;

/** etcd binds addresses, not names ("expected IP in URL for binding"): a name means every address of the host. */
function listenURL(url: string): string {
  const [, scheme = '', name = '', port = ''] = URL_PARTS.exec(url) ?? [];
  if (/^[\d.]+$/.test(name) || name.startsWith('[')) return url;
  return `${scheme}${name === 'localhost' ? '127.0.0.1' : '0.0.0.0'}${port}`;
}

const unique = (urls: readonly string[]): readonly string[] => [...new Set(urls)];

const branded = <T>(
  urls: readonly string[],
  parse: (text: string) => Result<T, string>,
): readonly T[] =>
  urls.flatMap((url) => {
    const parsed = parse(url);
    return parsed.ok ? [parsed.value] : [];
  });
