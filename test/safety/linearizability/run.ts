import { seededRandom } from '../../../src/base/index.js';
import { until } from '../../lab/wait.js';
import { progress } from '../command.js';
import { judge } from './check.js';
import { BALANCERS, History, PREFIX, Watcher, Worker } from './clients.js';
import { compareWithLog, compareWithWrites } from './event-log.js';
import { inflict, type Fault } from './faults.js';
import { Members } from '../real/members.js';
import { REGISTER, withoutUnseen } from './register.js';

const VOTERS = 3;
const QUIET_MS = 1_000;

export interface RunResult {
  readonly seed: number;
  readonly operations: number;
  readonly unknown: number;
  readonly noEffect: number;
  readonly changes: number;
  readonly faults: readonly string[];
  /** Keys whose history no single object could have given, and what fits nowhere. */
  readonly anomalies: readonly string[];
  readonly undecided: readonly string[];
  readonly lost: readonly string[];
  readonly fromNowhere: readonly string[];
  readonly twice: readonly string[];
  /** What a watch saw otherwise than it was. */
  readonly watchFaults: readonly string[];
}

/** One history: clients and watchers on a new cluster, the faults one after the other, then the judges. */
export async function runHistory(options: {
  readonly etcd: string;
  readonly directory: string;
  readonly isIsolated: boolean;
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly isStale: boolean;
}): Promise<RunResult> {
  const { seed, faults, isStale } = options;
  const members = new Members(options);
  const history = new History();
  const random = seededRandom(seed);
  const faultsDone: string[] = [];
  try {
    await members.bear(VOTERS);
    const { endpoints } = members;
    const workers = BALANCERS.map(
      (_, index) => new Worker(index, { endpoints, seed, history, isStale }),
    );
    const watchers = BALANCERS.slice(-3).map((balancer) => new Watcher(balancer, endpoints));
    for (const worker of workers) worker.start();
    const onMembers = (urls: readonly string[]) => {
      for (const each of [...workers, ...watchers]) each.setEndpoints(urls);
    };
    for (const fault of faults) {
      await quiet();
      const before = { ...history.counts };
      await inflict(fault, members, random, onMembers);
      faultsDone.push(fault);
      const { answered, unknown, noEffect } = history.counts;
      progress(
        `${fault}: ${answered - before.answered} answered, ${unknown - before.unknown} unknown, ${noEffect - before.noEffect} without effect`,
      );
    }
    await quiet();
    await Promise.all(workers.map((worker) => worker.stop()));
    const barrier = await barrierAt(members);
    for (const watcher of watchers) {
      await until(`the watch of ${watcher.name} has seen all`, async () => {
        const last = watcher.seen.at(-1)?.revision ?? 0n;
        return watcher.end !== undefined || last >= barrier ? { done: true } : { seen: `${last}` };
      });
    }
    const replay = new Watcher('healthy', members.endpoints);
    await until('the log was read again', async () =>
      (replay.seen.at(-1)?.revision ?? 0n) >= barrier ? { done: true } : { seen: 'not yet' },
    );
    const log = replay.seen;
    const watchFaults = watchers.flatMap(({ name, seen, end }) => {
      const difference = end ?? compareWithLog(seen, log);
      return difference === undefined ? [] : [`${name}: ${difference}`];
    });
    await Promise.all([...watchers, replay].map((watcher) => watcher.close()));
    const writes = [
      ...history.writes,
      { key: BARRIER, value: 'end', end: { kind: 'unknown' } } as const,
    ];
    return {
      seed,
      operations: history.counts.answered + history.counts.unknown,
      unknown: history.counts.unknown,
      noEffect: history.counts.noEffect,
      changes: log.length,
      faults: faultsDone,
      ...judgeAll(history),
      ...compareWithWrites(log, writes),
      watchFaults,
    };
  } finally {
    await members.end();
  }
}

function judgeAll(history: History): Pick<RunResult, 'anomalies' | 'undecided'> {
  const anomalies: string[] = [];
  const undecided: string[] = [];
  for (const [key, operations] of history.byKey) {
    const verdict = judge(REGISTER, withoutUnseen(operations));
    if (verdict.kind === 'undecided') undecided.push(`${key} after ${verdict.steps} steps`);
    if (verdict.kind !== 'anomaly') continue;
    const last = verdict.order.slice(-5).map((each) => JSON.stringify(each));
    const stuck = JSON.stringify(verdict.stuckAt);
    anomalies.push(`${key}: ${stuck} fits nowhere after … ${last.join(' ')}`);
  }
  return { anomalies, undecided };
}

const BARRIER = `${PREFIX}end`;

/** The revision of a last change, after which nothing is written. */
async function barrierAt({ operator }: Members): Promise<bigint> {
  return await until('a last write', async () => {
    const put = await operator.kv.put(BARRIER, 'end');
    return put.ok ? { done: put.value.header.revision } : { seen: put.error.message };
  });
}

const quiet = () => new Promise((resolve) => setTimeout(resolve, QUIET_MS));
