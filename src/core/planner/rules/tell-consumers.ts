import type { Problem } from '../../../base/index.js';
import {
  type Standing,
  type Target,
  consumerID,
  isHTTPS,
  labelOf,
  sameEndpoints,
} from '../../cluster/index.js';
import {
  type ToldConsumer,
  follows,
  isMoving,
  isTold,
  namesAny,
  retryTellingAt,
  serversOf,
  urlsOf,
  whyNotFollowing,
} from '../consumers.js';
import { elapsedMs } from '../elapsed.js';
import { STARTING_MAX_MS } from '../guards.js';
import { blockedBy, stepOf, waitFor } from '../make.js';
import type { Plan, Reason } from '../plan-types.js';
import {
  consumerNeedsMoving,
  consumerNotFollowing,
  consumerPinned,
  consumerPinnedElsewhere,
  consumerPinnedToMoving,
  consumerStillLists,
  consumerUnseen,
} from '../problems.js';
import type { Rule, View } from '../view.js';

/**
 * A consumer that has lost every endpoint, or whose last one is about to move, is told at once: a kube-apiserver that can
 * reach none of them answers 504 and then takes ten minutes to end. Needs no healthy cluster, only a list through quorum.
 */
export const rescueConsumers: Rule = (view) => {
  const { standing, guards, observation } = view;
  const endpoints = endpointsToTell(view);
  if (endpoints === undefined || !guards.listIsLinearizable(observation)) return undefined;
  for (const told of consumersOf(view)) {
    const { consumer, sight } = told;
    if (consumer.endpoints !== 'members' || sight.kind !== 'seen') continue;
    if (isTold(sight, endpoints) || mustWait(view, told, endpoints)) continue;
    if (lackOf(view, told, endpoints) !== undefined) continue;
    const lists = serversOf(sight, standing.healthyVoters);
    const isCutOff = lists.every(({ length }) => length === 0) && !isConnected(told);
    const isLastOnItsWay = lists.some(
      ([last, second]) => second === undefined && last !== undefined && isMoving(last),
    );
    if (isCutOff && standing.healthyVoters.length > 0) {
      return tell(view, told, endpoints, 'consumer-cut-off');
    }
    if (isLastOnItsWay && standing.healthyVoters.length > 1) {
      return tell(view, told, endpoints, 'consumer-endpoints-move');
    }
  }
  return undefined;
};

/**
 * Once members have been added and before any is removed, each consumer in turn gets the list of those that stay: it learns
 * and forgets in one restart. The next one is told only when those before it follow; one that could not use what it would be
 * told is left out.
 */
export const tellConsumers: Rule = (view) => {
  const endpoints = endpointsToTell(view);
  if (endpoints === undefined) return undefined;
  const consumers = consumersOf(view).filter(
    (told) => told.consumer.endpoints === 'members' && lackOf(view, told, endpoints) === undefined,
  );
  const untold = consumers.filter(
    ({ sight }) => sight.kind === 'seen' && !isTold(sight, endpoints),
  );
  const [next] = untold;
  if (next?.sight.kind !== 'seen') return undefined;
  for (const other of consumers) {
    const trouble = untold.includes(other) ? undefined : notFollowing(view, other);
    if (trouble !== undefined) return trouble;
  }
  if (mustWait(view, next, endpoints) && next.sight.lastTry !== undefined) {
    return blockedBy(next.sight.lastTry.problem);
  }
  return tell(view, next, endpoints, whyTell(view, next));
};

