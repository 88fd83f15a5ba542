import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Problem, type Result, seededRandom, unsafeBrand } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { type HostsStore, createHostsStore } from './store.js';
import { FakeHosts } from './testing/fake-hosts.js';
import { PROD, entryOf, numberOf, recordOf, wishOf } from './testing/samples.js';

// Each host's scripts are run by a real shell, some thousand of them: that takes what the machine takes.
vi.setConfig({ testTimeout: 240_000 });

let hosts: FakeHosts;
let told: Problem[];
let seatCount = 0;
beforeEach(() => {
  hosts = new FakeHosts();
  told = [];
  ended = new Set();
});
afterEach(() => hosts.remove());

const lives = new WeakMap<HostsStore, AbortController>();
/** Its process is killed: nothing of it is heard again. */
const kill = (store: HostsStore) => lives.get(store)?.abort();

/** Processes of the machine `desk` that are known there to have ended. */
let ended = new Set<string>();

function seat(name: string, ...names: readonly string[]): HostsStore {
  const life = new AbortController();
  const store = createHostsStore({
    cluster: PROD,
    hosts: names.map((host) => unsafeBrand<HostName>(host)),
    shell: hosts.shell,
    clock: hosts.clock,
    random: seededRandom(++seatCount),
    seat: {
      name,
      pid: 100 + seatCount,
      life: name,
      hasEnded: ({ life: other }) => Promise.resolve(name.endsWith('@desk') && ended.has(other)),
    },
    tell: (problem) => told.push(problem),
    signal: life.signal,
  });
  lives.set(store, life);
  return store;
}
const abc = (name: string) => seat(name, 'a', 'b', 'c');

/** Waits for it, and lets time pass when nothing else happens. */
async function got<T>(work: Promise<Result<T>>): Promise<T> {
  const result = await hosts.finish(work);
  if (!result.ok) throw new Error(JSON.stringify(result.error, undefined, 2));
  return result.value;
}
async function problem<T>(work: Promise<Result<T>>): Promise<Problem> {
  const result = await hosts.finish(work);
  if (result.ok) throw new Error(`no problem, but ${JSON.stringify(result.value)}`);
  return result.error;
}

/** A cluster with a record, written by a seat that has ended. */
async function begun(): Promise<void> {
  const ann = abc('ann@desk');
  const lock = await got(ann.lock('founding'));
  await got(ann.writeRecord(recordOf(1)));
  await got(ann.writeWish(wishOf('a', 'b', 'c'), 0));
  await hosts.finish(lock.release());
}

describe('what one seat writes, another reads', () => {
  test('record, wish and journal', async () => {
    const ann = abc('ann@desk');
    expect(await got(ann.readRecord())).toBeUndefined();
    expect(await got(ann.readJournal(5))).toEqual([]);
    await begun();
    const bob = abc('bob@lab');
    expect(numberOf(await got(bob.readRecord()))).toBe(1);
    expect(await got(bob.readWish())).toEqual({ ...wishOf('a', 'b', 'c'), generation: 1 });
    await got(bob.appendJournal(entryOf(1), { durable: true }));
    expect(await got(ann.readJournal(5))).toEqual([entryOf(1)]);
  });
});

describe('hosts that take their time', () => {
  test('answer everything that is asked at once', async () => {
    await begun();
    const bob = abc('bob@lab');
    for (const name of ['a', 'b', 'c']) hosts.host(name).delayMs = 700;
    const asked = Array.from({ length: 12 }, () => got(bob.readJournal(1)));
    expect(await Promise.all(asked)).toHaveLength(12);
  });

  test('have a limit of questions that wait, and one that hangs is put few of them', async () => {
    await begun();
    const bob = abc('bob@lab');
    hosts.host('c').behaviour = 'hangs';
    hosts.log.length = 0;
    const asked = Array.from({ length: 60 }, () => got(bob.readJournal(1)));
    await Promise.allSettled(asked);
    const put = (name: string) => hosts.log.filter((line) => line.startsWith(name)).length;
    expect([put('a'), put('b'), put('c')]).toEqual([36, 36, 4]);
  });
});

