import { type Result, unsafeBrand } from '../../../src/base/index.js';
import type { PeerURL } from '../../../src/core/cluster/index.js';
import {
  type ClusterSpec,
  addMember,
  removeMember,
  renameMember,
  replaceMember,
  setPeerURLs,
} from '../../../src/core/spec/index.js';
import type { Wish } from '../../../src/engine/ports/index.js';
import type { EditKind } from './parameters.js';
import type { Site } from './site.js';

/** Hosts there are; a spec never asks for more. */
const HOSTS_MAX = 9;

/** Somebody changes what the cluster should be. */
export function edit(site: Site, kind: EditKind): void {
  const { disk, run } = site;
  const { wish } = disk;
  if (wish === undefined) return;
  const changed = edited(site, kind, wish);
  if (changed === undefined) return;
  disk.wish = { ...changed, generation: wish.generation + 1 };
  run.count(`edit: ${kind}`);
  run.say('people', () => `${site.name} ${kind}: ${inWords(disk.wish)}`);
}

const inWords = (wish: Wish | undefined): string =>
  wish === undefined
    ? ''
    : `${wish.spec.members.map(({ name, host }) => (`${name}` === host ? name : `${name}@${host}`)).join(' ')}` +
      (wish.spec.proxies.length === 0
        ? ''
        : `, proxies ${wish.spec.proxies.map(({ host }) => host).join(' ')}`) +
      `, ${wish.state}${wish.paused ? ', paused' : ''}${wish.retire.length > 0 ? `, retire ${wish.retire.join(' ')}` : ''}` +
      `, version ${wish.spec.version} ${JSON.stringify(wish.spec.etcd)}`;

function edited(site: Site, kind: EditKind, wish: Wish): Omit<Wish, 'generation'> | undefined {
  const { dice } = site.run;
  const { spec } = wish;
  const someone = dice.oneOf(spec.members)?.name ?? '';
  const withSpec = (result: Result<ClusterSpec>) =>
    result.ok ? { ...wish, spec: result.value } : undefined;
  switch (kind) {
    case 'grow':
      return withSpec(addMember(spec, freshMember(site, spec)));
    case 'shrink':
      return withSpec(removeMember(spec, someone));
    case 'forward':
      return withSpec(removeMember(spec, someone, { asProxy: true }));
    case 'to-one':
      return { ...wish, spec: { ...spec, members: spec.members.slice(0, 1) } };
    case 'to-three':
      return withSpec(toThree(site, spec));
    case 'replace':
      return withSpec(replaceMember(spec, someone, freshMember(site, spec)));
    case 'retire': {
      const members = site.world.members;
      const id = dice.oneOf(members)?.id;
      return id === undefined || wish.retire.includes(id)
        ? undefined
        : { ...wish, retire: [...wish.retire, id] };
    }
    case 'rename':
      return withSpec(renameMember(spec, someone, `n${dice.whole(1, 99)}`));
    case 'move': {
      const host = spec.members.find(({ name }) => name === someone)?.host ?? '';
      const port = dice.oneOf([2380, 3380, 4380]) ?? 2380;
      const url = `http://10.0.0.${/\d+$/.exec(host)?.[0] ?? '1'}:${port}`;
      return withSpec(setPeerURLs(spec, someone, [unsafeBrand<PeerURL>(url)]));
    }
    case 'flags':
      return { ...wish, spec: { ...spec, etcd: { 'snapshot-count': dice.whole(1, 9) * 1000 } } };
    case 'patch':
      return { ...wish, spec: { ...spec, version: `3.6.${dice.whole(12, 16)}` } };
    case 'down':
      return { ...wish, state: wish.state === 'up' ? 'down' : 'up' };
    case 'pause':
      return { ...wish, paused: !wish.paused };
  }
}

function toThree(site: Site, spec: ClusterSpec): Result<ClusterSpec> {
  let next: Result<ClusterSpec> = {
    ok: true,
    value: { ...spec, members: spec.members.slice(0, 3) },
  };
  while (next.ok && next.value.members.length < 3) {
    next = addMember(next.value, freshMember(site, next.value));
  }
  return next;
}

/** A host that the spec does not name; it may have served before. */
function freshMember(site: Site, spec: ClusterSpec): { name: string; host: string } {
  const { dice } = site.run;
  const free = Array.from({ length: HOSTS_MAX }, (_, i) => `m${i + 1}`).filter(
    (candidate) => !spec.members.some(({ name, host }) => host === candidate || name === candidate),
  );
  const host = dice.oneOf(free) ?? 'm1';
  return { name: host, host };
}
