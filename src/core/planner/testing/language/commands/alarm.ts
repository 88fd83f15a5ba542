import { disarmAlarms, raiseAlarm, settle } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { hostNamed } from '../hosts.js';
import { CommandError } from '../scene.js';
import { withWorld } from '../turn.js';

/**
 * A member raises an alarm, which every member tells from then on; or all are disarmed.
 *
 *     alarm b NOSPACE
 *     alarm c CORRUPT
 *     alarm disarm
 */
export const alarm: Command = {
  usage: 'alarm HOST NOSPACE|CORRUPT, or alarm disarm',
  words: [1, 2],
  options: [],
  run: (scene, { words: [name = '', which] }) => {
    const { world } = scene;
    if (name === 'disarm' && which === undefined) {
      return { scene: withWorld(scene, settle(disarmAlarms(world))) };
    }
    if (which !== 'NOSPACE' && which !== 'CORRUPT') {
      throw new CommandError('an alarm is NOSPACE or CORRUPT');
    }
    const { host } = hostNamed(scene, name);
    return { scene: withWorld(scene, settle(raiseAlarm(world, host, which))) };
  },
};