describe('a host that is away', () => {
  test('is not needed, and is brought up to date by the next write', async () => {
    await begun();
    const bob = abc('bob@lab');
    hosts.host('c').behaviour = 'away';
    const lock = await got(bob.lock('apply'));
    await got(bob.writeRecord(recordOf(2)));
    hosts.host('c').behaviour = 'answers';
    expect(hosts.host('c').read('record.json')).toContain('"retire":["1"]');
    await got(bob.writeRecord(recordOf(3)));
    await hosts.pass(1000);
    expect(hosts.host('c').read('record.json')).toContain('"retire":["3"]');
    await hosts.finish(lock.release());
  });

  test('is brought up to date by the holder although nothing is written', async () => {
    await begun();
    const bob = abc('bob@lab');
    hosts.host('c').behaviour = 'away';
    const lock = await got(bob.lock('apply'));
    await got(bob.writeRecord(recordOf(2)));
    await got(bob.writeWish(wishOf('c', 'b', 'a'), 1));
    hosts.host('c').behaviour = 'answers';
    await hosts.pass(25_000);
    expect(hosts.host('c').read('record.json')).toContain('"retire":["2"]');
    expect(hosts.host('c').read('wish.json')).toContain('"generation":2');
    await hosts.finish(lock.release());
  });

  test.each(['hangs', 'away', 'answer-lost', 'half-sent', 'killed'] as const)(
    'or %s delays nobody: everything is done without any time passing',
    async (behaviour) => {
      await begun();
      hosts.host('b').behaviour = behaviour;
      const startedMs = hosts.clock.monotonicMs();
      const bob = abc('bob@lab');
      const lock = await got(bob.lock('apply'));
      await got(bob.writeRecord(recordOf(2)));
      await got(bob.appendJournal(entryOf(1), { durable: true }));
      expect(numberOf(await got(bob.readRecord()))).toBe(2);
      await got(bob.writeWish(wishOf('a', 'b', 'c'), 1));
      expect(await got(bob.readJournal(1))).toEqual([entryOf(1)]);
      await hosts.finish(lock.release());
      expect(hosts.clock.monotonicMs()).toBe(startedMs);
    },
  );

  test('two of three: what they hold is not known, and it is said who has what', async () => {
    await begun();
    hosts.host('a').behaviour = 'away';
    hosts.host('c').behaviour = 'hangs';
    const bob = abc('bob@lab');
    const lost = {
      code: 'state-majority-lost',
      data: {
        needed: 2,
        holding: ['b'],
        empty: [],
        silent: [
          { host: 'a', because: 'a is not reached: no route to host' },
          { host: 'c', because: 'the connection to c ended' },
        ],
      },
    };
    expect(await problem(bob.readRecord())).toMatchObject(lost);
    expect(await problem(bob.readWish())).toMatchObject(lost);
    expect(await problem(bob.lock('apply'))).toMatchObject(lost);
    expect(await problem(bob.writeWish(wishOf('a'), 1))).toMatchObject(lost);
    expect(await problem(bob.appendJournal(entryOf(1), { durable: true }))).toMatchObject(lost);
    expect(await problem(bob.readJournal(1))).toMatchObject(lost);
  });

  test('at the first command of a cluster: nobody knows whether there is one', async () => {
    hosts.host('c').behaviour = 'away';
    const ann = abc('ann@desk');
    expect(await problem(ann.readRecord())).toMatchObject({ code: 'state-unsure' });
    expect(await problem(ann.lock('founding'))).toMatchObject({
      code: 'state-unsure',
      data: { hosts: 3, silent: [{ host: 'c' }] },
    });
    hosts.host('c').behaviour = 'answers';
    await begun();
  });
});

describe('a cluster of one host', () => {
  test('has a majority of one', async () => {
    const ann = seat('ann@desk', 'a');
    const lock = await got(ann.lock('apply'));
    await got(ann.writeRecord(recordOf(1)));
    await hosts.finish(lock.release());
    expect(numberOf(await got(seat('bob@lab', 'a').readRecord()))).toBe(1);
    hosts.host('a').behaviour = 'away';
    expect(await problem(ann.readRecord())).toMatchObject({ code: 'state-unsure' });
  });
});

