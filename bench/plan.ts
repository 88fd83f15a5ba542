import { observe } from '../src/core/model/index.js';
import { type PlanInput, plan } from '../src/core/planner/index.js';
import { playToEnd } from '../src/core/planner/testing/language/index.js';
import { type Report, machine, median, quantile, within } from './harness.js';

/** A five-member cluster is decided in less than this, so that exploring millions of worlds is a matter of seconds. */
const MEDIAN_MAX_US = 50;
const WARM_UP_CALLS = 3000;

/** Worlds of five members, one for every kind of answer, as commands of the scenarios' language. */
const WORLDS: readonly (readonly [name: string, ...commands: readonly string[]])[] = [
  ['nothing to do', 'cluster prod voters=(a b c d e)'],
  ['the next member is added', 'cluster prod voters=(a b c d) target=(a b c d e)'],
  ['a killed member is started', 'cluster prod voters=(a b c d e)', 'crash e'],
  ['a lost voter is removed', 'cluster prod voters=(a b c d e)', 'lose-data e'],
  ['quorum is lost', 'cluster prod voters=(a b c d e)', 'lose-data c d e'],
  ['new flags roll out', 'cluster prod voters=(a b c d e)', 'spec flags=(snapshot-count:5000)'],
  ['a birth begins', 'cluster prod unborn target=(a b c d e)'],
];

/** How long one call of `plan` takes, each on its own. */
export function benchPlan(options: { readonly calls: number }): Report {
  const rows = WORLDS.flatMap(([name, ...commands]) => {
    const samples = timesOf(inputOf(commands), options.calls);
    return [
      within(`${name}: median`, median(samples), MEDIAN_MAX_US, 'µs'),
      within(`${name}: p95`, quantile(samples, 0.95), 20 * MEDIAN_MAX_US, 'µs'),
    ];
  });
  const title = `plan for five members, ${options.calls} calls each`;
  return { name: title, machine: machine(), rows };
}

function inputOf(commands: readonly string[]): PlanInput {
  const text = [...commands, '----', ''].join('\n');
  const { world } = playToEnd(text, { planner: plan, check: () => [] }).scene;
  return {
    target: world.target,
    record: world.record,
    observation: observe(world),
    now: world.now,
  };
}

/** Microseconds of each call. */
function timesOf(input: PlanInput, calls: number): readonly number[] {
  for (let i = 0; i < WARM_UP_CALLS; i++) plan(input);
  return Array.from({ length: calls }, () => {
    const startedMs = performance.now();
    plan(input);
    return (performance.now() - startedMs) * 1000;
  });
}
