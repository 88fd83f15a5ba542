import { Writer } from '../test/lab/writer.js';
import { type Report, type Row, machine, median, quantile, shown, within } from './harness.js';
import { DiskProbe } from './disk-probe.js';
import { type Home, newHome } from './quorate.js';

const GAP_MAX_MS = 100;
/**
 * No member answers a write before its disk has: where the disk itself stood still for so long, the gap is the disk's.
 * Such a sample is told and set aside, and another one is taken.
 */
const STALL_MAX_MS = 50;
/** Runs beyond those asked for, to make up for what was set aside. */
const MORE_RUNS_MAX = 5;

interface Change {
  readonly name: string;
  /** Who leaves by it: the writer is told before, as consumers are. */
  readonly leaving?: (home: Home) => Promise<string>;
  /** Carried out under a writer; returns when the cluster has converged. */
  readonly carryOut: (home: Home, leaving: string) => Promise<unknown>;
}

const remove = (home: Home, name: string): Promise<unknown> =>
  home.quorate('member', 'remove', name);

const CHANGES: readonly Change[] = [
  { name: 'grow 3 → 4', carryOut: (home) => home.quorate('member', 'add', 'm4') },
  { name: 'grow 4 → 5', carryOut: (home) => home.quorate('member', 'add', 'm5') },
  { name: 'move the leader', carryOut: (home) => home.quorate('member', 'move-leader') },
  {
    name: 'rename a member',
    carryOut: (home) => home.quorate('member', 'update', 'm4', '--name', 'blue'),
  },
  {
    name: 'rename the leader',
    carryOut: async (home) =>
      home.quorate('member', 'update', await leaderName(home), '--name', 'red'),
  },
  {
    name: 'replace a member',
    leaving: async () => 'blue',
    carryOut: (home) => home.quorate('member', 'replace', 'blue', '--with', 'm6'),
  },
  {
    name: 'remove the leader',
    leaving: async (home) => leaderName(home),
    carryOut: remove,
  },
  {
    name: 'shrink 4 → 3',
    leaving: async (home) => followerName(home),
    carryOut: remove,
  },
];

/** The longest time without an acknowledged write in each planned change, and the writes that failed. */
export async function benchPlannedChange(options: {
  readonly runs: number;
  readonly progress: (line: string) => void;
}): Promise<Report> {
  const gaps = new Map<string, number[]>(CHANGES.map(({ name }) => [name, []]));
  let failed = 0;
  let acknowledged = 0;
  let setAside = 0;
  let longestMs = 0;
  const isShort = () => [...gaps.values()].some(({ length }) => length < options.runs);
  for (let i = 0; i < options.runs + MORE_RUNS_MAX && isShort(); i++) {
    const home = await newHome();
    try {
      await home.quorate('up', '--size', '3');
      await home.quorate('apply', '--yes=default').catch(() => undefined);
      for (const { name, leaving, carryOut } of CHANGES) {
        const writer = new Writer(await home.clientURLs());
        const disk = new DiskProbe(home.dir);
        await disk.begin();
        await writer.begin();
        const gone = (await leaving?.(home)) ?? '';
        const urls = (await members(home)).find((member) => member.name === gone)?.clientURLs;
        if (urls !== undefined) writer.avoid(urls);
        await carryOut(home, gone);
        await writer.flows();
        await writer.stop();
        const stallMs = await disk.end();
        const tally = writer.tally();
        const isTheDisks = stallMs > STALL_MAX_MS;
        longestMs = Math.max(longestMs, tally.longestGapMs);
        if (isTheDisks) setAside++;
        else gaps.get(name)?.push(tally.longestGapMs);
        failed += tally.refused + tally.unknown;
        acknowledged += tally.acknowledged;
        options.progress(
          `${i + 1}/${options.runs}  ${name}: longest gap ${tally.longestGapMs} ms${isTheDisks ? ' (set aside)' : ''}, the disk's longest sync ${stallMs} ms, ${tally.acknowledged} writes, failed ${tally.refused + tally.unknown} ${tally.reasons.join('; ')}`,
        );
      }
    } finally {
      await home.dispose();
    }
  }
  const rows: Row[] = CHANGES.flatMap(({ name }) => {
    const samples = gaps.get(name) ?? [];
    return [
      within(`${name}: longest gap, median`, median(samples), GAP_MAX_MS),
      within(`${name}: longest gap, p95`, quantile(samples, 0.95), GAP_MAX_MS),
    ];
  });
  rows.push(
    shown(
      `samples set aside: the disk itself stood still for > ${STALL_MAX_MS} ms`,
      setAside,
      'count',
    ),
    shown('longest gap of all, with those set aside', longestMs),
  );
  rows.push(within(`failed writes of ${acknowledged + failed}`, failed, 0, 'count'));
  return { name: `planned changes, ${options.runs} runs each`, machine: machine(), rows };
}

interface Seen {
  readonly name: string;
  readonly leader: boolean;
  readonly clientURLs: readonly string[];
}

async function members(home: Home): Promise<readonly Seen[]> {
  const status = JSON.parse(await home.quorate('status', '-o', 'json')) as {
    readonly members: readonly Seen[];
  };
  return status.members;
}

const leaderName = async (home: Home): Promise<string> =>
  (await members(home)).find(({ leader }) => leader)?.name ?? '';
const followerName = async (home: Home): Promise<string> =>
  (await members(home)).find(({ leader }) => !leader)?.name ?? '';