describe('a write that was cut', () => {
  test('before it reached a majority is an error, and no reader sees it and then not', async () => {
    await begun();
    const ann = abc('ann@desk');
    const lock = await got(ann.lock('apply'));
    hosts.host('b').behaviour = 'away';
    hosts.host('c').behaviour = 'away';
    expect(await problem(ann.writeRecord(recordOf(2)))).toMatchObject({
      code: 'state-not-written',
      data: { written: ['a'], needed: 2 },
    });
    hosts.host('b').behaviour = 'answers';
    hosts.host('c').behaviour = 'answers';
    // Whoever asks a learns of it, and then it is on a majority.
    hosts.host('c').behaviour = 'away';
    const bob = abc('bob@lab');
    expect(numberOf(await got(bob.readRecord()))).toBe(2);
    hosts.host('c').behaviour = 'answers';
    hosts.host('a').behaviour = 'away';
    expect(numberOf(await got(bob.readRecord()))).toBe(2);
    await hosts.finish(lock.release());
  });

  test.each(['half-sent', 'killed'] as const)(
    'in the middle on every host (%s): the old one stays',
    async (how) => {
      await begun();
      const ann = abc('ann@desk');
      const lock = await got(ann.lock('apply'));
      for (const name of ['a', 'b', 'c']) hosts.host(name).behaviour = how;
      expect(await problem(ann.writeRecord(recordOf(2)))).toMatchObject({
        code: 'state-not-written',
      });
      for (const name of ['a', 'b', 'c']) hosts.host(name).behaviour = 'answers';
      expect(numberOf(await got(abc('bob@lab').readRecord()))).toBe(1);
      await got(ann.writeRecord(recordOf(3)));
      expect(numberOf(await got(abc('bob@lab').readRecord()))).toBe(3);
      await hosts.finish(lock.release());
    },
  );

  test('and forgotten by its author is overtaken by the next holder, wherever it turns up', async () => {
    await begun();
    const ann = abc('ann@desk');
    await got(ann.lock('apply'));
    hosts.host('a').behaviour = 'away';
    hosts.host('b').behaviour = 'away';
    await problem(ann.writeRecord(recordOf(2)));
    kill(ann);
    hosts.host('a').behaviour = 'answers';
    hosts.host('b').behaviour = 'answers';
    hosts.host('c').behaviour = 'away';
    await hosts.pass(31_000);
    const bob = abc('bob@lab');
    const lock = await got(bob.lock('apply'));
    expect(numberOf(await got(bob.readRecord()))).toBe(1);
    hosts.host('c').behaviour = 'answers';
    hosts.host('a').behaviour = 'away';
    expect(numberOf(await got(abc('cid@home').readRecord()))).toBe(1);
    expect(numberOf(await got(bob.readRecord()))).toBe(1);
    await hosts.finish(lock.release());
  });
});

