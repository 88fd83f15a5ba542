import type { ClusterRecord, HostName, ProcessSight, Target } from '../../core/cluster/index.js';

/** Where a host's member is to be asked. */
export interface HostAddress {
  readonly peerURL: string | undefined;
  readonly clientURL: string | undefined;
}

/**
 * A running process is asked where it really listens: while addresses change, spec and process differ. Otherwise the
 * spec's addresses hold, then the record's.
 */
export function addressOf(
  host: HostName,
  target: Target,
  record: ClusterRecord,
  process?: ProcessSight,
): HostAddress {
  const wanted = target.members.find((member) => member.host === host);
  const kept = Object.hasOwn(record.addresses, host) ? record.addresses[host] : undefined;
  const flags = process?.kind === 'running' ? process.flags : {};
  return {
    peerURL: firstReachable(flags['listen-peer-urls']) ?? wanted?.peerURLs[0] ?? kept?.peerURLs[0],
    clientURL:
      firstReachable(flags['advertise-client-urls']) ??
      wanted?.clientURLs[0] ??
      kept?.clientURLs[0],
  };
}

/** Every peer URL that belongs to the host, by spec or record. */
export function peerURLsOf(
  host: HostName,
  target: Target,
  record: ClusterRecord,
): readonly string[] {
  const wanted = target.members.find((member) => member.host === host)?.peerURLs ?? [];
  const kept = Object.hasOwn(record.addresses, host) ? record.addresses[host] : undefined;
  return [...wanted, ...(kept?.peerURLs ?? [])];
}

/**
 * The first URL one can dial: `0.0.0.0` and `[::]` are for listening only, and a loopback address is the host's own where
 * there is another.
 */
function firstReachable(urls: string | undefined): string | undefined {
  const dialled = urls?.split(',').filter((url) => url !== '' && !isWildcard(url)) ?? [];
  return dialled.find((url) => !isLoopback(url)) ?? dialled[0];
}

const isWildcard = (url: string): boolean => /\/\/(0\.0\.0\.0|\[::\])/.test(url);
const isLoopback = (url: string): boolean => /\/\/(127\.|localhost:|\[::1\])/.test(url);
