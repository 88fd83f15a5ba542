import type { Command } from '../command.js';
import { advance } from './advance.js';
import { alarm } from './alarm.js';
import { apply } from './apply.js';
import { certificates } from './certificates.js';
import { cluster } from './cluster.js';
import { consumer } from './consumer.js';
import { crash } from './crash.js';
import { data } from './data.js';
import { elect } from './elect.js';
import { invariants } from './invariants.js';
import { late } from './late.js';
import { loseDataOf } from './lose-data.js';
import { fallBehindLeader } from './fall-behind.js';
import { catchUpWithLeader } from './catch-up.js';
import { cut } from './cut.js';
import { heal } from './heal.js';
import { hideHosts } from './hide.js';
import { setClock } from './set-clock.js';
import { showHosts } from './show.js';
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
  consumer,
  crash,
  start,
  'lose-data': loseDataOf,
  cut,
  heal,
  elect,
  hide: hideHosts,
  show: showHosts,
  'fall-behind': fallBehindLeader,
  'catch-up': catchUpWithLeader,
  alarm,
  certificates,
  data,
  stranger,
  advance,
  'set-clock': setClock,
  observe,
  plan,
  apply,
  late,
  'restart-controller': restartController,
  run,
  invariants,
};
