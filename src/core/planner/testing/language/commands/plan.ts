import type { Command } from '../command.js';
import { sayPlan } from '../say.js';
import { decide } from '../turn.js';

/**
 * The controller looks and asks the planner once. A step is decided, and not carried out before `apply`.
 *
 *     plan
 */
export const plan: Command = {
  usage: 'plan',
  words: [0, 0],
  options: [],
  run: (scene) => {
    const decided = decide(scene);
    return { scene: decided.scene, text: sayPlan(decided.plan, decided.scene.world) };
  },
};
