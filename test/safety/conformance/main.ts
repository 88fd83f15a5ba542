/**
 * The model is etcd: the same faults and requests on real etcd of every supported minor and in core/model, and every
 * answer compared. Where etcd allows less, the difference is listed with the fact that explains it; where it allows
 * more, the run fails.
 *
 *   npm run conformance -- [--version 3.6]… [--story WORD] [--short] [--all] [-o text|json]
 */
import { parseArgs } from 'node:util';
import { SUPPORTED_MINORS } from '../../../src/core/cluster/index.js';
import { conclude, progress } from '../command.js';
import { realEtcd } from '../real/etcd.js';
import { openScratch } from '../real/scratch.js';
import { verdictOf } from './report.js';
import { playStory, withinCapacity } from './run.js';
import { STORIES } from './stories/index.js';

/** Processes at a time. */
const CAPACITY = 7;

const { values } = parseArgs({
  options: {
    version: { type: 'string', multiple: true },
    story: { type: 'string' },
    short: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
  },
});

await main();

async function main(): Promise<void> {
  const startedAt = performance.now();
  const scratch = await openScratch();
  try {
    const etcds = await Promise.all((values.version ?? SUPPORTED_MINORS).map(realEtcd));
    const stories = STORIES.filter(
      ({ name, quick }) => (quick || !values.short) && name.includes(values.story ?? ''),
    );
    const jobs = etcds.flatMap((etcd) =>
      stories.map((story) => ({ etcd, story, processes: story.processes })),
    );
    const results = await withinCapacity(jobs, CAPACITY, async ({ etcd, story }) => {
      const result = await playStory(scratch.base, etcd, story);
      const { length } = result.results;
      const end = result.brokenOff === undefined ? '' : `, broken off: ${result.brokenOff}`;
      progress(`etcd ${etcd.version}, ${story.name}: ${length} cases${end}`);
      return result;
    });
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    conclude(verdictOf(results, { all: values.all, seconds }), values.output);
  } finally {
    await scratch.close();
  }
}
