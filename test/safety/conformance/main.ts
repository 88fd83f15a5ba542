/**
 * The model is etcd: the same faults and requests on real etcd of every supported minor and in core/model, and every
 * answer compared. Where etcd allows less, the difference is listed with the fact that explains it; where it allows
 * more, the run fails. And the planner, on what is seen of real members, says what the golden scenarios say.
 *
 *   npm run conformance -- [--version 3.6]… [--only stories|goldens] [--match WORD] [--short] [--all]
 *     [--processes 7] [-o text|json]
 */
import { parseArgs } from 'node:util';
import { SUPPORTED_MINORS, minorOf } from '../../../src/core/cluster/index.js';
import { conclude, progress } from '../command.js';
import { type RealEtcd, realEtcd } from '../real/etcd.js';
import { openScratch } from '../real/scratch.js';
import { type Golden, type Played, goldens, playGolden, whyNotOn } from './golden/play.js';
import { verdictOf } from './report.js';
import { type StoryResult, playStory, withinCapacity } from './run.js';
import { STORIES } from './stories/index.js';
import type { Story } from './story.js';

/** Processes of etcd at a time, unless a single cluster has more. */
const PROCESSES = '10';

const { values } = parseArgs({
  options: {
    version: { type: 'string', multiple: true },
    only: { type: 'string' },
    match: { type: 'string', default: '' },
    short: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    processes: { type: 'string', default: PROCESSES },
    output: { type: 'string', short: 'o', default: 'text' },
  },
});

await main();

async function main(): Promise<void> {
  const startedAt = performance.now();
  const scratch = await openScratch();
  try {
    const etcds = await Promise.all((values.version ?? SUPPORTED_MINORS).map(realEtcd));
    const isWanted = ({ name, quick }: { readonly name: string; readonly quick: boolean }) =>
      (quick || !values.short) && name.includes(values.match);
    const stories = values.only === 'goldens' ? [] : STORIES.filter(isWanted);
    const files = values.only === 'stories' ? [] : goldens();
    const chosen = files.filter((golden) => golden.whyNot === undefined && isWanted(golden));

    const results: StoryResult[] = [];
    const played: Played[] = [];
    const jobs = etcds.flatMap((etcd): readonly Job[] => [
      ...stories.map((story) => ({ etcd, processes: story.processes, story })),
      ...chosen
        .filter(({ name }) => whyNotOn(name, minorOf(etcd.version)) === undefined)
        .map((golden) => ({ etcd, processes: golden.processes, golden })),
    ]);
    await withinCapacity(jobs, Number(values.processes), async ({ etcd, story, golden }) => {
      if (story !== undefined) results.push(await tellStory(scratch.base, etcd, story));
      if (golden !== undefined) played.push(await tellGolden(scratch.base, etcd, golden));
    });
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    const notPlayed = [
      ...files.filter(({ whyNot }) => whyNot !== undefined),
      ...etcds.flatMap(({ version }) =>
        chosen.flatMap((golden): readonly Golden[] => {
          const whyNot = whyNotOn(golden.name, minorOf(version));
          return whyNot === undefined ? [] : [{ ...golden, whyNot: `${version}: ${whyNot}` }];
        }),
      ),
    ];
    const options = { all: values.all, seconds };
    conclude(verdictOf(results, { played, notPlayed }, options), values.output);
  } finally {
    await scratch.close();
  }
}

interface Job {
  readonly etcd: RealEtcd;
  readonly processes: number;
  readonly story?: Story;
  readonly golden?: Golden;
}

async function tellStory(base: string, etcd: RealEtcd, story: Story): Promise<StoryResult> {
  const result = await playStory(base, etcd, story);
  const end = result.brokenOff === undefined ? '' : `, broken off: ${result.brokenOff}`;
  progress(`etcd ${etcd.version}, ${story.name}: ${result.results.length} cases${end}`);
  return result;
}

async function tellGolden(base: string, etcd: RealEtcd, golden: Golden): Promise<Played> {
  const first = await playGolden(base, etcd, golden);
  const say = ({ difference, same }: Played, time: string) =>
    progress(`etcd ${etcd.version}, ${golden.name}${time}: ${difference ?? `${same} the same`}`);
  say(first, '');
  if (first.difference === undefined) return first;
  const second = await playGolden(base, etcd, golden);
  say(second, ', once more');
  return second.difference === undefined ? { ...second, isAtSecondTry: true } : first;
}
