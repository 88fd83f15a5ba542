import { unsafeBrand } from '../../../../base/index.js';
import { restartFlags, targetUnder, withScheme } from '../../../bootstrap/index.js';
import {
  type Authorities,
  type Fingerprint,
  type Member,
  PLANES,
  type PlaneTrust,
  type Target,
  type TargetMember,
  certificatesFor,
} from '../../../cluster/index.js';
import { memberOn } from './cast.js';
import { type World, type WorldHost, applyStep, settle } from '../../../model/index.js';

const TLS = { kind: 'auto' } as const;

/** The first authorities: one for each plane. Their bundles are named after the number of the newest. */
const trust = (plane: string, first: number, last: number): PlaneTrust => {
  const all = Array.from({ length: last - first + 1 }, (_, i) =>
    unsafeBrand<Fingerprint>(`${plane}-${first + i}`),
  );
  return {
    trusted: all,
    issuer: all[0] ?? unsafeBrand<Fingerprint>(''),
    bundle: first === last ? `${last}` : `${first}-and-${last}`,
    ...(first === last ? {} : { bundleAfter: `${last}` }),
  };
};

const FIRST: Authorities = {
  planes: { peer: trust('peer', 1, 1), client: trust('client', 1, 1) },
  heldBy: [],
};

/** The second ones are to follow the first. */
export const FOLLOWING: Authorities = {
  planes: { peer: trust('peer', 1, 2), client: trust('client', 1, 2) },
  heldBy: [],
};

/** The target with TLS, by certificates of ours. */
export const secureTarget = (target: Target): Target =>
  targetUnder(
    { ...target, members: target.members.map(secureMember) },
    target.authorities ?? FIRST,
  );

export function secureMember(member: TargetMember): TargetMember {
  const { flags } = member;
  const dataDir = flags['data-dir'] ?? '';
  return {
    ...member,
    peerURLs: withScheme(TLS, member.peerURLs),
    clientURLs: withScheme(TLS, member.clientURLs),
    flags: {
      ...flags,
      ...Object.fromEntries(
        Object.entries(flags)
          .filter(([name]) => name.endsWith('-urls'))
          .map(([name, urls]) => [name, withScheme(TLS, [urls]).join()]),
      ),
    },
    certificates: certificatesFor(FIRST, { dataDir, names: [member.host, 'localhost'] }),
  };
}

/** A world of plain text as if it had had TLS from its birth on. */
export function secureWorld(plain: World): World {
  const target = secureTarget(plain.target);
  const secured = (member: Member): Member => ({
    ...member,
    peerURLs: withScheme(TLS, member.peerURLs),
    clientURLs: withScheme(TLS, member.clientURLs),
  });
  const hosts = plain.hosts.map((host): WorldHost => {
    if (host.process.kind !== 'running') return host;
    const wanted = target.members.find((candidate) => candidate.host === host.host);
    const member = wanted ?? secureMember(memberOn(host.host));
    return { ...host, process: { ...host.process, flags: restartFlags(member.flags) } };
  });
  const world: World = {
    ...plain,
    target,
    members: plain.members.map(secured),
    hosts,
  };
  return settle(
    target.members.reduce((next, { host, name, certificates }) => {
      if (certificates === undefined || !hosts.some((each) => isRunning(each, host))) return next;
      const step = { kind: 'install-certificates', host, name, wanted: certificates } as const;
      return applyStep(next, { ...step, leafs: PLANES }).world;
    }, world),
  );
}

const isRunning = ({ host, process }: WorldHost, name: string): boolean =>
  host === name && process.kind === 'running';
