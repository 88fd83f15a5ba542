import { type Instant, instantOf } from '../../base/index.js';
import {
  type Consumer,
  type ConsumerID,
  type ConsumerSight,
  type Standing,
  plainEndpoint,
  sameEndpoints,
  usableEndpoints,
} from '../cluster/index.js';

/** Each try is a restart of somebody's API server: the next one with the same list is not due at once. */
const RETRY_MS = [0, 60_000, 300_000, 900_000] as const;
/** One that costs nothing is due soon, and still lets everything else go on in between. */
const UNTOUCHED_RETRY_MS = 5_000;

/** A consumer of the spec with what was seen of it. */
export interface ToldConsumer {
  readonly id: ConsumerID;
  readonly consumer: Consumer;
  readonly sight: ConsumerSight;
}

type Seen = Extract<ConsumerSight, { kind: 'seen' }>;

/** Its file and its process have this list, and nothing is under way. */
export const isTold = (
  { names, runsWith, isHalfTold }: Seen,
  endpoints: readonly string[],
): boolean =>
  isHalfTold !== true &&
  sameEndpoints(names, endpoints) &&
  (runsWith === undefined || sameEndpoints(runsWith, endpoints));

/** Its file or its process has one of these endpoints. */
export const namesAny = ({ names, runsWith = [] }: Seen, endpoints: readonly string[]): boolean =>
  overlap([...names, ...runsWith], endpoints).length > 0;

export function overlap(a: readonly string[], b: readonly string[]): readonly string[] {
  const plain = new Set(b.map(plainEndpoint));
  return a.filter((url) => plain.has(plainEndpoint(url)));
}

/** A fixed list of the spec, or what is on its host instead, has one of these endpoints. */
export const isPointedAt = (
  { consumer, sight }: Pick<ToldConsumer, 'consumer' | 'sight'>,
  urls: readonly string[],
): boolean =>
  (consumer.endpoints !== 'members' && overlap(consumer.endpoints, urls).length > 0) ||
  (sight.kind === 'seen' && namesAny(sight, urls));

/** Those of the members that each of its lists can still be served by: its file's, and its process's where that is another. */
export const serversOf = (
  { names, runsWith }: Pick<Seen, 'names' | 'runsWith'>,
  members: readonly Standing[],
): readonly (readonly Standing[])[] =>
  [names, ...(runsWith === undefined ? [] : [runsWith])].map((list) => {
    const usable = usableEndpoints(list);
    return members.filter(({ member }) => overlap(usable, member.clientURLs).length > 0);
  });

/** Its next restart gives it other client URLs. One that a person runs is not restarted by us. */
export const isMoving = ({ wanted, member }: Standing): boolean =>
  wanted !== undefined && !wanted.byHand && !sameEndpoints(wanted.clientURLs, member.clientURLs);

/** It is well, and where that can be seen, through one of these members. */
export function follows({ link }: Seen, members: readonly Standing[]): boolean {
  switch (link.kind) {
    case 'unknown':
      return true;
    case 'broken':
      return false;
    case 'connected':
      return overlap(link.to, urlsOf(members)).length > 0;
  }
}

export const urlsOf = (members: readonly Standing[]): readonly string[] =>
  members.flatMap(({ member }) => member.clientURLs);

/** Why it does not follow, in words. */
export const whyNotFollowing = ({ link }: Seen): string =>
  link.kind === 'broken' ? link.because : 'it is connected to no member of this cluster';

/** When it may be told this list once more, after it did not come back with it. */
export function retryTellingAt({ lastTry }: Seen, endpoints: readonly string[]): Instant {
  if (lastTry === undefined || !sameEndpoints(lastTry.endpoints, endpoints)) return instantOf(0);
  const longMs = RETRY_MS[Math.min(lastTry.inARow, RETRY_MS.length - 1)] ?? 0;
  return instantOf(lastTry.at + (lastTry.isUntouched === true ? UNTOUCHED_RETRY_MS : longMs));
}
