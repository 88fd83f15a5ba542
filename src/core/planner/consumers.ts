import { type Instant, instantOf } from '../../base/index.js';
import {
  type Consumer,
  type ConsumerID,
  type ConsumerSight,
  type Standing,
  consumerID,
  plainEndpoint,
  sameEndpoints,
} from '../cluster/index.js';
import type { View } from './view.js';

/** Each try is a restart of somebody's API server: the next one with the same list is not due at once. */
const RETRY_MS = [0, 60_000, 300_000, 900_000] as const;

/** A consumer of the spec with what was seen of it. */
export interface ToldConsumer {
  readonly id: ConsumerID;
  readonly consumer: Consumer;
  readonly sight: ConsumerSight;
}

export const consumersOf = ({ target, observation }: View): readonly ToldConsumer[] =>
  (target.consumers ?? []).map((consumer) => {
    const id = consumerID(consumer);
    const sight = observation.consumers?.find((seen) => seen.id === id);
    return {
      id,
      consumer,
      sight: sight ?? { kind: 'unseen', id, because: 'it was not looked at' },
    };
  });

/**
 * What a consumer is to name: every voter that has started and stays, in the order of the spec. One that leaves is forgotten
 * in the same restart in which newcomers are learned; one that may not leave yet stays. Undefined: nobody stays.
 */
export function endpointsToTell(view: View): readonly string[] | undefined {
  const { standing, target, guards } = view;
  const place = (voter: Standing): number => {
    const at = target.members.findIndex((member) => member === voter.wanted);
    return at < 0 ? target.members.length : at;
  };
  const staying = standing.voters.filter(
    (voter) =>
      !voter.dataLost &&
      voter.member.name !== '' &&
      (voter.wanted !== undefined ||
        !guards.removalKeepsMargin(standing, voter, target.members.length)),
  );
  const urls = [...staying]
    .sort((a, b) => place(a) - place(b))
    .flatMap(({ member }) => member.clientURLs);
  return urls.length === 0 ? undefined : urls;
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
  const pauseMs = RETRY_MS[Math.min(lastTry.inARow, RETRY_MS.length - 1)] ?? 0;
  return instantOf(lastTry.at + pauseMs);
}
