import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Who led since when, in the members' own words. */
export interface Reign {
  readonly at: number;
  readonly term: number;
  readonly leader: string;
}

const ELECTED =
  /"ts":"([^"]+)".*raft\.node: ([0-9a-f]+) (?:elected leader ([0-9a-f]+)|changed leader from [0-9a-f]+ to ([0-9a-f]+)) at term (\d+)/;

/**
 * The leaders of a cluster as its members logged them: an account that neither the planner nor the journal wrote.
 * Ids as 64-bit hex without leading zeros, as etcd prints them.
 */
export async function reignsOf(membersDirectory: string): Promise<readonly Reign[]> {
  const reigns: Reign[] = [];
  for (const host of await readdir(membersDirectory).catch(() => [])) {
    for (const file of ['etcd.1.log', 'etcd.log']) {
      const text = await readFile(join(membersDirectory, host, file), 'utf8').catch(() => '');
      for (const line of text.split('\n')) {
        const match = ELECTED.exec(line);
        if (match === null) continue;
        const [, ts = '', , elected, changed, term = ''] = match;
        // etcd writes +0000, which Date.parse wants as +00:00.
        const at = Date.parse(ts.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
        reigns.push({ at, term: Number(term), leader: elected ?? changed ?? '' });
      }
    }
  }
  return reigns.sort((a, b) => a.at - b.at);
}

/** The leader at that moment: of the highest term that anybody had announced by then. */
export function leaderAt(reigns: readonly Reign[], at: number): string | undefined {
  let best: Reign | undefined;
  for (const reign of reigns) {
    if (reign.at <= at && (best === undefined || reign.term >= best.term)) best = reign;
  }
  return best?.leader;
}