describe('the lock', () => {
  test('is held by one, whom the others see', async () => {
    await begun();
    const ann = abc('ann@desk');
    const bob = abc('bob@lab');
    const lock = await got(ann.lock('apply'));
    expect(await lock.stillHeld()).toBe(true);
    expect(await hosts.finish(bob.lockHolder())).toMatchObject({
      seat: 'ann@desk',
      purpose: 'apply',
      endsInMs: 30_000,
    });
    const refused = await problem(bob.lock('apply'));
    expect(refused).toMatchObject({
      code: 'lock-held',
      data: { seat: 'ann@desk', purpose: 'apply', endsInMs: 30_000 },
    });
    expect(refused.detail).toContain('ann@desk (process ');
    await hosts.finish(lock.release());
    expect(await lock.stillHeld()).toBe(false);
    expect(await hosts.finish(bob.lockHolder())).toBeUndefined();
    await hosts.finish((await got(bob.lock('apply'))).release());
  });

  test('is renewed for as long as its holder lives', async () => {
    await begun();
    const lock = await got(abc('ann@desk').lock('run'));
    await hosts.pass(200_000);
    expect(await lock.stillHeld()).toBe(true);
    expect(await problem(abc('bob@lab').lock('apply'))).toMatchObject({ code: 'lock-held' });
    await hosts.finish(lock.release());
  });

  test('of a holder that is cut off is lost to him before anybody else can have it', async () => {
    await begun();
    const ann = abc('ann@desk');
    const lock = await got(ann.lock('apply'));
    const isAnn = new Set<string>();
    // From here on nothing of hers arrives.
    for (const name of ['a', 'b', 'c']) {
      hosts.host(name).decide = ({ doing }) => (isAnn.has(doing) ? 'away' : 'answers');
    }
    isAnn.add('renew the lock');
    const bob = abc('bob@lab');
    await hosts.pass(26_900);
    expect(await lock.stillHeld()).toBe(true);
    expect(await problem(bob.lock('apply'))).toMatchObject({ code: 'lock-held' });
    await hosts.pass(200);
    expect(await lock.stillHeld()).toBe(false);
    expect(await problem(bob.lock('apply'))).toMatchObject({ code: 'lock-held' });
    await hosts.pass(3_000);
    await hosts.finish((await got(bob.lock('apply'))).release());
    // Once lost, always lost.
    isAnn.clear();
    await hosts.pass(20_000);
    expect(await lock.stillHeld()).toBe(false);
    expect(await problem(ann.writeRecord(recordOf(9)))).toMatchObject({ code: 'seat-superseded' });
  });

  test('is taken over from a living holder on his token only, and he is waited for', async () => {
    await begun();
    const ann = abc('ann@desk');
    const lock = await got(ann.lock('apply'));
    const bob = abc('bob@lab');
    expect(await problem(bob.lock('apply', { takeOver: 'another' }))).toMatchObject({
      code: 'lock-held',
    });
    const token = (await hosts.finish(bob.lockHolder()))?.token ?? '';
    await hosts.pass(5_000);
    const startedMs = hosts.clock.monotonicMs();
    const taking = bob.lock('apply', { takeOver: token });
    const taken = await got(taking);
    expect(hosts.clock.monotonicMs() - startedMs).toBe(25_000);
    expect(await taken.stillHeld()).toBe(true);
    expect(await lock.stillHeld()).toBe(false);
    await hosts.finish(taken.release());
  });

  test('of a process of this machine that has ended is taken unasked, after what it had sent; elsewhere nobody knows', async () => {
    await begun();
    const ann = abc('ann@desk');
    await got(ann.lock('apply'));
    const again = abc('cid@desk');
    expect(await problem(again.lock('apply'))).toMatchObject({ code: 'lock-held' });
    // kill -9: it renews nothing, and gives nothing back.
    kill(ann);
    ended.add('ann@desk');
    expect(await hosts.finish(again.lockHolder())).toBeUndefined();
    expect(await problem(abc('bob@lab').lock('apply'))).toMatchObject({ code: 'lock-held' });
    expect(await hosts.finish(abc('bob@lab').lockHolder())).toMatchObject({ seat: 'ann@desk' });
    const startedMs = hosts.clock.monotonicMs();
    const taken = await got(again.lock('apply'));
    expect(hosts.clock.monotonicMs() - startedMs).toBe(3_000);
    expect(await taken.stillHeld()).toBe(true);
    await hosts.finish(taken.release());
  });

  test('outlives a host that starts again: its lease counts anew from there', async () => {
    await begun();
    const lock = await got(abc('ann@desk').lock('apply'));
    hosts.host('a').reboot();
    hosts.host('b').reboot();
    expect(await problem(abc('bob@lab').lock('apply'))).toMatchObject({ code: 'lock-held' });
    await hosts.pass(20_000);
    expect(await lock.stillHeld()).toBe(true);
    // Nobody renews it any more.
    for (const name of ['a', 'b', 'c']) {
      hosts.host(name).decide = ({ doing }) => (doing === 'renew the lock' ? 'away' : 'answers');
    }
    hosts.host('a').reboot();
    hosts.host('b').reboot();
    await hosts.pass(29_900);
    expect(await lock.stillHeld()).toBe(false);
    expect(await problem(abc('bob@lab').lock('apply'))).toMatchObject({ code: 'lock-held' });
    await hosts.pass(200);
    await hosts.finish((await got(abc('bob@lab').lock('apply'))).release());
  });

  test('is not given by hosts that do not know whose it is', async () => {
    await begun();
    hosts.host('a').write('lock.json', '{"sum":1,"fence":1}\n');
    hosts.host('b').behaviour = 'away';
    expect(await problem(abc('bob@lab').lock('apply'))).toMatchObject({ code: 'state-damaged' });
  });

  test('wanted by five seats at once goes to one of them at a time', async () => {
    await begun();
    let holders = 0;
    let mostHolders = 0;
    const tries = ['s1', 's2', 's3', 's4', 's5'].map(async (name) => {
      const store = abc(name);
      for (;;) {
        const lock = await store.lock('apply');
        if (!lock.ok) {
          await hosts.clock.sleep(500, new AbortController().signal);
          continue;
        }
        mostHolders = Math.max(mostHolders, ++holders);
        const written = await store.writeRecord(recordOf(holders));
        holders--;
        await lock.value.release();
        return written.ok;
      }
    });
    expect(await hosts.finish(Promise.all(tries))).toEqual([true, true, true, true, true]);
    expect(mostHolders).toBe(1);
  });
});

