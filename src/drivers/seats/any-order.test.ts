/**
 * Whatever happens in whatever order: two seats, three hosts that come and go, hang, lose answers and are started again,
 * and seats that are killed. A history is judged as it comes.
 */
import { afterEach, expect, test } from 'vitest';
import { type Random, seededRandom, unsafeBrand } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HeldLock } from '../../engine/ports/index.js';
import { createHostsStore } from './store.js';
import { type Behaviour, FakeHosts } from './testing/fake-hosts.js';
import { PROD, numberOf, recordOf, wishOf } from './testing/samples.js';

const NAMES = ['a', 'b', 'c'] as const;
const BEHAVIOURS: readonly Behaviour[] = [
  'answers',
  'answers',
  'away',
  'hangs',
  'answer-lost',
  'half-sent',
  'killed',
];
const SEEDS = Number(process.env['QUORATE_SEATS_SEEDS'] ?? 6);
const STEPS = 60;

let hosts: FakeHosts;
afterEach(() => hosts.remove());

const oneOf = <T>(random: Random, from: readonly T[]): T => {
  const found = from[Math.floor(random.next() * from.length)];
  if (found === undefined) throw new Error('nothing to choose from');
  return found;
};

/** What must hold of every read: it contains what counted, and what was read, before it began. */
class History {
  #counted = 0;
  #seen = 0;
  readonly #refused = new Set<number>();

  countedWrite(n: number): void {
    this.#counted = Math.max(this.#counted, n);
  }
  /** A write that the hosts refused for its number must never be seen. */
  refusedWrite(n: number): void {
    this.#refused.add(n);
  }
  get floor(): number {
    return Math.max(this.#counted, this.#seen);
  }
  read(n: number, floor: number): void {
    expect(n).toBeGreaterThanOrEqual(floor);
    expect(this.#refused.has(n)).toBe(false);
    this.#seen = Math.max(this.#seen, n);
  }
}

test.each(Array.from({ length: SEEDS }, (_, i) => i + 1))(
  'two seats never act at once, and nothing that counted is lost (seed %i)',
  async (seed) => {
    hosts = new FakeHosts();
    const random = seededRandom(seed);
    const records = new History();
    const wishes = new History();
    let written = 0;
    let lives = 0;

    const birth = (name: string) => {
      const life = new AbortController();
      const store = createHostsStore({
        cluster: PROD,
        hosts: NAMES.map((host) => unsafeBrand<HostName>(host)),
        shell: hosts.shell,
        clock: hosts.clock,
        random: seededRandom(seed * 1000 + ++lives),
        seat: { name, pid: lives },
        signal: life.signal,
      });
      return { name, store, life, lock: undefined as HeldLock | undefined };
    };
    const seats = [birth('ann@desk'), birth('bob@lab')];
    type Seat = (typeof seats)[number];

    const atMostOneHolds = async () => {
      const held = await Promise.all(seats.map(({ lock }) => lock?.stillHeld() ?? false));
      expect(held.filter(Boolean).length).toBeLessThanOrEqual(1);
    };

    const act = async (seat: Seat): Promise<void> => {
      const { store } = seat;
      switch (
        oneOf(random, [
          'lock',
          'lock',
          'write',
          'write',
          'write',
          'read',
          'read',
          'wish',
          'release',
          'kill',
        ])
      ) {
        case 'lock': {
          if (seat.lock !== undefined) return;
          const lock = await store.lock('apply');
          if (lock.ok) seat.lock = lock.value;
          return;
        }
        case 'write': {
          if (seat.lock === undefined) return;
          const n = ++written;
          const end = await store.writeRecord(recordOf(n));
          if (end.ok) records.countedWrite(n);
          else if (end.error.code === 'seat-superseded') records.refusedWrite(n);
          return;
        }
        case 'read': {
          const { floor } = records;
          const record = await store.readRecord();
          if (record.ok) records.read(numberOf(record.value) ?? 0, floor);
          return;
        }
        case 'wish': {
          const { floor } = wishes;
          const wish = await store.readWish();
          if (!wish.ok) return;
          const generation = wish.value?.generation ?? 0;
          wishes.read(generation, floor);
          const end = await store.writeWish(wishOf(...NAMES), generation);
          if (end.ok) wishes.countedWrite(generation + 1);
          return;
        }
        case 'release':
          await seat.lock?.release();
          seat.lock = undefined;
          return;
        case 'kill':
          seat.life.abort();
          seats[seats.indexOf(seat)] = birth(seat.name);
          return;
      }
    };

    for (let step = 0; step < STEPS; step++) {
      const host = hosts.host(oneOf(random, NAMES));
      host.behaviour = oneOf(random, BEHAVIOURS);
      if (random.next() < 0.05) host.reboot();
      // One at a time keeps the numbers of the writes in the order in which they were made; the other seat comes in between.
      await hosts.finish(act(oneOf(random, seats)));
      await atMostOneHolds();
      if (random.next() < 0.4) await hosts.pass(random.next() * 12_000);
      await atMostOneHolds();
    }

    // All is well again: everybody reads the same, and it contains everything that counted.
    for (const name of NAMES) hosts.host(name).behaviour = 'answers';
    await hosts.pass(40_000);
    for (const { store } of seats) {
      const { floor } = records;
      const record = await hosts.finish(store.readRecord());
      if (!record.ok) throw new Error(record.error.summary);
      records.read(numberOf(record.value) ?? 0, floor);
    }
    for (const { life } of seats) life.abort();
  },
);
