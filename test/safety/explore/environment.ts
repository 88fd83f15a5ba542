import type { ConsumerID, HostName } from '../../../src/core/cluster/index.js';
import {
  type World,
  applyStep,
  catchUp,
  crash,
  cut,
  equipConsumer,
  heal,
  hide,
  hideConsumer,
  isAlive,
  ledSide,
  loseData,
  settle,
  show,
  showConsumer,
} from '../../../src/core/model/index.js';
import { stopped } from '../../../src/core/planner/testing/language/hosts.js';
import { restartFlags } from '../../../src/core/bootstrap/index.js';
import { type MemberID, assertNever } from '../../../src/base/index.js';
import type { Faults } from './case.js';
import { moveOf } from './moves.js';
import { LONG_AGO } from './world-table.js';

/** What it costs of the budget; `free` mends, or is time that passes. */
export type Price = keyof Faults | 'free';
export const PRICES: readonly Price[] = [
  'free',
  'crashes',
  'failedStarts',
  'dataLosses',
  'cuts',
  'hides',
  'elections',
  'revivals',
  'wishes',
];

export interface EnvironmentMove {
  readonly move: number;
  readonly after: World;
  /** The hosts that it happens to, as bits. */
  readonly hosts: number;
}

/** Everything of one price that can happen to a world without our doing; what follows by itself has followed. */
export const environmentMoves = (
  world: World,
  price: Price,
  otherWish: World['target'] | undefined,
): readonly EnvironmentMove[] =>
  happenings(world, price, otherWish).map(({ after, ...happening }) => ({
    ...happening,
    after: settle(after),
  }));

function happenings(
  world: World,
  price: Price,
  otherWish: World['target'] | undefined,
): readonly EnvironmentMove[] {
  switch (price) {
    case 'free':
      return mendings(world);
    case 'crashes':
      return each(world, ({ process, host }, slot) =>
        process.kind === 'running'
          ? [[moveOf('crash', slot), ended(world, host, { reason: 'killed', inARow: 0 })]]
          : [],
      );
    case 'failedStarts':
      return each(world, ({ process, host }, slot) =>
        process.kind === 'running' && process.startedAt === world.now
          ? [[moveOf('fail-start', slot), ended(world, host, FAILING)]]
          : [],
      );
    case 'dataLosses':
      return each(world, ({ data, host }, slot) =>
        data.kind === 'present' ? [[moveOf('lose-data', slot), loseData(world, host)]] : [],
      );
    case 'hides':
      return [
        ...each(world, ({ seen, host }, slot) =>
          seen === false ? [] : [[moveOf('hide', slot), hide(world, host)]],
        ),
        ...(world.consumers ?? []).flatMap(({ id, seen }, i) =>
          seen === false
            ? []
            : [{ move: moveOf('hide-consumer', i), after: hideConsumer(world, id), hosts: 0 }],
        ),
      ];
    case 'revivals':
      return each(world, ({ process, data, host }, slot) =>
        process.kind === 'stopped' && data.kind === 'present'
          ? [[moveOf('revive', slot), revive(world, host)]]
          : [],
      );
    case 'cuts':
      return isCut(world)
        ? []
        : shapesOf(world).map((hosts, shape) => ({
            move: moveOf('cut', shape),
            after: cut(world, hosts),
            hosts: bitsOf(world, hosts),
          }));
    case 'elections':
      return world.members.flatMap(({ id, isLearner }, index) =>
        isLearner || id === world.leader || !mayLead(world, id)
          ? []
          : [
              {
                move: moveOf('elect', index),
                after: { ...world, leader: id },
                hosts: bitsOf(world, [homeOf(world, id)?.host]),
              },
            ],
      );
    case 'wishes':
      return otherWish === undefined || world.target === otherWish
        ? []
        : [{ move: moveOf('wish'), after: { ...world, target: otherWish }, hosts: 0 }];
    case 'messages':
      return [];
    default:
      return assertNever(price);
  }
}

function mendings(world: World): readonly EnvironmentMove[] {
  const mended = each(world, ({ host, process, seen, caughtUp }, slot) => [
    ...(seen === false ? ([[moveOf('show', slot), show(world, host)]] as const) : []),
    ...(caughtUp === false && process.kind === 'running' && isLed(world, slot)
      ? ([[moveOf('catch-up', slot), catchUp(world, host)]] as const)
      : []),
  ]);
  return [
    ...mended,
    ...(world.consumers ?? []).flatMap(({ id, seen }, i) =>
      seen === false
        ? [{ move: moveOf('show-consumer', i), after: showConsumer(world, id), hosts: 0 }]
        : [],
    ),
    ...(world.consumers ?? []).flatMap(({ id }, i) => {
      const after = betterEquipped(world, id);
      return after === undefined ? [] : [{ move: moveOf('equip-consumer', i), after, hosts: 0 }];
    }),
    ...(isCut(world) ? [{ move: moveOf('heal'), after: heal(world), hosts: 0 }] : []),
    ...(isYoung(world) ? [{ move: moveOf('time'), after: grownOld(world), hosts: 0 }] : []),
  ];
}

