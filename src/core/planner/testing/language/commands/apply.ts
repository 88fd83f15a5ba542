import type { Command } from '../command.js';
import { stepText } from '../say.js';
import { CommandError } from '../scene.js';
import { land, withIntent, withUnknown } from '../turn.js';

/**
 * Carries out what was decided, in the world as it is by now. What is said is what the controller learns: etcd's own
 * answer, or `outcome=refused` (it never happened) or `outcome=unknown` (no answer came). An unknown request is in
 * flight: `late` lets it land, otherwise it never does; `landed` when it took effect and only the answer was lost.
 *
 *     apply
 *     apply outcome=unknown
 *     apply landed outcome=unknown
 */
export const apply: Command = {
  usage: 'apply [landed] [outcome=refused|unknown]',
  words: [0, 1],
  options: ['outcome'],
  run: (scene, args) => {
    const { decided } = scene;
    if (decided === undefined) throw new CommandError('no step was decided');
    const [word] = args.words;
    const outcome = args.value('outcome');
    if (word !== undefined && (word !== 'landed' || outcome !== 'unknown')) {
      throw new CommandError(`"${word}" is not "landed outcome=unknown"`);
    }
    const text = stepText(decided.plan.step);
    const undecided = { ...scene, decided: undefined };
    switch (outcome) {
      case undefined: {
        const { scene: next, outcome: answer, reason } = land(undecided, decided);
        return {
          scene: answer === 'unknown' ? withUnknown(next, decided, next.world.now) : next,
          text: `${answer}: ${text}${reason === '' ? '' : ` (${reason})`}`,
        };
      }
      case 'refused':
        return { scene: withIntent(undecided, decided), text: `refused: ${text}` };
      case 'unknown': {
        const sent =
          word === 'landed'
            ? land(undecided, decided).scene
            : withIntent({ ...undecided, inFlight: [...undecided.inFlight, decided] }, decided);
        return { scene: withUnknown(sent, decided, sent.world.now), text: `unknown: ${text}` };
      }
      default:
        throw new CommandError('outcome= is refused or unknown');
    }
  },
};
