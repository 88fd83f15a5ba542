import type { NewToken } from './tokens.js';
import type { DiscoveryProtocol } from './store.js';

/** Exactly what is added to a member's command line, by the minors that take it. */
export interface StartFlags {
  readonly protocol: DiscoveryProtocol;
  readonly minors: readonly string[];
  readonly flags: readonly string[];
}

/**
 * 3.6 is the first minor with v3 and the last with v2 (etcd-facts 2.5 and 3). Always `exit`: what falls back to a v2
 * proxy cannot be started again.
 */
export function startFlagsOf({
  token,
  url,
  endpoints,
  protocols,
}: NewToken): readonly StartFlags[] {
  const flags: StartFlags[] = [];
  const hasV3 = protocols.includes('v3') && endpoints.length > 0;
  if (url !== undefined) {
    flags.push({
      protocol: 'v2',
      minors: hasV3 ? ['3.4', '3.5'] : ['3.4', '3.5', '3.6'],
      flags: [`--discovery=${url}`, '--discovery-fallback=exit', '--initial-cluster-state=new'],
    });
  }
  if (hasV3) {
    const isSecure = endpoints.some((each) => each.startsWith('https:'));
    flags.push({
      protocol: 'v3',
      minors: ['3.6', '3.7'],
      flags: [
        `--discovery-token=${token}`,
        `--discovery-endpoints=${endpoints.join(',')}`,
        ...(isSecure ? ['--discovery-insecure-transport=false'] : []),
        '--initial-cluster-state=new',
      ],
    });
  }
  return flags;
}
