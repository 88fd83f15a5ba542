import { type Problem, instantOf } from '../../base/index.js';
import {
  type ConsumerID,
  type ConsumerSight,
  type ConsumerTLS,
  type Fingerprint,
  type Observation,
  type PlaneTrust,
  type Target,
  consumerID,
  isHTTPS,
  plainEndpoint,
  usableEndpoints,
} from '../cluster/index.js';
import type { Step } from '../planner/index.js';
import { type Applied, applied, refuse, unanswered } from './applied.js';
import { isAlive } from './leadership.js';
import type { World, WorldConsumer } from './world.js';

/** It writes the list and starts again; with a list of which nothing answers it does not come back, and has its old one. */
export function tellConsumer(
  world: World,
  { consumer: id, endpoints }: Extract<Step, { kind: 'update-consumer' }>,
): Applied {
  const consumer = world.consumers?.find((each) => each.id === id);
  if (consumer === undefined || consumer.seen === false) return unanswered(world, 'unreachable');
  if (consumer.takesTLS === false && endpoints.some(isHTTPS)) {
    return refuse(world, 'consumer-without-ca');
  }
  const told = { ...consumer, names: endpoints };
  if (consumer.works === false || connectionsOf(world, told).length === 0) {
    return refuse(world, 'consumer-put-back');
  }
  return applied(withConsumer(world, id, () => told));
}

/** The endpoints of it that answer: members that live, and whatever is no member's, such as a gateway. */
function connectionsOf(world: World, { names }: WorldConsumer): readonly string[] {
  const { members, record, target } = world;
  const known = new Set(
    [...members, ...target.members, ...Object.values(record.addresses)].flatMap(({ clientURLs }) =>
      clientURLs.map(plainEndpoint),
    ),
  );
  const live = new Set(
    members
      .filter(({ id, isLearner }) => !isLearner && isAlive(world, id))
      .flatMap(({ clientURLs }) => clientURLs.map(plainEndpoint)),
  );
  return usableEndpoints(names).filter(
    (url) => live.has(plainEndpoint(url)) || !known.has(plainEndpoint(url)),
  );
}

export function sightOfConsumer(world: World, consumer: WorldConsumer): ConsumerSight {
  const { id, names, seen, works, takesTLS } = consumer;
  if (seen === false) return { kind: 'unseen', id, because: 'the host does not answer' };
  return {
    kind: 'seen',
    id,
    names,
    runsWith: names,
    link:
      works === false
        ? { kind: 'broken', because: 'it does not run' }
        : { kind: 'connected', to: connectionsOf(world, consumer) },
    ...(takesTLS === false ? { lacks: { ca: withoutCA(id) } } : {}),
    ...tlsOf(world, consumer),
  };
}

function tlsOf({ target }: World, { tls }: WorldConsumer): { readonly tls?: ConsumerTLS } {
  if (tls === 'unseen') return {};
  if (tls !== undefined) return { tls };
  const client = target.authorities?.planes.client;
  return client === undefined ? {} : { tls: withAllOf(client) };
}

const NEVER = instantOf(Number.MAX_SAFE_INTEGER);

/** It trusts whom members trust, and shows a leaf of the newest authority. */
function withAllOf({ trusted }: PlaneTrust): ConsumerTLS {
  const issuer = trusted.at(-1);
  return {
    trusts: trusted,
    ...(issuer === undefined ? {} : { shows: { issuer, notAfter: NEVER } }),
  };
}

const withoutCA = (id: ConsumerID): Problem => ({
  code: 'consumer-without-ca',
  data: { consumer: id },
  summary: `Not telling ${id} https endpoints: it could not trust them`,
  detail: '(where it looked)',
  hint: '',
});

/** The consumers that an observation shows. One that was seen to be well is, whatever it is told. */
export const consumersIn = (
  { consumers = [] }: Target,
  observation: Observation,
): readonly WorldConsumer[] =>
  consumers.map((consumer): WorldConsumer => {
    const id = consumerID(consumer);
    const sight = observation.consumers?.find((seen) => seen.id === id);
    if (sight?.kind !== 'seen') return { id, names: [], seen: false };
    const lacksCA = sight.lacks?.ca !== undefined;
    const { names, tls = 'unseen' } = sight;
    return { id, names, tls, ...(lacksCA ? { takesTLS: false } : {}) };
  });

const withConsumer = (
  world: World,
  id: ConsumerID,
  change: (consumer: WorldConsumer) => WorldConsumer,
): World => ({
  ...world,
  ...(world.consumers === undefined
    ? {}
    : { consumers: world.consumers.map((each) => (each.id === id ? change(each) : each)) }),
});

export const hideConsumer = (world: World, id: ConsumerID): World =>
  withConsumer(world, id, (consumer) => ({ ...consumer, seen: false }));

export const showConsumer = (world: World, id: ConsumerID): World =>
  withConsumer(world, id, (consumer) => without(consumer, 'seen'));

/** It has no CA, and keeps what it has when it is told https endpoints. */
export const takeCAFrom = (world: World, id: ConsumerID): World =>
  withConsumer(world, id, (consumer) => ({ ...consumer, takesTLS: false }));

export const giveCATo = (world: World, id: ConsumerID): World =>
  withConsumer(world, id, (consumer) => without(consumer, 'takesTLS'));

/** What it has for https from now on. */
export const equipConsumer = (
  world: World,
  id: ConsumerID,
  trusts: readonly Fingerprint[],
  issuer: Fingerprint,
): World =>
  withConsumer(world, id, (consumer) => ({
    ...consumer,
    tls: { trusts, shows: { issuer, notAfter: NEVER } },
  }));

/** It does not run any more, and does not come back with any list. */
export const breakConsumer = (world: World, id: ConsumerID): World =>
  withConsumer(world, id, (consumer) => ({ ...consumer, works: false }));

export const mendConsumer = (world: World, id: ConsumerID): World =>
  withConsumer(world, id, (consumer) => without(consumer, 'works'));

function without(consumer: WorldConsumer, key: 'seen' | 'works' | 'takesTLS'): WorldConsumer {
  const { [key]: _, ...rest } = consumer;
  return rest;
}
