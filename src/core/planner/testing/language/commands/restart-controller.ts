import { NOTHING_LATELY } from '../../../index.js';
import type { Command } from '../command.js';
import { stepText } from '../say.js';
import { withIntent, withUnknown } from '../turn.js';

/**
 * The controller is killed and another one takes over with nothing in memory. The journal gives back the last
 * membership change whose end it does not hold: one that was decided and never answered may have been sent, at the
 * latest now, and may still land (`late`).
 *
 *     restart-controller
 */
export const restartController: Command = {
  usage: 'restart-controller',
  words: [0, 0],
  options: [],
  run: (scene) => {
    const { decided } = scene;
    const forgetful = {
      ...scene,
      lately: NOTHING_LATELY,
      decided: undefined,
      kept: undefined,
      troubles: [],
    };
    if (decided === undefined) return { scene: forgetful };
    const sent = withIntent({ ...forgetful, inFlight: [...forgetful.inFlight, decided] }, decided);
    return {
      scene: withUnknown(sent, decided, sent.world.now),
      text: `the journal holds no outcome of: ${stepText(decided.plan.step)}`,
    };
  },
};
