import type { Problem } from '../../../src/base/index.js';
import { type Target, differingFlags } from '../../../src/core/cluster/index.js';
import { settle } from '../../../src/core/model/index.js';
import type { ControllerEvent } from '../../../src/engine/controller/index.js';
import { targetResolver } from '../../../src/main/resolve.js';
import type { Life } from './life.js';
import type { Site } from './site.js';

/** So many turns in a row must say the same before it is believed. */
const TURNS_TO_BELIEVE = 3;

/** How one site's liveness phase ended. */
export type End =
  { readonly kind: 'converged' } | { readonly kind: 'blocked'; readonly code: string };

/** Listens to the controllers of one site and says when, and whether truly, they have come to an end. */
export class Ending {
  end: End | undefined;
  lastSaid = 'nothing yet';
  #code = '';
  #inARow = 0;

  readonly site: Site;

  constructor(site: Site) {
    this.site = site;
  }

  hear(life: Life, event: ControllerEvent): void {
    const { run } = this.site;
    switch (event.kind) {
      case 'planned':
        return run.count('turns');
      case 'converged':
        this.lastSaid = 'converged';
        this.#inARow = 0;
        if (run.phase !== 'liveness' || this.end !== undefined) return;
        // A turn that began on an older wish may still end.
        if (life.wish !== this.site.disk.wish || !this.site.checks.isQuiet()) return;
        return this.#converged();
      case 'blocked': {
        const [problem] = event.problems;
        this.lastSaid = `blocked: ${problem?.code}: ${problem?.summary} ${problem?.detail}`;
        if (run.phase === 'liveness' && problem !== undefined) this.#blocked(problem);
        else run.count(`blocked for a while: ${problem?.code ?? ''}`);
        return;
      }
      case 'waiting':
        this.lastSaid = `waits for ${event.plan.for}, because ${event.plan.because}`;
        this.#inARow = 0;
        return;
      case 'paused':
        this.lastSaid = 'paused';
        this.#inARow = 0;
        return;
      case 'step-started':
        this.lastSaid = event.step.kind;
        this.#inARow = 0;
        return;
      default:
    }
  }

  #converged(): void {
    const { site } = this;
    const differs = whatDiffers(site);
    if (differs === undefined) {
      this.end = { kind: 'converged' };
      site.run.say(site.name, () => 'converged');
    } else {
      site.run.fail('convergence', `${site.name}: said to be converged, but ${differs}`);
    }
  }

  #blocked({ code }: Problem): void {
    this.#inARow = code === this.#code ? this.#inARow + 1 : 1;
    this.#code = code;
    if (this.#inARow < TURNS_TO_BELIEVE || !this.site.checks.isQuiet()) return;
    if (!isTrulyBlocked(this.site, code)) return;
    this.end = { kind: 'blocked', code };
    this.site.run.say(this.site.name, () => `truly blocked: ${code}`);
  }
}

function targetOf({ disk: { wish, record }, run }: Site): Target | undefined {
  if (wish === undefined || record === undefined) return undefined;
  const resolved = targetResolver(run.parameters.firstLife)(wish, record);
  return resolved.ok ? resolved.value : undefined;
}

/** What of the world is not as the spec says; by its own look, not the planner's. */
function whatDiffers(site: Site): string | undefined {
  const { disk } = site;
  // Names are published a moment after a start; that much patience is not asked of the planner.
  const world = settle(site.current());
  const { wish } = disk;
  const target = targetOf(site);
  if (wish === undefined || target === undefined) return 'the wish makes no target';
  if (target.state === 'down') {
    const runs = world.hosts.find(({ process }) => process.kind === 'running');
    return runs === undefined ? undefined : `${runs.host} still runs`;
  }
  for (const { host, gateway } of world.hosts) {
    const isProxy = target.proxies.some((proxy) => proxy.host === host);
    const forwards = gateway?.kind === 'running';
    if (isProxy !== forwards) return `${host} ${forwards ? 'forwards' : 'does not forward'}`;
  }
  for (const wanted of target.members) {
    const host = site.hostOf(wanted.host);
    if (host?.process.kind !== 'running') return `${wanted.name} does not run`;
    const { data } = host;
    if (data.kind !== 'present') return `${wanted.name} has no data`;
    const member = world.members.find(({ id }) => id === data.memberID);
    if (member === undefined) return `${wanted.name} is no member`;
    if (member.isLearner) return `${wanted.name} is a learner`;
    if (member.name !== wanted.name) return `${wanted.name} is called ${member.name}`;
    if (member.peerURLs.join() !== wanted.peerURLs.join())
      return `${wanted.name} has other peer URLs`;
    const flags = differingFlags(host.process.flags, wanted.flags);
    if (flags.length > 0) return `${wanted.name} runs with other ${flags.join(', ')}`;
    if (wish.retire.includes(member.id)) return `${wanted.name} was to be replaced`;
  }
  if (world.members.length !== target.members.length) {
    return `there are ${world.members.length} members, not ${target.members.length}`;
  }
  return world.leader === undefined ? 'there is no leader' : undefined;
}

/** Whether what the controller says keeps it is really so. */
function isTrulyBlocked(site: Site, code: string): boolean {
  const { world, disk } = site;
  switch (code) {
    // Without a quorum only old copies of the list are left to go by: that nobody leads is then all that can be said.
    case 'no-leader':
    case 'quorum-lost': {
      const voters = world.members.filter(({ isLearner }) => !isLearner);
      const withData = voters.filter(({ id }) =>
        world.hosts.some(({ data }) => data.kind === 'present' && data.memberID === id),
      );
      return withData.length < Math.floor(voters.length / 2) + 1;
    }
    case 'stranger-in-list':
      // A lost member that the spec moved once and does not name any more: nothing tells whose it was.
      return world.members.some(
        ({ id, peerURLs }) =>
          !world.hosts.some(({ data }) => data.kind === 'present' && data.memberID === id) &&
          !Object.values(disk.record?.addresses ?? {}).some((known) =>
            known.peerURLs.some((url) => peerURLs.includes(url)),
          ),
      );
    case 'removal-would-risk-quorum': {
      // A member is to be replaced where it is, and without it the rest could not lose one more; or it is the only one.
      const voters = world.members.filter(({ isLearner }) => !isLearner);
      const left = voters.length - 1;
      const spare = left - (Math.floor(left / 2) + 1);
      const isAsked = voters.some(({ id }) => disk.wish?.retire.includes(id) === true);
      return isAsked && (left === 0 || (spare < 1 && (disk.wish?.spec.members.length ?? 0) > 2));
    }
    case 'birth-changed': {
      // What lies there was begun with other members or addresses than the spec has now.
      const then = world.members.flatMap(({ peerURLs }) => peerURLs);
      const now = targetOf(site)?.members.flatMap(({ peerURLs }) => peerURLs) ?? [];
      return (
        disk.record?.clusterID === undefined && then.toSorted().join() !== now.toSorted().join()
      );
    }
    case 'birth-incomplete': {
      const told = disk.record?.issuedNew ?? [];
      const lost = world.hosts.some(
        ({ host, data }) => told.includes(host) && data.kind === 'empty',
      );
      const kept = world.hosts.some(({ data }) => data.kind === 'present');
      return disk.record?.clusterID === undefined && lost && kept;
    }
    default:
      return false;
  }
}
