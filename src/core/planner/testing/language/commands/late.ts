import { landLate } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { stepText } from '../say.js';
import { CommandError } from '../scene.js';
import { land } from '../turn.js';

/**
 * The oldest request in flight lands after all: a member had taken it and checked it when it was sent, so only what
 * etcd validates when it applies can still refuse it. Nobody is told.
 *
 *     late
 */
export const late: Command = {
  usage: 'late',
  words: [0, 0],
  options: [],
  run: (scene) => {
    const [first, ...inFlight] = scene.inFlight;
    if (first === undefined) throw new CommandError('no request is in flight');
    const { scene: next, outcome, reason } = land({ ...scene, inFlight }, first, landLate);
    const end = outcome === 'applied' ? 'landed' : outcome;
    return {
      scene: next,
      text: `${end}: ${stepText(first.plan.step)}${reason === '' ? '' : ` (${reason})`}`,
    };
  },
};
