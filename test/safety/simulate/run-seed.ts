import { virtualClock } from '../../../src/base/testing/virtual-clock.js';
import { beginSite } from './begin.js';
import { type Breaking, Controllers } from './controllers.js';
import { type Coverage, count } from './coverage.js';
import { diceOf } from './dice.js';
import { Ending } from './ending.js';
import { Faults } from './faults.js';
import { type Parameters, parametersOf } from './parameters.js';
import { edit } from './people.js';
import { type Failure, Run } from './run.js';
import type { Site } from './site.js';

/** Longer than the longest honest way back: several members replaced, one after the other, each after its back-off. */
const LIVENESS_MS = 600_000;
/** A loop that turns without time passing would never end. */
const TIMERS_MAX = 400_000;

export interface SeedResult {
  readonly seed: number;
  readonly failure: Failure | undefined;
  /** Of each site; empty after a failure. */
  readonly ends: readonly string[];
  readonly parameters: Parameters;
  readonly lines: readonly string[];
  readonly virtualMs: number;
}

export interface SeedOptions {
  readonly coverage: Coverage;
  readonly tracing: boolean;
  readonly breaking?: Breaking;
}

/** One world from its beginning to its end. The same seed always gives the same. */
export async function runSeed(seed: number, options: SeedOptions): Promise<SeedResult> {
  const { coverage, tracing, breaking = (parts) => parts } = options;
  const parameters = parametersOf(seed);
  const clock = virtualClock();
  const dice = diceOf(seed);
  const run = new Run(seed, parameters, clock, dice, coverage, tracing);
  const sites = Array.from({ length: parameters.clusters }, (_, i) => {
    const site = beginSite(run, i === 0 ? 'a' : 'b', dice);
    const ending = new Ending(site);
    const controllers = new Controllers(
      site,
      (life, event) => {
        ending.hear(life, event);
      },
      breaking,
    );
    const faults = new Faults(site, controllers);
    return { site, ending, controllers, faults };
  });

  for (const { site, controllers, faults } of sites) {
    controllers.begin();
    faults.begin();
    if (parameters.edits.length === 0) continue;
    const people = () => {
      if (run.phase !== 'safety') return;
      const kind = dice.oneOf(parameters.edits);
      if (kind !== undefined) edit(site, kind);
      clock.after(dice.wait(parameters.editMs) + 1, people);
    };
    clock.after(dice.wait(parameters.editMs) + 1, people);
  }
  const isStopped = () => run.failure !== undefined || clock.firedCount() > TIMERS_MAX;
  await clock.run({ untilMs: parameters.safetyMs, isDone: isStopped });

  run.phase = 'liveness';
  run.say('—', () => 'faults stop, everything heals');
  for (const { site, faults } of sites) {
    const { wish } = site.disk;
    if (wish !== undefined) {
      const state = wish.state === 'down' && dice.chance(0.5) ? 'down' : 'up';
      site.disk.wish = { ...wish, generation: wish.generation + 1, paused: false, state };
    }
    faults.end();
  }
  const isOver = () => isStopped() || sites.every(({ ending }) => ending.end !== undefined);
  const stop = await clock.run({ untilMs: clock.monotonicMs() + LIVENESS_MS, isDone: isOver });
  if (run.failure === undefined && !sites.every(({ ending }) => ending.end !== undefined)) {
    const said = sites.map(({ site, ending }) => `${site.name} ${ending.lastSaid}`).join('; ');
    const why = clock.firedCount() > TIMERS_MAX ? 'it never comes to rest' : stop;
    for (const { site } of sites) run.say(site.name, () => describe(site));
    run.fail('convergence', `no end within ${LIVENESS_MS / 1000} s (${why}); last: ${said}`);
  }
  const ends = sites.map(({ ending: { end } }) =>
    end === undefined ? 'none' : end.kind === 'blocked' ? `blocked: ${end.code}` : end.kind,
  );
  if (run.failure === undefined) for (const end of ends) count(coverage, `end: ${end}`);
  count(coverage, 'virtual seconds', Math.round(clock.monotonicMs() / 1000));
  count(coverage, 'timers', clock.firedCount());
  return {
    seed,
    failure: run.failure,
    ends,
    parameters,
    lines: run.lines,
    virtualMs: clock.monotonicMs(),
  };
}

/** The world in a few lines, for whoever asks why nothing happens any more. */
const describe = ({ world, disk }: Site): string =>
  [
    `cluster ${world.clusterID}, leader ${world.leader}, record ${JSON.stringify(disk.record?.clusterID)}`,
    ...world.members.map(
      (member) =>
        `${member.isLearner ? 'learner' : 'voter'} ${member.id} "${member.name}" ${member.peerURLs.join()}`,
    ),
    ...world.hosts.map(
      ({ host, process, data, ...more }) =>
        `${host}: ${process.kind}, ${data.kind === 'present' ? data.memberID : data.kind} ${JSON.stringify({ ...more, oldList: undefined })}`,
    ),
    `wish ${JSON.stringify(disk.wish?.spec.members)} ${disk.wish?.state} retire ${disk.wish?.retire.join()}`,
  ].join('\n                        ');
