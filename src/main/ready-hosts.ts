import type { EtcdVersion, HostName } from '../core/cluster/index.js';
import type { ClusterSpec } from '../core/spec/index.js';
import type { Parts } from './machine.js';

/** A host that does not answer for so long is left to the steps, which say what is wrong with it. */
const ANSWERS_WITHIN_MS = 5000;

/**
 * Brings etcd to every host that the spec needs, to all at once, so that no step waits for a copy while members are down.
 * What fails here is tried again, and told, by the step that needs it. Never rejects.
 */
export async function readyHosts(
  { bringEtcd }: Pick<Parts, 'bringEtcd'>,
  { spec, version }: { readonly spec: ClusterSpec; readonly version: EtcdVersion },
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (bringEtcd === undefined) return;
  const members = spec.members.filter(({ start }) => start === 'quorate');
  const hosts = new Set([...members, ...spec.proxies].map(({ host }) => host));
  await Promise.all([...hosts].map((host) => ready(host, version, signal, { bringEtcd, tell })));
}

async function ready(
  host: HostName,
  version: EtcdVersion,
  interrupt: AbortSignal,
  { bringEtcd, tell }: Required<Pick<Parts, 'bringEtcd'>> & { tell: (line: string) => void },
): Promise<void> {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), ANSWERS_WITHIN_MS);
  try {
    await bringEtcd(host, version, AbortSignal.any([interrupt, silent.signal]), () => {
      clearTimeout(timer);
      tell(`bringing etcd ${version} to ${host}`);
    });
  } finally {
    clearTimeout(timer);
  }
}