describe('a holder that slept', () => {
  /** A machine whose both clocks stand still: the worst there is. */
  const asleep = () => {
    const stopped = { at: hosts.clock.now(), ms: hosts.clock.monotonicMs() };
    let isAsleep = false;
    const clock = {
      ...hosts.clock,
      now: () => (isAsleep ? stopped.at : hosts.clock.now()),
      monotonicMs: () => (isAsleep ? stopped.ms : hosts.clock.monotonicMs()),
      after: hosts.clock.after,
    };
    const sleep = () => {
      stopped.at = hosts.clock.now();
      stopped.ms = hosts.clock.monotonicMs();
      isAsleep = true;
    };
    const store = createHostsStore({
      cluster: PROD,
      hosts: ['a', 'b', 'c'].map((host) => unsafeBrand<HostName>(host)),
      shell: hosts.shell,
      clock,
      random: seededRandom(999),
      seat: { name: 'ann@desk', pid: 1 },
    });
    return { store, sleep };
  };

  test('and whose clocks slept too is refused by the hosts', async () => {
    await begun();
    const { store: ann, sleep } = asleep();
    const lock = await got(ann.lock('apply'));
    sleep();
    for (const name of ['a', 'b', 'c']) {
      hosts.host(name).decide = ({ doing }) => (doing === 'renew the lock' ? 'away' : 'answers');
    }
    await hosts.pass(31_000);
    const bob = abc('bob@lab');
    const taken = await got(bob.lock('apply'));
    await got(bob.writeRecord(recordOf(2)));
    expect(await lock.stillHeld()).toBe(true);
    expect(await problem(ann.appendJournal(entryOf(1), { durable: true }))).toMatchObject({
      code: 'seat-superseded',
    });
    expect(await lock.stillHeld()).toBe(false);
    expect(await problem(ann.writeRecord(recordOf(3)))).toMatchObject({ code: 'seat-superseded' });
    expect(numberOf(await got(bob.readRecord()))).toBe(2);
    expect(await got(bob.readJournal(5))).toEqual([]);
    await hosts.finish(taken.release());
  });

  test('while its monotonic clock stood still knows by the other one', async () => {
    await begun();
    const { store: ann } = asleep();
    const lock = await got(ann.lock('apply'));
    expect(await lock.stillHeld()).toBe(true);
    const sleeper = createHostsStore({
      cluster: PROD,
      hosts: [unsafeBrand<HostName>('z')],
      shell: hosts.shell,
      clock: { ...hosts.clock, monotonicMs: () => 0 },
      random: seededRandom(5),
      seat: { name: 'zoe@laptop', pid: 1 },
      // No renewal comes in the time of this test.
      timings: { leaseMs: 300_000 },
    });
    const hers = await got(sleeper.lock('apply'));
    await hosts.pass(60_000);
    expect(await hers.stillHeld()).toBe(true);
    hosts.host('z').behaviour = 'away';
    await hosts.pass(250_000);
    expect(await hers.stillHeld()).toBe(false);
  });
});

