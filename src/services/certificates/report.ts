import { type Instant, type Result, ok } from '../../base/index.js';
import { type Fingerprint, PLANES, type Plane } from '../../core/cluster/index.js';
import { bundleOf } from './bundle.js';
import { type KnownClient, knownClients } from './clients.js';
import { pkiLayout } from './layout.js';
import { readState } from './state.js';

/** What `certificates list` tells of the authorities. */
export interface AuthorityReport {
  readonly authorities: readonly {
    readonly plane: Plane;
    readonly fingerprint: Fingerprint;
    readonly subject: string;
    readonly notAfter: Instant;
    readonly issues: boolean;
  }[];
  readonly clients: readonly KnownClient[];
}

/** Undefined: there are none. */
export async function readAuthorities(
  directory: string,
): Promise<Result<AuthorityReport | undefined>> {
  const layout = pkiLayout(directory);
  const state = await readState(layout);
  if (!state.ok) return state;
  if (state.value === undefined) return ok(undefined);
  const authorities: AuthorityReport['authorities'][number][] = [];
  for (const plane of PLANES) {
    const { trusted, issuer } = state.value.planes[plane];
    const bundle = await bundleOf(layout, trusted);
    if (!bundle.ok) return bundle;
    for (const { fingerprint, subject, notAfter } of bundle.value.authorities) {
      authorities.push({ plane, fingerprint, subject, notAfter, issues: fingerprint === issuer });
    }
  }
  return ok({ authorities, clients: await knownClients(layout) });
}