/** When nothing else is left to do: a consumer that cannot be seen, is not well, or was pointed elsewhere is told. */
export const tellConsumerTrouble: Rule = (view) => {
  for (const told of consumersOf(view)) {
    const trouble =
      unseenTrouble(view, told) ??
      pinnedElsewhere(view, told) ??
      lackTrouble(view, told) ??
      notFollowing(view, told);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
};

/** Why a voter may not go yet as long as the consumers are as they are; undefined when none is in the way. */
export function consumerInTheWay(view: View, leaving: Standing): Plan | undefined {
  const { standing, guards, target, now } = view;
  const inTheWay = consumersOf(view).filter(
    (told) => !guards.consumerForgotIt(told, leaving, standing),
  );
  for (const told of inTheWay) {
    const { id, consumer, sight } = told;
    const member = labelOf(leaving.member);
    const data = { cluster: target.name, consumer: id, host: consumer.host, member };
    if (consumer.endpoints !== 'members') return blockedBy(consumerPinned(data));
    if (sight.kind !== 'seen') return unseenTrouble(view, told);
    if (retryTellingAt(sight, endpointsToTell(view) ?? []) > now && sight.lastTry !== undefined) {
      return blockedBy(sight.lastTry.problem);
    }
    const lack = lackTrouble(view, told);
    if (lack !== undefined) return lack;
    return namesAny(sight, leaving.member.clientURLs)
      ? blockedBy(consumerStillLists(data))
      : notFollowing(view, told);
  }
  return undefined;
}

/**
 * Why a voter may not get other client URLs yet; undefined when every consumer can go on without it. Who could not use https
 * says so before the first member has it: with the last one it would be too late.
 */
export function consumerLeftBehind(view: View, moving: Standing): Plan | undefined {
  if (!isMoving(moving)) return undefined;
  const { standing, guards, target, now } = view;
  for (const told of consumersOf(view)) {
    const { id, consumer, sight } = told;
    const lack = lackOf(view, told, moving.wanted?.clientURLs ?? []);
    if (lack !== undefined) return blockedBy(lack);
    if (guards.consumerKeepsAnEndpoint(told, moving, standing)) continue;
    const member = labelOf(moving.member);
    const data = { cluster: target.name, consumer: id, host: consumer.host, member };
    if (consumer.endpoints !== 'members') return blockedBy(consumerPinnedToMoving(data));
    if (sight.kind !== 'seen') return unseenTrouble(view, told);
    const isWaiting = retryTellingAt(sight, endpointsToTell(view) ?? []) > now;
    return blockedBy(
      isWaiting && sight.lastTry !== undefined ? sight.lastTry.problem : consumerNeedsMoving(data),
    );
  }
  return undefined;
}

/** What a consumer that follows would need to use these endpoints, and has not. */
function lackOf(
  { target }: View,
  { consumer, sight }: ToldConsumer,
  endpoints: readonly string[],
): Problem | undefined {
  if (consumer.endpoints !== 'members' || sight.kind !== 'seen') return undefined;
  if (!endpoints.some(isHTTPS)) return undefined;
  const areAsked = target.members.some(({ flags }) => flags['client-cert-auth'] === 'true');
  return sight.lacks?.ca ?? (areAsked ? sight.lacks?.certificate : undefined);
}

/** It cannot be told for want of something that only people can give it. */
function lackTrouble(view: View, told: ToldConsumer): Plan | undefined {
  const endpoints = endpointsToTell(view) ?? [];
  const { sight } = told;
  const lack = lackOf(view, told, endpoints);
  return sight.kind === 'seen' && lack !== undefined && !isTold(sight, endpoints)
    ? blockedBy(lack)
    : undefined;
}

const tell = (
  view: View,
  { id, consumer }: ToldConsumer,
  endpoints: readonly string[],
  because: Reason,
): Plan =>
  stepOf(view, { kind: 'update-consumer', consumer: id, host: consumer.host, endpoints }, because);

function whyTell(view: View, { sight }: ToldConsumer): Reason {
  if (sight.kind !== 'seen') return 'consumer-names-others';
  if (sight.isHalfTold === true) return 'consumer-half-told';
  const { voters } = view.standing;
  const leaving = voters.filter(({ wanted }) => wanted === undefined);
  if (namesAny(sight, urlsOf(leaving))) return 'consumer-forgets';
  return namesAny(sight, urlsOf(voters)) ? 'consumer-learns' : 'consumer-names-others';
}

/** It did not come back with this very list a little while ago. */
function mustWait({ now }: View, { sight }: ToldConsumer, endpoints: readonly string[]): boolean {
  if (sight.kind !== 'seen' || sight.lastTry === undefined || sight.isHalfTold === true)
    return false;
  if (elapsedMs(sight.lastTry.at, now) === Infinity) return false;
  return retryTellingAt(sight, endpoints) > now;
}

const isConnected = ({ sight }: ToldConsumer): boolean =>
  sight.kind === 'seen' && sight.link.kind === 'connected' && sight.link.to.length > 0;

function unseenTrouble(view: View, { id, consumer, sight }: ToldConsumer): Plan | undefined {
  switch (sight.kind) {
    case 'seen':
      return undefined;
    case 'unusable':
      return blockedBy(sight.problem);
    case 'unseen': {
      const { because } = sight;
      const { host } = consumer;
      return blockedBy(consumerUnseen({ cluster: view.target.name, consumer: id, host, because }));
    }
  }
}

function notFollowing(view: View, { id, consumer, sight }: ToldConsumer): Plan | undefined {
  if (sight.kind !== 'seen') return undefined;
  // Whoever is behind an address of its own is nobody that we know.
  const isWell =
    consumer.endpoints === 'members' || sight.link.kind !== 'connected'
      ? follows(sight, view.standing.voters)
      : sight.link.to.length > 0;
  if (isWell) return undefined;
  const forMs = sight.startedAt === undefined ? Infinity : elapsedMs(sight.startedAt, view.now);
  if (forMs <= STARTING_MAX_MS) return waitFor('consumer', 'consumer-starting');
  const because = whyNotFollowing(sight);
  const { host } = consumer;
  return blockedBy(
    consumerNotFollowing({ cluster: view.target.name, consumer: id, host, because }),
  );
}

function pinnedElsewhere(view: View, { id, consumer, sight }: ToldConsumer): Plan | undefined {
  const { endpoints, host } = consumer;
  if (endpoints === 'members' || sight.kind !== 'seen') return undefined;
  if (isTold(sight, endpoints)) return undefined;
  const named = sameEndpoints(sight.names, endpoints) ? (sight.runsWith ?? []) : sight.names;
  return blockedBy(
    consumerPinnedElsewhere({
      cluster: view.target.name,
      consumer: id,
      host,
      wanted: endpoints,
      named,
    }),
  );
}

const consumersOf = ({ target, observation }: View): readonly ToldConsumer[] =>
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
function endpointsToTell(view: View): readonly string[] | undefined {
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
  // Where some have moved and some have not, those that have: the others' URLs are of no use for long.
  const settled = staying.filter((voter) => !isMoving(voter));
  const named = ofOneScheme(target, settled.some(({ healthy }) => healthy) ? settled : staying);
  const urls = [...named]
    .sort((a, b) => place(a) - place(b))
    .flatMap(({ member }) => member.clientURLs);
  return urls.length === 0 ? undefined : urls;
}

/** A list of both schemes is dialled by one. The spec's comes first, as soon as somebody serves it. */
function ofOneScheme({ members }: Target, voters: readonly Standing[]): readonly Standing[] {
  const isTLS = members.some(({ clientURLs }) => clientURLs.some(isHTTPS));
  const fits = voters.filter(({ member }) => member.clientURLs.some(isHTTPS) === isTLS);
  const others = voters.filter((voter) => !fits.includes(voter));
  return others.length === 0 || fits.some(({ healthy }) => healthy) ? fits : others;
}