describe('the wish', () => {
  test('is written by anybody, on the generation that he has seen', async () => {
    await begun();
    const lock = await got(abc('ann@desk').lock('run'));
    const bob = abc('bob@lab');
    expect((await got(bob.writeWish(wishOf('a', 'b'), 1))).generation).toBe(2);
    expect(await problem(bob.writeWish(wishOf('a'), 1))).toMatchObject({
      code: 'wish-conflict',
      data: { basedOn: 1, found: 2 },
    });
    await hosts.finish(lock.release());
  });

  test('of six at once based on the same generation, one is written', async () => {
    await begun();
    const seats = ['s1', 's2', 's3', 's4', 's5', 's6'].map(abc);
    const results = await hosts.finish(
      Promise.all(seats.map((store) => store.writeWish(wishOf('a', 'b', 'c'), 1))),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect((await got(abc('eve@lab').readWish()))?.generation).toBe(2);
  });

  test('whose answer was lost everywhere is written all the same', async () => {
    await begun();
    const bob = abc('bob@lab');
    for (const name of ['a', 'b', 'c']) {
      hosts.host(name).decide = ({ stdin }) =>
        new TextDecoder().decode(stdin).includes('"generation":2') ? 'answer-lost' : 'answers';
    }
    expect(await problem(bob.writeWish(wishOf('a'), 1))).toMatchObject({
      code: 'state-not-written',
      data: { written: [] },
    });
    expect((await got(bob.readWish()))?.generation).toBe(2);
  });

  test('that reached a minority only is given to the others before anybody is told of it', async () => {
    await begun();
    const bob = abc('bob@lab');
    for (const name of ['a', 'b']) {
      hosts.host(name).decide = ({ stdin }) =>
        new TextDecoder().decode(stdin).includes('"generation":2') ? 'away' : 'answers';
    }
    await problem(bob.writeWish(wishOf('a'), 1));
    for (const name of ['a', 'b']) hosts.host(name).decide = () => 'answers';
    hosts.host('a').behaviour = 'away';
    hosts.host('a').decide = () => 'away';
    expect((await got(abc('ann@desk').readWish()))?.generation).toBe(2);
    hosts.host('a').decide = () => 'answers';
    hosts.host('c').behaviour = 'away';
    expect((await got(abc('ann@desk').readWish()))?.generation).toBe(2);
  });
});

describe('damage', () => {
  test('of a copy on a minority is mended from the majority, and told', async () => {
    await begun();
    const damaged = hosts.host('b').read('record.json').replace('prod-1a2b', 'prod-1a2c');
    hosts.host('b').write('record.json', damaged);
    const bob = abc('bob@lab');
    expect(numberOf(await got(bob.readRecord()))).toBe(1);
    const lock = await got(bob.lock('apply'));
    await hosts.pass(11_000);
    expect(told).toMatchObject([{ code: 'state-repaired', data: { host: 'b', was: 'damaged' } }]);
    expect(hosts.host('b').read('record.json')).toContain('prod-1a2b');
    hosts.host('a').behaviour = 'away';
    expect(numberOf(await got(bob.readRecord()))).toBe(1);
    await hosts.finish(lock.release());
  });

  test.each([
    ['record.json', ''],
    ['record.json', 'not ours'],
    ['wish.json', '{"sum":'],
    ['lock.json', '\0\0\0'],
  ])('of %s on a majority (%j) is a problem, never a guess', async (file, content) => {
    await begun();
    hosts.host('a').write(file, content);
    hosts.host('b').write(file, content);
    expect(await problem(abc('bob@lab').readRecord())).toMatchObject({ code: 'state-damaged' });
  });

  test('a disk that is empty holds nothing: its host counts again once the others have filled it', async () => {
    await begun();
    const ann = abc('ann@desk');
    await got(ann.appendJournal(entryOf(7), { durable: true }));
    hosts.host('b').wipe();
    hosts.host('c').behaviour = 'away';
    expect(await problem(ann.readRecord())).toMatchObject({
      code: 'state-majority-lost',
      data: { holding: ['a'], empty: ['b'] },
    });
    hosts.host('c').behaviour = 'answers';
    const lock = await got(ann.lock('apply'));
    await hosts.pass(11_000);
    expect(told).toMatchObject([{ code: 'state-repaired', data: { host: 'b', was: 'blank' } }]);
    await hosts.finish(lock.release());
    hosts.host('a').behaviour = 'away';
    expect(numberOf(await got(ann.readRecord()))).toBe(1);
    expect((await got(ann.readWish()))?.generation).toBe(1);
    expect(await got(ann.readJournal(5))).toEqual([entryOf(7)]);
  });

  test('what is left of an older cluster of the same name is told apart', async () => {
    await got(seat('old@desk', 'a', 'x', 'y').writeRecord(recordOf(8)));
    await got(seat('new@desk', 'b', 'z', 'w').writeRecord(recordOf(9)));
    for (const name of ['x', 'y', 'z', 'w']) hosts.host(name).behaviour = 'away';
    expect(await problem(seat('ann@desk', 'a', 'b').readRecord())).toMatchObject({
      code: 'state-of-two',
      data: { states: [{ hosts: ['a'] }, { hosts: ['b'] }] },
    });
  });

  test('and a host that holds such a thing is not taken into the set', async () => {
    await begun();
    await got(seat('old@desk', 'x').writeRecord(recordOf(8)));
    const ann = abc('ann@desk');
    const lock = await got(ann.lock('run'));
    await got(ann.writeWish(wishOf('a', 'b', 'c', 'x'), 1));
    await hosts.pass(11_000);
    expect(told).toMatchObject([{ code: 'state-hosts-not-changed' }]);
    expect(told[0]?.detail).toContain('x has that of another cluster of this name');
    expect(numberOf(await got(ann.readRecord()))).toBe(1);
    await hosts.finish(lock.release());
  });

  test('a founding that was cut short is nothing, and is begun anew', async () => {
    hosts.host('b').behaviour = 'killed';
    expect(await problem(abc('ann@desk').lock('founding'))).toMatchObject({ code: 'state-unsure' });
    hosts.host('b').behaviour = 'answers';
    const bob = abc('bob@lab');
    expect(await got(bob.readRecord())).toBeUndefined();
    await hosts.pass(31_000);
    await got(bob.writeRecord(recordOf(4)));
    expect(numberOf(await got(abc('ann@desk').readRecord()))).toBe(4);
  });
});

describe('the journal', () => {
  test('is joined from what each host has, in the order of the lock', async () => {
    await begun();
    const ann = abc('ann@desk');
    const lock = await got(ann.lock('apply'));
    await got(ann.appendJournal(entryOf(20), { durable: true }));
    hosts.host('a').behaviour = 'away';
    // Her clock was set back meanwhile.
    await got(ann.appendJournal(entryOf(10), { durable: true }));
    hosts.host('a').behaviour = 'answers';
    hosts.host('b').behaviour = 'away';
    await got(ann.appendJournal(entryOf(30), { durable: true }));
    hosts.host('b').behaviour = 'answers';
    hosts.host('c').append('journal.jsonl', '{"kind":"wish","at":2,"gen');
    await got(ann.appendJournal(entryOf(40), { durable: true }));
    hosts.host('a').behaviour = 'away';
    const all = [entryOf(20), entryOf(10), entryOf(30), entryOf(40)];
    expect(await got(abc('bob@lab').readJournal(10))).toEqual(all);
    expect(await got(abc('bob@lab').readJournal(2))).toEqual(all.slice(2));
    await hosts.finish(lock.release());
  });

  test('what need not be durable goes with the next round trip', async () => {
    await begun();
    const ann = abc('ann@desk');
    const lock = await got(ann.lock('apply'));
    const roundTrips = hosts.log.length;
    await got(ann.appendJournal(entryOf(1), { durable: false }));
    expect(hosts.log.length).toBe(roundTrips);
    await got(ann.appendJournal(entryOf(2), { durable: true }));
    await got(ann.appendJournal(entryOf(3), { durable: false }));
    await hosts.finish(lock.release());
    expect(await got(abc('bob@lab').readJournal(9))).toEqual([1, 2, 3].map(entryOf));
  });

  test('grows no longer than its bound', async () => {
    await begun();
    const ann = abc('ann@desk');
    await got(ann.appendJournal(entryOf(1), { durable: true }));
    for (const name of ['a', 'b', 'c']) {
      hosts.host(name).append('journal.jsonl', `${'x'.repeat(4 * 1024 * 1024)}\n`);
    }
    await got(ann.appendJournal(entryOf(2), { durable: true }));
    await got(ann.appendJournal(entryOf(3), { durable: true }));
    expect(hosts.host('a').read('journal.jsonl').length).toBeLessThan(1000);
    expect(await got(ann.readJournal(3))).toEqual([1, 2, 3].map(entryOf));
  });
});

describe('the hosts change', () => {
  test('with the wish: the state moves, and a seat that knows only the old ones finds it', async () => {
    await begun();
    const ann = abc('ann@desk');
    await got(ann.appendJournal(entryOf(1), { durable: true }));
    const lock = await got(ann.lock('run'));
    await got(ann.writeWish(wishOf('c', 'd', 'e'), 1));
    await hosts.pass(21_000);
    expect(told).toEqual([]);
    expect(hosts.host('d').read('record.json')).toContain('"hosts":["c","d","e"],"content"');
    await got(ann.writeRecord(recordOf(5)));
    await got(ann.appendJournal(entryOf(2), { durable: true }));
    expect(await lock.stillHeld()).toBe(true);
    // Those that were left say where it is.
    expect(numberOf(await got(abc('bob@lab').readRecord()))).toBe(5);
    hosts.host('a').behaviour = 'away';
    hosts.host('b').behaviour = 'away';
    const cid = seat('cid@home', 'c', 'd', 'e');
    expect(numberOf(await got(cid.readRecord()))).toBe(5);
    expect((await got(cid.readWish()))?.generation).toBe(2);
    expect(await got(cid.readJournal(9))).toEqual([entryOf(1), entryOf(2)]);
    expect(await problem(cid.lock('apply'))).toMatchObject({ code: 'lock-held' });
    await hosts.finish(lock.release());
  });

  test('from one to three, and back to one', async () => {
    const ann = seat('ann@desk', 'a');
    const lock = await got(ann.lock('run'));
    await got(ann.writeRecord(recordOf(1)));
    await got(ann.writeWish(wishOf('a', 'b', 'c'), 0));
    await hosts.pass(21_000);
    hosts.host('b').behaviour = 'away';
    await got(ann.writeRecord(recordOf(2)));
    hosts.host('b').behaviour = 'answers';
    await got(ann.writeWish(wishOf('b'), 1));
    await hosts.pass(21_000);
    hosts.host('a').behaviour = 'away';
    hosts.host('c').behaviour = 'away';
    await got(ann.writeRecord(recordOf(3)));
    expect(numberOf(await got(seat('bob@lab', 'b').readRecord()))).toBe(3);
    await hosts.finish(lock.release());
  });

  test('not to hosts that cannot be reached: it stays, and is told', async () => {
    await begun();
    const ann = abc('ann@desk');
    const lock = await got(ann.lock('run'));
    hosts.host('d').behaviour = 'away';
    hosts.host('e').behaviour = 'away';
    await got(ann.writeWish(wishOf('c', 'd', 'e'), 1));
    await hosts.pass(11_000);
    expect(told).toMatchObject([
      { code: 'state-hosts-not-changed', data: { from: ['a', 'b', 'c'], to: ['c', 'd', 'e'] } },
    ]);
    await got(ann.writeRecord(recordOf(2)));
    hosts.host('d').behaviour = 'answers';
    await hosts.pass(11_000);
    expect(hosts.host('d').read('record.json')).toContain('"hosts":["c","d","e"],"content"');
    await hosts.finish(lock.release());
  });

  test('and whoever changes them dies in the middle, at any moment: the next holder completes it', async () => {
    for (const cutAfter of [4, 9, 13, 17, 22, 27]) {
      hosts.remove();
      hosts = new FakeHosts();
      await begun();
      const ann = abc('ann@desk');
      await got(ann.lock('run'));
      await got(ann.writeWish(wishOf('c', 'd', 'e'), 1));
      await got(ann.writeRecord(recordOf(2)));
      let sentCount = 0;
      // From her so-many-eth question on she is dead.
      const isDead = () => ++sentCount > cutAfter;
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        hosts.host(name).decide = () => (isDead() ? 'away' : 'answers');
      }
      await hosts.pass(45_000);
      kill(ann);
      for (const name of ['a', 'b', 'c', 'd', 'e']) hosts.host(name).decide = () => 'answers';
      const bob = seat('bob@lab', 'a', 'b', 'c', 'd', 'e');
      const lock = await got(bob.lock('run'));
      expect(numberOf(await got(bob.readRecord()))).toBe(2);
      await got(bob.writeRecord(recordOf(3)));
      await hosts.pass(25_000);
      for (const name of ['a', 'b']) hosts.host(name).decide = () => 'away';
      expect(numberOf(await got(bob.readRecord()))).toBe(3);
      expect((await got(bob.readWish()))?.generation).toBe(2);
      await hosts.finish(lock.release());
    }
  });
});

