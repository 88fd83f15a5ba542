import { certificatesOn } from '../../bootstrap/index.js';
import { type HostName, type HostSight, certificateFaults } from '../../cluster/index.js';
import { stepOf, waitFor } from '../make.js';
import type { Plan, Reason } from '../plan-types.js';
import { unseenHost } from '../unseen.js';
import { type Rule, type View, nameOn, ours, sightOf, sightOn } from '../view.js';

/** Before a member starts, its host holds what it has to show and whom it trusts; undefined when it does. */
export function certificatesFirst(view: View, host: HostName): Plan | undefined {
  const found = lookedAt(view, sightOn(view, host));
  if (found === undefined) return undefined;
  if (found === 'unseen') {
    const because = 'its certificates were not seen';
    return waitFor('host', 'host-unseen', {
      problem: unseenHost(view, host, because),
    });
  }
  return view.guards.hasCertificates(found.faults) ? undefined : install(view, host, found);
}

/**
 * A running member with an expired certificate, or whose files are gone, is mended before anything else: it may be why
 * nobody is reached. etcd reads leafs at each handshake, so that nothing is restarted (etcd-facts 11).
 */
export const mendCertificates: Rule = (view) => {
  for (const member of ours(view)) {
    const sight = sightOf(view, member);
    if (sight.process.kind !== 'running') continue;
    const found = lookedAt(view, sight);
    if (found === undefined || found === 'unseen' || view.guards.hasCertificates(found.faults))
      continue;
    return install(view, member.host, found);
  }
  return undefined;
};

/** Leafs that are due, of another authority, or too narrow, one host after the other and while all voters are well. */
export const renewCertificates: Rule = (view) => {
  for (const member of ours(view)) {
    const found = lookedAt(view, sightOf(view, member));
    if (found === undefined || found === 'unseen') continue;
    if (found.faults.length > 0) return install(view, member.host, found);
  }
  return undefined;
};

type Found = Exclude<ReturnType<typeof lookedAt>, undefined | 'unseen'>;

function lookedAt(view: View, { host, certificates: sight }: HostSight) {
  const wanted = certificatesOn(view.target, view.record.addresses, host);
  if (wanted === undefined) return undefined;
  if (sight?.kind !== 'seen') return 'unseen';
  return { wanted, ...certificateFaults(wanted, sight, view.now) };
}

function install(view: View, host: HostName, { wanted, faults, leafs }: Found): Plan {
  const name = nameOn(view, sightOn(view, host));
  const because: Reason = faults[0] ?? 'certificates-missing';
  return stepOf(view, { kind: 'install-certificates', host, name, wanted, leafs }, because);
}
