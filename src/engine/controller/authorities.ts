import { type Clock, type Result, err, ok, refused, withDeadline } from '../../base/index.js';
import {
  type Authorities,
  type ClusterRecord,
  IMAGINED_AUTHORITIES,
  PLANES,
} from '../../core/cluster/index.js';
import type { Certificates, ClusterStore, HeldLock, Wish } from '../ports/index.js';
import { authoritiesLost, authoritiesSlow, lockLost, noCertificatesHere } from './problems.js';
import { AUTHORITIES_DEADLINE_MS } from './timings.js';

/** Where nobody can make them. */
export const NO_CERTIFICATES: Certificates = {
  authorities: async ({ name }) => err(noCertificatesHere({ host: name })),
  judge: () => ({ kind: 'unseen', because: 'nobody looks at certificates here' }),
  issue: async ({ host }) => err(noCertificatesHere({ host })),
  advance: async () => refused(noCertificatesHere({ host: 'this machine' })),
};

/**
 * Whom the members trust, made before the first of them is told so, and remembered in the record: authorities that are gone
 * are never replaced in silence, because members that run trust nobody else.
 */
export async function withAuthorities(
  desk: {
    readonly certificates: Certificates;
    readonly clock: Clock;
    readonly store: ClusterStore;
    readonly lock: HeldLock;
  },
  { spec, paused }: Wish,
  record: ClusterRecord,
  signal: AbortSignal,
): Promise<Result<{ readonly record: ClusterRecord; readonly authorities?: Authorities }>> {
  if (spec.tls.kind === 'off') return ok({ record });
  const how = paused ? 'look' : record.authorities === undefined ? 'create' : 'use';
  const cluster = spec.name;
  const found = await withDeadline(desk.clock, AUTHORITIES_DEADLINE_MS, signal, (inner) =>
    desk.certificates.authorities(spec, how, inner),
  );
  if (found.late) return err(authoritiesSlow({ cluster, deadlineMs: AUTHORITIES_DEADLINE_MS }));
  if (!found.value.ok) return found.value;
  if (spec.tls.kind === 'files') return ok({ record });
  const authorities = found.value.value;
  if (authorities === undefined) {
    return record.authorities === undefined
      ? ok({ record, authorities: IMAGINED_AUTHORITIES })
      : err(
          authoritiesLost({
            cluster,
            fingerprints: record.authorities,
            directory: desk.certificates.directory ?? 'pki',
          }),
        );
  }
  if (how !== 'create') return ok({ record, authorities });
  if (!(await desk.lock.stillHeld()))
    return err(lockLost({ step: 'make certificate authorities' }));
  const made = PLANES.map((plane) => authorities.planes[plane].issuer);
  const completed = { ...record, authorities: [...new Set(made)] };
  const written = await desk.store.writeRecord(completed);
  return written.ok ? ok({ record: completed, authorities }) : written;
}
