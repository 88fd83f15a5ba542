import type { Instant } from '../../../base/index.js';
import { certificatesOn } from '../../../core/bootstrap/index.js';
import {
  type CertificateFault,
  type Fingerprint,
  type HostName,
  PLANES,
  type Plane,
  leafFault,
  renewalOf,
} from '../../../core/cluster/index.js';
import type { PlanInput } from '../../../core/planner/index.js';

/** One certificate that a host holds, or should. */
export interface LeafReport {
  readonly host: string;
  readonly plane: Plane;
  readonly path: string;
  readonly names: readonly string[];
  /** Absent: nobody that we know, or nothing is there. */
  readonly issuer?: Fingerprint;
  readonly notAfter?: Instant;
  readonly renewAt?: Instant;
  /** Absent: nothing is wrong with it. */
  readonly fault?: CertificateFault;
  /** Why nothing is known of it. */
  readonly because?: string;
}

/** What hosts hold, as it was seen in one look; nothing where certificates are not ours. */
export const leafReports = (input: PlanInput): readonly LeafReport[] =>
  input.observation.hosts.flatMap(({ host }) => leafsOn(input, host));

/** The two certificates of one host. */
export function leafsOn(input: PlanInput, host: HostName): readonly LeafReport[] {
  const { target, record, observation, now } = input;
  const wanted = certificatesOn(target, record.addresses, host);
  const sight = observation.hosts.find((each) => each.host === host)?.certificates;
  if (wanted === undefined) return [];
  return PLANES.map((plane): LeafReport => {
    const { path, names } = wanted.leafs[plane];
    const head = { host, plane, path };
    if (sight?.kind !== 'seen') {
      return { ...head, names, because: sight?.because ?? 'it was not looked at' };
    }
    const leaf = sight.leafs[plane];
    const fault = leafFault(wanted.leafs[plane], leaf, now, wanted.renewBefore);
    const faulty = fault === undefined ? {} : { fault };
    if (leaf.kind !== 'present') {
      const because = leaf.kind === 'absent' ? {} : { because: leaf.because };
      return { ...head, names, ...faulty, ...because };
    }
    const { issuer, notAfter } = leaf;
    return {
      ...head,
      names: leaf.names,
      ...(issuer === undefined ? {} : { issuer }),
      notAfter,
      renewAt: renewalOf(leaf),
      ...faulty,
    };
  });
}

/** When the first of them expires. */
export function firstToExpire(leafs: readonly LeafReport[]): LeafReport | undefined {
  return leafs
    .filter(({ notAfter }) => notAfter !== undefined)
    .sort((a, b) => (a.notAfter ?? 0) - (b.notAfter ?? 0))[0];
}