describe('a turn', () => {
  test('asks each host once for wish, record and lock', async () => {
    await begun();
    const ann = abc('ann@desk');
    const lock = await got(ann.lock('run'));
    await got(ann.readWish());
    await got(ann.readRecord());
    for (let turn = 0; turn < 3; turn++) {
      const before = hosts.log.length;
      expect(await lock.stillHeld()).toBe(true);
      await got(ann.readWish());
      await got(ann.readRecord());
      expect(await lock.stillHeld()).toBe(true);
      expect(hosts.log.length - before).toBe(3);
    }
    await hosts.finish(lock.release());
  });

  test('of one who only looks asks no more for the lock, and again when it is asked a second time', async () => {
    await begun();
    const ann = abc('ann@desk');
    await got(ann.readWish());
    const asked = async () => {
      const before = hosts.log.length;
      const holder = await hosts.finish(ann.lockHolder());
      return [holder?.seat, hosts.log.length - before];
    };
    expect(await asked()).toEqual([undefined, 0]);
    const lock = await got(abc('bob@lab').lock('run'));
    expect(await asked()).toEqual(['bob@lab', 3]);
    await hosts.finish(lock.release());
  });

  test('sees at once what we wrote ourselves, and at the next question what others wrote', async () => {
    await begun();
    const ann = abc('ann@desk');
    const lock = await got(ann.lock('run'));
    await got(ann.readWish());
    await got(ann.writeRecord(recordOf(2)));
    expect(numberOf(await got(ann.readRecord()))).toBe(2);
    await got(ann.readWish());
    await got(abc('bob@lab').writeWish(wishOf('a', 'b', 'c'), 1));
    expect((await got(ann.readWish()))?.generation).toBe(2);
    await hosts.finish(lock.release());
  });
});

test('files are for root alone', async () => {
  await begun();
  const { stateDir } = hosts.host('a');
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
  expect(await modeOf(stateDir)).toBe(0o700);
  for (const file of ['record.json', 'wish.json', 'lock.json', 'lease']) {
    expect(await modeOf(join(stateDir, file))).toBe(0o600);
  }
  expect((await readdir(stateDir)).toSorted()).toEqual([
    'lease',
    'lock.json',
    'record.json',
    'wish.json',
  ]);
});
