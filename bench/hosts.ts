import { hostsLab, isInsideNetwork, whyNoHosts } from '../test/lab/hosts/index.js';
import { runInNetwork } from '../test/lab/hosts/network-of-run.js';
import { cachedEtcd } from './cached-etcd.js';
import { type Report, beside, machine, median, shown, within } from './harness.js';
import { bearByApply } from './hosts-apply.js';
import { type Members, bearByScript, forgetEverything } from './hosts-by-script.js';
import { benchStanding } from './hosts-standing.js';

export interface HostsBenchOptions {
  readonly runs: number;
  readonly progress: (line: string) => void;
}

type Birth = Awaited<ReturnType<typeof bearByApply>>;

const HOSTS = 3;
/** DESIGN: a converged turn costs no more than one round trip to each host. */
const ROUND_TRIPS_MAX = 1;

/**
 * Three hosts with nothing on them become a cluster: ours by one `quorate apply`, theirs by a shell script over the same
 * ssh that copies the binary, writes the unit and starts it on all at once. Both run in pairs, so that whatever else the
 * machine does falls on both; each figure is a median. Then the last one is looked at and kept.
 */
export async function benchHosts({ runs, progress }: HostsBenchOptions): Promise<Report> {
  const etcd = await cachedEtcd();
  const lab = await hostsLab({ hosts: HOSTS });
  try {
    const members: Members = lab.hosts.map((host, i) => ({ name: `etcd${i}`, host }));
    const plain: Birth[] = [];
    const tls: Birth[] = [];
    const theirs: number[] = [];
    for (let run = 1; run <= runs; run++) {
      plain.push(await bearByApply(lab, members, 'plain'));
      await forgetEverything(members);
      theirs.push(await bearByScript(lab, members, etcd));
      await forgetEverything(members);
      tls.push(await bearByApply(lab, members, 'tls'));
      await forgetEverything(members);
      progress(
        `${run}/${runs}: plain ${told(plain.at(-1)?.firstWriteMs)}, with TLS ${told(tls.at(-1)?.firstWriteMs)}, by hand ${told(theirs.at(-1))}`,
      );
    }
    const writes = (births: readonly Birth[]) => births.map(({ firstWriteMs }) => firstWriteMs);
    const ends = (births: readonly Birth[]) => births.map(({ appliedMs }) => appliedMs);
    const standing = await benchStanding(lab, members, runs);
    return {
      name: `hosts: ${HOSTS} of the lab, ${runs} runs each`,
      machine: machine(),
      rows: [
        beside('apply to first write, plain', median(writes(plain)), median(theirs), 'ms'),
        beside(
          'apply to first write, TLS; theirs plain',
          median(writes(tls)),
          median(theirs),
          'ms',
        ),
        shown('apply to its end, plain', median(ends(plain))),
        shown('apply to its end, TLS', median(ends(tls))),
        shown('status, whole command', median(standing.statusMs)),
        shown('plan -f, whole command', median(standing.planMs)),
        within(
          `SSH sessions per host and converged turn (${standing.turns} turns)`,
          standing.roundTripsPerTurn,
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