/** Somebody gives a consumer whom to trust first, and what to show then; undefined: it has both, or nothing follows. */
export function betterEquipped(world: World, id: ConsumerID): World | undefined {
  const tls = world.consumers?.find((each) => each.id === id)?.tls;
  const trusted = world.target.authorities?.planes.client.trusted ?? [];
  const newest = trusted.at(-1);
  if (typeof tls !== 'object' || tls.shows?.issuer === undefined || trusted.length < 2) return;
  if (newest === undefined || tls.shows.issuer === newest) return;
  const { issuer } = tls.shows;
  const isTold = tls.trusts !== 'unread' && tls.trusts.includes(newest);
  return equipConsumer(world, id, trusted, isTold ? newest : issuer);
}

const each = (
  world: World,
  happens: (
    host: World['hosts'][number],
    slot: number,
  ) => readonly (readonly [move: number, after: World])[],
): readonly EnvironmentMove[] =>
  world.hosts.flatMap((host, slot) =>
    happens(host, slot).map(([move, after]) => ({ move, after, hosts: 1 << slot })),
  );

const isCut = ({ hosts }: World): boolean => hosts.some(({ side }) => side === 1);

const isLed = (world: World, slot: number): boolean =>
  ledSide(world) === (world.hosts[slot]?.side ?? 0);

const homeOf = (world: World, id: MemberID): World['hosts'][number] | undefined =>
  world.hosts.find(({ data }) => data.kind === 'present' && data.memberID === id);

function bitsOf(world: World, hosts: readonly (HostName | undefined)[]): number {
  let bits = 0;
  world.hosts.forEach(({ host }, slot) => {
    if (hosts.includes(host)) bits |= 1 << slot;
  });
  return bits;
}

function mayLead(world: World, id: MemberID): boolean {
  const host = homeOf(world, id);
  return isAlive(world, id) && (host?.side ?? 0) === ledSide(world) && host?.caughtUp !== false;
}

/** Its port is taken, say: the next try is due two seconds later. */
const FAILING = { reason: 'port-taken', inARow: 3 } as const;

/** A process ends and leaves behind why, as a driver would read it. */
const ended = (world: World, host: HostName, end: Parameters<typeof stopped>[2]): World => {
  const down = crash(world, host);
  const process = stopped(world, host, end);
  return {
    ...down,
    hosts: down.hosts.map((known) => (known.host === host ? { ...known, process } : known)),
  };
};

/** A supervisor on the host starts the member again, as it was started by us. */
function revive(world: World, host: HostName): World {
  const member = world.target.members.find((wanted) => wanted.host === host);
  if (member === undefined) return world;
  const { version } = world.target;
  const launch = { purpose: 'restart', version, flags: restartFlags(member.flags) } as const;
  const start = { kind: 'start-member', host, name: member.name, launch } as const;
  const isSeen = world.hosts.find((known) => known.host === host)?.seen ?? true;
  const started = applyStep(show(world, host), start).world;
  return isSeen ? started : hide(started, host);
}

/** Every way to split the hosts in two; the two sides have no order. */
export function shapesOf(world: World): readonly (readonly HostName[])[] {
  const hosts = world.hosts.map(({ host }) => host);
  const shapes: HostName[][] = [];
  // The last one always stays, so that no split comes twice, mirrored.
  for (let bits = 1; bits < 2 ** (hosts.length - 1); bits++) {
    shapes.push(hosts.filter((_, i) => (bits >> i) & 1));
  }
  return shapes;
}

export const isYoung = ({ hosts, now }: World): boolean =>
  hosts.some(
    ({ process, rejoinedAt }) =>
      rejoinedAt !== undefined ||
      (process.kind === 'running' && process.startedAt === now) ||
      isBackingOff(process, now),
  );

const isBackingOff = (process: World['hosts'][number]['process'], now: number): boolean =>
  process.kind === 'stopped' &&
  process.lastExit?.at === now &&
  process.lastExit.inARow === FAILING.inARow;

/** So much time passes that every process has been up, and every link there, for longer than any interval. */
export const grownOld = (world: World): World => ({
  ...world,
  hosts: world.hosts.map((host) => {
    const { rejoinedAt: _, ...rest } = host;
    return { ...rest, process: agedProcess(rest.process) };
  }),
});

function agedProcess(process: World['hosts'][number]['process']): typeof process {
  switch (process.kind) {
    case 'running':
      return { ...process, startedAt: LONG_AGO };
    case 'stopped':
      return process.lastExit === undefined
        ? process
        : { ...process, lastExit: { ...process.lastExit, at: LONG_AGO } };
    case 'by-hand':
    case 'unseen':
      return process;
  }
}
