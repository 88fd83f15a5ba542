import { unsafeBrand } from '../../../../../base/index.js';
import { restartFlags } from '../../../../bootstrap/index.js';
import type { MemberName, TargetMember } from '../../../../cluster/index.js';
import { applyStep, settle } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { changeHost, hostNamed, withHost } from '../hosts.js';
import { startRegistered } from '../joining.js';
import { OTHER_CLUSTER, OTHER_MEMBER } from '../labels.js';
import { CommandError, type Scene } from '../scene.js';
import { withWorld } from '../turn.js';

/**
 * Somebody else starts a process: with the data that is there, or joining when there is none. A member that the spec
 * leaves to a person is started by hand; `as-new` is the mistake of starting it with --initial-cluster-state=new, by
 * which it founds a cluster of its own.
 *
 *     start b
 *     start d as-new
 */
export const start: Command = {
  usage: 'start HOST [as-new]',
  words: [1, 2],
  options: [],
  run: (scene, { words: [name = '', how] }) => {
    if (how !== undefined && how !== 'as-new') throw new CommandError(`"${how}" is not as-new`);
    const { host, data } = hostNamed(scene, name);
    const wanted = scene.world.target.members.find((member) => member.host === host);
    const isByHand = wanted?.byHand === true;
    if (how === 'as-new') return { scene: withWorld(scene, founding(scene, name, isByHand)) };
    // The model starts processes of ours; whose it is matters afterwards.
    const down = withHost(scene.world, host, (was) => ({ ...was, process: { kind: 'stopped' } }));
    const ready = isByHand ? { ...scene, world: down } : scene;
    const started =
      data.kind === 'present'
        ? withData(ready, name, wanted)
        : startRegistered(ready.world, name, 0);
    const theirs = withHost(started, host, (was) => ({ ...was, process: { kind: 'by-hand' } }));
    return { scene: withWorld(scene, isByHand ? theirs : started) };
  },
};

function withData(scene: Scene, name: string, wanted: TargetMember | undefined): Scene['world'] {
  const { host } = hostNamed(scene, name);
  const { version } = scene.world.target;
  const { outcome, reason, world } = applyStep(scene.world, {
    kind: 'start-member',
    host,
    name: wanted?.name ?? unsafeBrand<MemberName>(name),
    launch: { purpose: 'restart', version, flags: restartFlags(wanted?.flags ?? { name }) },
  });
  if (outcome !== 'applied') throw new CommandError(`${outcome} (${reason ?? ''})`);
  return settle(world);
}

function founding(scene: Scene, name: string, isByHand: boolean): Scene['world'] {
  const { world } = scene;
  const { host } = hostNamed(scene, name);
  return changeHost(world, host, (was) => ({
    ...was,
    data: {
      kind: 'present',
      clusterID: unsafeBrand(OTHER_CLUSTER),
      memberID: unsafeBrand(OTHER_MEMBER),
    },
    process: isByHand
      ? { kind: 'by-hand' }
      : { kind: 'running', startedAt: world.now, flags: { name, 'initial-cluster-state': 'new' } },
  }));
}
