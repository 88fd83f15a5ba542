import type { Plan } from '../../../index.js';
import type { Command } from '../command.js';
import { sayPlan, sayStepOfRun } from '../say.js';
import type { Scene } from '../scene.js';
import { decide, land, later, withUnknown, withWorld } from '../turn.js';

const TURN_MS = 250;
const TURNS_MAX = 400;
/** After so many waits in a row time goes faster, so that what only a minute brings is seen too. */
const SHORT_WAITS = 8;
const LONG_TURN_MS = 5000;
const WAITS_MAX = 32;

/**
 * Turns of the controller until it has converged, is blocked, or waits for something that does not come; every step
 * with its reason and margin. `until` stops when that step is decided, before it is carried out.
 *
 *     run
 *     run until=promote-learner
 */
export const run: Command = {
  usage: 'run [until=STEP]',
  words: [0, 0],
  options: ['until'],
  run: (start, args) => {
    const until = args.value('until');
    const lines: string[] = [];
    let scene: Scene = start;
    let waits = 0;
    const sayOnce = (line: string) => {
      if (lines.at(-1) !== line) lines.push(line);
    };
    /** The same answer again and again is one line. */
    const sayStep = (line: string) => {
      const [, text = '', times = '1'] = /^(.*?)(?:   x(\d+))?$/.exec(lines.at(-1) ?? '') ?? [];
      if (text === line) lines.splice(-1, 1, `${line}   x${Number(times) + 1}`);
      else lines.push(line);
    };
    const end = (plan: Plan) => ({
      scene,
      text: [...lines, sayPlan(plan, scene.world)].join('\n'),
    });
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const { plan, scene: decided } = decide(scene);
      scene = decided;
      switch (plan.kind) {
        case 'converged':
        case 'blocked':
          return end(plan);
        case 'wait': {
          if (++waits > WAITS_MAX) return end(plan);
          sayOnce(`(waits for ${plan.for}: ${plan.because})`);
          const pause = waits > SHORT_WAITS ? LONG_TURN_MS : TURN_MS;
          const due = (plan.until ?? 0) - scene.world.now;
          scene = withWorld(scene, later(scene.world, Math.max(pause, due)));
          break;
        }
        case 'step': {
          waits = 0;
          if (plan.step.kind === until || scene.decided === undefined) return end(plan);
          const decision = scene.decided;
          const landed = land({ ...scene, decided: undefined }, decision);
          const answer =
            landed.outcome === 'applied' ? '' : `   ${landed.outcome} (${landed.reason})`;
          sayStep(`${sayStepOfRun(plan)}${answer}`);
          scene =
            landed.outcome === 'unknown'
              ? withUnknown(landed.scene, decision, landed.scene.world.now)
              : landed.scene;
          scene = withWorld(scene, later(scene.world, TURN_MS));
          break;
        }
      }
    }
    return { scene, text: [...lines, `no end after ${TURNS_MAX} turns`].join('\n') };
  },
};
