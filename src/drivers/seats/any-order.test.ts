/**
 * Whatever happens in whatever order: two seats, three hosts that come and go, hang, lose answers and are started again,
 * and seats that are killed, cut off, or asleep with both their clocks. A history is judged as it comes.
 */
import { afterEach, expect, test, vi } from 'vitest';
import { type Instant, type Random, seededRandom, unsafeBrand } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HeldLock } from '../../engine/ports/index.js';
import { createHostsStore } from './store.js';
import { type Behaviour, FakeHosts } from './testing/fake-hosts.js';
import { PROD, numberOf, recordOf, wishOf } from './testing/samples.js';

// Each host's scripts are run by a real shell, some thousand of them: that takes what the machine takes.
vi.setConfig({ testTimeout: 240_000 });

const NAMES = ['a', 'b', 'c'] as const;
const BEHAVIOURS: readonly Behaviour[] = [
  ...Array<Behaviour>(9).fill('answers'),
  'away',
  'hangs',
  'answer-lost',
  'half-sent',
  'killed',
];
const SEEDS = Number(process.env['QUORATE_SEATS_SEEDS'] ?? 6);
const STEPS = 60;

const ACTS = [
  ...(['lock', 'lock', 'lock', 'take-over', 'write', 'write', 'write', 'write'] as const),
  ...(['read', 'read', 'read', 'wish', 'release', 'kill', 'cut', 'sleep'] as const),
];

/** What happened in all histories together: they would prove nothing if nothing did. */
const happened = {
  lock: 0,
  'take-over': 0,
  write: 0,
  failed: 0,
  fenced: 0,
  read: 0,
  wish: 0,
};

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

  countedWrite(n: number): void {
    this.#counted = Math.max(this.#counted, n);
  }
  get floor(): number {
    return Math.max(this.#counted, this.#seen);
  }
  read(n: number, floor: number): void {
    if (n < floor) throw new Error(`read ${n}, and ${floor} counted before`);
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
      const seat = {
        name,
        life,
        lock: undefined as HeldLock | undefined,
        isCut: false,
        asleepSince: undefined as { readonly at: Instant; readonly ms: number } | undefined,
      };
      const store = createHostsStore({
        cluster: PROD,
        hosts: NAMES.map((host) => unsafeBrand<HostName>(host)),
        shell: {
          run: (host, command, signal) =>
            hosts.shell.run(host, command, seat.isCut ? AbortSignal.abort() : signal),
        },
        clock: {
          ...hosts.clock,
          now: () => seat.asleepSince?.at ?? hosts.clock.now(),
          monotonicMs: () => seat.asleepSince?.ms ?? hosts.clock.monotonicMs(),
        },
        random: seededRandom(seed * 1000 + ++lives),
        seat: { name, pid: lives },
        signal: life.signal,
      });
      return Object.assign(seat, { store });
    };
    const seats = [birth('ann@desk'), birth('bob@lab')];
    type Seat = (typeof seats)[number];

    /** Who sleeps may believe what he wants, as long as the hosts do not. */
    const holders = async (): Promise<readonly Seat[]> => {
      const found: Seat[] = [];
      for (const seat of seats) {
        if (seat.asleepSince === undefined && (await seat.lock?.stillHeld()) === true) {
          found.push(seat);
        }
      }
      return found;
    };
    const atMostOneHolds = async () => expect((await holders()).length).toBeLessThanOrEqual(1);

    const act = async (seat: Seat, isAlone: boolean): Promise<void> => {
      const { store } = seat;
      const what = oneOf(random, ACTS);
      switch (what) {
        case 'lock':
        case 'take-over': {
          if (seat.lock !== undefined) {
            if (await seat.lock.stillHeld()) return;
            await seat.lock.release();
            seat.lock = undefined;
          }
          const token = what === 'lock' ? undefined : (await store.lockHolder())?.token;
          const lock = await store.lock('apply', token === undefined ? {} : { takeOver: token });
          if (!lock.ok) return;
          seat.lock = lock.value;
          happened[what]++;
          return;
        }
        case 'write': {
          if (seat.lock === undefined) return;
          const n = ++written;
          const end = await store.writeRecord(recordOf(n));
          happened[end.ok ? 'write' : seat.asleepSince === undefined ? 'failed' : 'fenced']++;
          if (!end.ok) return;
          records.countedWrite(n);
          // Nobody else had the lock while this one wrote.
          if (isAlone) expect((await holders()).filter((holder) => holder !== seat)).toEqual([]);
          return;
        }
        case 'read': {
          const { floor } = records;
          const record = await store.readRecord();
          if (!record.ok) return;
          records.read(numberOf(record.value) ?? 0, floor);
          happened.read++;
          return;
        }
        case 'wish': {
          const { floor } = wishes;
          const wish = await store.readWish();
          if (!wish.ok) return;
          const generation = wish.value?.generation ?? 0;
          wishes.read(generation, floor);
          const end = await store.writeWish(wishOf(...NAMES), generation);
          if (!end.ok) return;
          wishes.countedWrite(generation + 1);
          happened.wish++;
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
        case 'cut':
          seat.isCut = !seat.isCut;
          return;
        case 'sleep':
          seat.asleepSince =
            seat.asleepSince === undefined
              ? { at: hosts.clock.now(), ms: hosts.clock.monotonicMs() }
              : undefined;
          return;
      }
    };

    // It begins well, so that there is something to lose.
    const first = seats[0]?.store.writeRecord(recordOf(++written));
    if (first !== undefined) await hosts.finish(first);
    records.countedWrite(written);
    for (let step = 0; step < STEPS; step++) {
      const host = hosts.host(oneOf(random, NAMES));
      host.behaviour = oneOf(random, BEHAVIOURS);
      if (random.next() < 0.05) host.reboot();
      for (const seat of seats) {
        if (random.next() < 0.4) seat.isCut = false;
        if (random.next() < 0.15) seat.asleepSince = undefined;
      }
      if (random.next() < 0.8) await hosts.finish(act(oneOf(random, seats), true));
      else await hosts.finish(Promise.all(seats.map((seat) => act(seat, false))));
      await atMostOneHolds();
      if (random.next() < 0.4) await hosts.pass(random.next() * 12_000);
      await atMostOneHolds();
    }

    // All is well again: everybody reads the same, and it contains everything that counted.
    for (const name of NAMES) hosts.host(name).behaviour = 'answers';
    for (const seat of seats) Object.assign(seat, { isCut: false, asleepSince: undefined });
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

test('and all of that really happened', () => {
  // How often each is, depends on how the scripts of several hosts come in between each other.
  for (const what of ['lock', 'write', 'read', 'wish'] as const) {
    expect(happened[what], what).toBeGreaterThan(SEEDS);
  }
});
