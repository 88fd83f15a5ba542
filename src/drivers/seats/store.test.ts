import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Problem, type Result, seededRandom, unsafeBrand } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { type HostsStore, createHostsStore } from './store.js';
import { FakeHosts } from './testing/fake-hosts.js';
import { PROD, entryOf, numberOf, recordOf, wishOf } from './testing/samples.js';

let hosts: FakeHosts;
let told: Problem[];
let seatCount = 0;
beforeEach(() => {
  hosts = new FakeHosts();
  told = [];
});
afterEach(() => hosts.remove());

const seat = (name: string, ...names: readonly string[]): HostsStore =>
  createHostsStore({
    cluster: PROD,
    hosts: names.map((host) => unsafeBrand<HostName>(host)),
    shell: hosts.shell,
    clock: hosts.clock,
    random: seededRandom(++seatCount),
    seat: { name, pid: 100 + seatCount },
    tell: (problem) => told.push(problem),
  });
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
