import {
  type Outcome,
  type Result,
  applied,
  err,
  ok,
  unsafeBrand,
} from '../../../src/base/index.js';
import type {
  HostName,
  MemberName,
  Membership,
  PeerSight,
  PeerURL,
  StatusSight,
} from '../../../src/core/cluster/index.js';
import { ledSide } from '../../../src/core/model/index.js';
import type { EtcdAdmin } from '../../../src/engine/ports/index.js';
import { type Answer, type Asked, type Etcd, travelMs } from './etcd.js';
import type { Life } from './life.js';
import type { Site } from './site.js';
import { trouble } from './trouble.js';

/** etcd itself, as one controller's process reaches it. */
export function adminFor(site: Site, etcd: Etcd, life: Life): EtcdAdmin {
  const { run } = site;
  const { clock, dice } = run;

  /** A question to one host: no answer ever comes from one that hangs or is out of reach. */
  const ask = <T>(at: HostName | undefined, silent: T, look: (host: HostName) => T): Promise<T> =>
    life.call<T>((answer) => {
      const early = at === undefined || isDeaf(site, at) ? undefined : look(at);
      const isStale = run.phase === 'safety' && dice.chance(run.parameters.staleShare);
      clock.after(travelMs(site), () => {
        if (at === undefined) answer(silent);
        else if (isStale && early !== undefined) answer(early);
        else if (!isDeaf(site, at)) answer(look(at));
      });
    });
  const change = async (step: Asked, endpoints: readonly string[]): Promise<Outcome> => {
    const end: Answer = await etcd.send(step, endpoints, life);
    return end.kind === 'applied' ? applied() : end;
  };

  return {
    peer: (url) =>
      ask<PeerSight>(
        site.hostAt('listen-peer-urls', url),
        SILENT,
        (host) => site.sightOf(host)?.peer ?? SILENT,
      ),
    status: (url) =>
      life.call<StatusSight>((answer) => {
        const at = site.hostAt('advertise-client-urls', url);
        const look = () => (at === undefined ? SILENT : (site.sightOf(at)?.status ?? SILENT));
        const early = look();
        const isStale = run.phase === 'safety' && dice.chance(run.parameters.staleShare);
        clock.after(travelMs(site), () => {
          const sight = isStale ? early : look();
          // A member that never met a leader takes the connection and answers nothing (etcd-facts 8.4).
          const isMute = sight.kind === 'silent' && sight.because === 'deadline';
          if (!isMute && (at === undefined || !isDeaf(site, at))) answer(sight);
        });
      }),
    memberList: (endpoints) =>
      life.call<Result<Membership>>((answer) => {
        clock.after(travelMs(site), () => {
          const hosts = endpoints.map((url) => site.hostAt('advertise-client-urls', url));
          const isLed = hosts.some((host) => host !== undefined && isLedAt(site, host));
          if (isLed) {
            const { clusterID, members } = site.world;
            if (clusterID === undefined) return;
            const list = ok({ clusterID, members });
            clock.after(travelMs(site), () => answer(list));
          } else if (hosts.every((host) => host === undefined)) {
            answer(err(trouble({ what: 'connection refused' })));
          }
        });
      }),
    addMember: (endpoints, peerURLs) => {
      const host = hostWith(site, peerURLs);
      const name = unsafeBrand<MemberName>(host);
      return etcd.send({ kind: 'add-learner', host, name, peerURLs }, endpoints, life);
    },
    promote: (endpoints, member) =>
      change({ kind: 'promote-learner', member, name: '' }, endpoints),
    remove: (endpoints, member) => change({ kind: 'remove-member', member, name: '' }, endpoints),
    updatePeerURLs: (endpoints, member, peerURLs) =>
      change({ kind: 'update-peer-urls', member, name: '', peerURLs }, endpoints),
    moveLeader: (endpoint, to) =>
      change({ kind: 'move-leader', from: site.world.leader ?? to, to, fromName: '', toName: '' }, [
        endpoint,
      ]),
    close: () => Promise.resolve(),
  };
}

const SILENT = { kind: 'silent', because: 'connection refused' } as const;

const isDeaf = (site: Site, host: HostName): boolean =>
  site.hung.has(host) || site.hostOf(host)?.seen === false;

/** A list through quorum is given by a voter that has a leader. */
function isLedAt(site: Site, name: HostName): boolean {
  if (isDeaf(site, name) || ledSide(site.world) === undefined) return false;
  const status = site.sightOf(name)?.status;
  return status?.kind === 'answered' && status.leader !== undefined && !status.isLearner;
}

const hostWith = (site: Site, peerURLs: readonly PeerURL[]): HostName =>
  site.world.target.members.find((member) => member.peerURLs.some((url) => peerURLs.includes(url)))
    ?.host ?? unsafeBrand<HostName>('nowhere');
