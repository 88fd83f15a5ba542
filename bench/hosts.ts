import { hostsLab, isInsideNetwork, whyNoHosts } from '../test/lab/hosts/index.js';
import { runInNetwork } from '../test/lab/hosts/network-of-run.js';
import { cachedEtcd } from './cached-etcd.js';
import { type Report, beside, machine, median, quantile, shown, within } from './harness.js';
import { bearByApply } from './hosts-apply.js';
import { type Members, bearByScript, forgetEverything } from './hosts-by-script.js';
import { roundTripsPerTurn } from './hosts-round-trips.js';

export interface HostsBenchOptions {
  readonly runs: number;
  readonly progress: (line: string) => void;
}

const HOSTS = 3;
/** DESIGN: a converged turn costs no more than one round trip to each host. */
const ROUND_TRIPS_MAX = 1;

/**
 * Three hosts with nothing on them become a cluster: ours by one `quorate apply`, theirs by a shell script over the same
 * ssh that copies the binary, writes the unit and starts it on all at once. Both run in pairs, so that whatever else the
 * machine does falls on both.
 */
export async function benchHosts({ runs, progress }: HostsBenchOptions): Promise<Report> {
  const etcd = await cachedEtcd();
  const lab = await hostsLab({ hosts: HOSTS });
  try {
    const members: Members = lab.hosts.map((host, i) => ({ name: `etcd${i}`, host }));
    const ours: { firstWriteMs: number; appliedMs: number }[] = [];
    const theirs: number[] = [];
    for (let run = 1; run <= runs; run++) {
      ours.push(await bearByApply(lab, members));
      await forgetEverything(members);
      theirs.push(await bearByScript(lab, members, etcd));
      await forgetEverything(members);
      progress(
        `${run}/${runs}: ours ${told(ours.at(-1)?.firstWriteMs)}, by hand ${told(theirs.at(-1))}`,
      );
    }
    const first = ours.map(({ firstWriteMs }) => firstWriteMs);
    const turns = await roundTripsPerTurn(lab, members);
    return {
      name: 'hosts',
      machine: machine(),
      rows: [
        beside('apply to first write, median', median(first), median(theirs), 'ms'),
        beside('apply to first write, p95', quantile(first, 0.95), quantile(theirs, 0.95), 'ms'),
        shown('apply to its end, median', median(ours.map(({ appliedMs }) => appliedMs))),
        within(
          `SSH round trips per host and converged turn (${turns.turns} turns)`,
          turns.perTurnAndHost,
          ROUND_TRIPS_MAX,
          'count',
        ),
      ],
    };
  } finally {
    await lab.dispose();
  }
}

const told = (ms: number | undefined): string => `${Math.round(ms ?? Number.NaN)} ms`;

/**
 * The hosts' addresses are somebody else's outside of their own network: the same command is run again inside one.
 * Answers the exit code of that run; undefined when this is it.
 */
export async function elsewhere(program: readonly string[]): Promise<number | undefined> {
  if (await isInsideNetwork()) return undefined;
  const reason = await whyNoHosts();
  if (reason !== undefined) {
    process.stderr.write(`the bench of hosts is skipped: ${reason}\n`);
    return 0;
  }
  return await runInNetwork(program);
}
