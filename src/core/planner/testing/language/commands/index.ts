import type { Command } from '../command.js';
import { advance } from './advance.js';
import { apply } from './apply.js';
import { cluster } from './cluster.js';
import { crash } from './crash.js';
import { data } from './data.js';
import { invariants } from './invariants.js';
import { late } from './late.js';
import { loseData } from './lose-data.js';
import { observe } from './observe.js';
import { plan } from './plan.js';
import { restartController } from './restart-controller.js';
import { run } from './run.js';
import { spec } from './spec.js';
import { start } from './start.js';
import { stranger } from './stranger.js';

/** Every command, by the word it is written with. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  cluster,
  spec,
  crash,
  start,
  'lose-data': loseData,
  data,
  stranger,
  advance,
  observe,
  plan,
  apply,
  late,
  'restart-controller': restartController,
  run,
  invariants,
};
