import { progress } from '../command.js';
import type { RealEtcd } from '../real/etcd.js';
import { type CaseResult, Pair, Parted } from './pair.js';
import { RealCluster } from './real-cluster.js';
import type { Story } from './story.js';

export interface StoryResult {
  readonly story: string;
  readonly version: string;
  readonly results: readonly CaseResult[];
  /** The story could not be told to its end: why. */
  readonly brokenOff: string | undefined;
}

let clusters = 0;

/** Plays a story on a fresh cluster of that etcd. */
export async function playStory(base: string, etcd: RealEtcd, story: Story): Promise<StoryResult> {
  const real = new RealCluster(base, `pair-${process.pid}-${++clusters}`, etcd, story.etcd);
  let pair: Pair | undefined;
  let brokenOff: string | undefined;
  try {
    pair = await Pair.born(real, story.voters);
    await story.play(pair);
  } catch (error) {
    const isExplained = error instanceof Parted && error.isExplained;
    brokenOff = isExplained ? undefined : error instanceof Error ? error.message : String(error);
    if (!(error instanceof Parted)) progress(`${etcd.version} ${story.name}: ${String(error)}`);
  } finally {
    await real.close();
  }
  return { story: story.name, version: etcd.version, results: pair?.results ?? [], brokenOff };
}

/** Runs jobs side by side as long as their processes together are no more than `capacity`; the big ones first. */
export async function withinCapacity<J extends { readonly processes: number }, R>(
  jobs: readonly J[],
  capacity: number,
  run: (job: J) => Promise<R>,
): Promise<readonly R[]> {
  const waiting = [...jobs].sort((a, b) => b.processes - a.processes);
  const results: R[] = [];
  const running = new Set<Promise<void>>();
  let used = 0;
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex(({ processes }) => used === 0 || used + processes <= capacity);
    const [job] = next < 0 ? [] : waiting.splice(next, 1);
    if (job === undefined) {
      await Promise.race(running);
      continue;
    }
    used += job.processes;
    const done: Promise<void> = run(job)
      .then((result) => void results.push(result))
      .finally(() => {
        used -= job.processes;
        running.delete(done);
      });
    running.add(done);
  }
  return results;
}
