import type { Target } from '../../../cluster/index.js';
import { clusterIDAtBirth, memberIDAtBirth } from '../../../cluster/index.js';
import type { World } from '../../../model/index.js';

/** The id that everything foreign carries in a scenario: another cluster's, or a member's of it. */
export const OTHER_CLUSTER = 'feed';
export const OTHER_MEMBER = 'beef';

/** Remembers for every id that turned up what a reader knows it by: `<b>`, and `<b, its 2nd id>` after a re-addition. */
export function withLabels(
  labels: ReadonlyMap<string, string>,
  world: World,
): ReadonlyMap<string, string> {
  const next = new Map(labels);
  const label = (id: string, called: string) => {
    if (next.has(id)) return;
    const isTaken = (text: string) => [...next.values()].includes(text);
    let text = `<${called}>`;
    for (let nth = 2; isTaken(text); nth++) text = `<${called}, id ${nth}>`;
    next.set(id, text);
    // etcd's own alarms name members in decimal.
    next.set(`memberID:${BigInt(`0x${id}`)}`, `memberID:${text}`);
  };
  for (const { id, peerURLs, name } of world.members) label(id, hostIn(peerURLs) ?? name);
  if (world.clusterID !== undefined) label(world.clusterID, world.target.name);
  if (world.record.clusterID === undefined) label(birthIDOf(world.target), world.target.name);
  return next;
}

/** The id that the target's members would be born with. */
const birthIDOf = ({ members, token }: Target): string =>
  clusterIDAtBirth(members.map(({ peerURLs }) => memberIDAtBirth(peerURLs, token)));

const hostIn = ([url]: readonly string[]): string | undefined =>
  url === undefined ? undefined : /^https?:\/\/([^:]+):/.exec(url)?.[1];

/** The text with every id replaced by its label. */
export function readable(labels: ReadonlyMap<string, string>, text: string): string {
  let out = text;
  for (const [id, label] of labels) out = out.replaceAll(id, label);
  return out;
}
