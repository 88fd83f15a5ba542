import type { Command } from '../command.js';

/**
 * Whether every step so far, however late it landed, kept the safety rules; the checkers share no arithmetic with the
 * planner.
 *
 *     invariants
 */
export const invariants: Command = {
  usage: 'invariants',
  words: [0, 0],
  options: [],
  run: (scene) => ({
    scene,
    text:
      scene.violations.length === 0
        ? `hold (${scene.landed} ${scene.landed === 1 ? 'step' : 'steps'} landed)`
        : scene.violations.join('\n'),
  }),
};
