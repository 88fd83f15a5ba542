/** One host and its script: what it does, and above all what it refuses. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unsafeBrand } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { RecordCopy, WishCopy } from './copies.js';
import { type HostReply, parseReply } from './host-reply.js';
import { type Grant, type HostOp, type HostRequest, hostCall } from './host-request.js';
import { FakeHosts } from './testing/fake-hosts.js';
import { PROD, recordOf, wishOf } from './testing/samples.js';

const A = unsafeBrand<HostName>('a');
const NEVER = new AbortController().signal;
const OURS = { founding: 'f0', set: 1000 };

let hosts: FakeHosts;
beforeEach(() => {
  hosts = new FakeHosts();
});
afterEach(() => hosts.remove());

async function ask(request: HostRequest): Promise<HostReply> {
  const command = { doing: 'test', deadlineMs: 5000, ...hostCall(PROD, request) };
  const end = await hosts.shell.run(A, command, NEVER);
  if (end.kind !== 'ended' || end.code !== 0) throw new Error(JSON.stringify(end));
  const reply = parseReply(end.stdout);
  if (!reply.ok) throw new Error(reply.error);
  return reply.value;
}
const answers = async (op: HostOp, request: HostRequest) => (await ask(request)).ops.get(op);

const grantOf = (fence: number, token: string, more: Partial<Grant> = {}): Grant => ({
  fence,
  token,
  leaseMs: 30_000,
  who: { seat: `it's "${token}"@desk`, pid: 1, purpose: 'a; b $(c)', sinceMs: 5 },
  ...more,
});
const copyOf = (fence: number, sequence: number, more: Partial<RecordCopy> = {}): RecordCopy => ({
  fence,
  sequence,
  founding: OURS.founding,
  isFounded: true,
  set: { number: OURS.set, hosts: [A] },
  record: recordOf(sequence),
  ...more,
});
const wishCopyOf = (ballot: number): WishCopy => {
  const { spec, ...rest } = wishOf('a');
  const etcd = { 'log-format': 'it\'s "$(x)" `y` \\n %s \n ü' };
  return { ballot, author: 'me', wish: { ...rest, spec: { ...spec, etcd }, generation: ballot } };
};

/** A host whose lock has had the number 5, and is free. */
async function holding(): Promise<void> {
  const grant = grantOf(5, '0a');
  await ask({ ...OURS, mode: 'found', grant, record: copyOf(5, 1, { isFounded: false }) });
  await ask({ ...OURS, record: copyOf(5, 2), promise: 7 });
  await ask({ ...OURS, wish: wishCopyOf(7) });
  await ask({ ...OURS, release: '0a' });
}

describe('a host where nothing is', () => {
  test('says so, and is not changed by looking', async () => {
    expect(await ask({ look: true })).toMatchObject({ kind: 'blank', fence: 0, leftMs: 0 });
    expect(() => hosts.host('a').read('.')).toThrow('ENOENT');
  });

  test.each<[HostOp, HostRequest]>([
    ['grant', { grant: grantOf(1, '0b') }],
    ['record', { record: copyOf(9, 9) }],
    ['promise', { promise: 9 }],
    ['wish', { wish: wishCopyOf(9) }],
    ['append', { append: { lines: ['{}'], durable: true } }],
  ])('has no part in anything (%s): it would forget that it had', async (op, request) => {
    expect(await answers(op, { ...OURS, ...request })).toBe('blank');
    hosts.host('a').wipe();
    await ask({ mode: 'seed', ...OURS, grant: grantOf(1, '0b'), seed: seedOf(copyOf(1, 1)) });
    hosts.host('a').write('lock.json', 'no');
    expect(await answers(op, { ...OURS, ...request })).toBe('damaged');
  });
});

const seedOf = (record: RecordCopy) => ({ record, wish: undefined, ballot: 0, journal: [] });

describe('a host that holds the state', () => {
  test('keeps texts as they are, whatever is in them', async () => {
    await holding();
    const reply = await ask({ ...OURS, grant: grantOf(6, '0b'), look: true });
    expect(reply.lock).toMatchObject({ value: { who: grantOf(6, '0b').who, isHeld: true } });
    expect(reply.record).toEqual({ kind: 'whole', value: copyOf(5, 2) });
    expect(reply.wish).toEqual({ kind: 'whole', value: wishCopyOf(7) });
  });

  test.each<[HostOp, string, HostRequest]>([
    ['grant', 'low', { grant: grantOf(5, '0b') }],
    ['record', 'low', { record: copyOf(4, 9) }],
    ['record', 'old', { record: copyOf(5, 1) }],
    ['record', 'ok', { record: copyOf(5, 2) }],
    ['record', 'ok', { record: copyOf(5, 3) }],
    ['promise', 'low', { promise: 7 }],
    ['promise', 'ok', { promise: 8 }],
    ['wish', 'low', { wish: wishCopyOf(6) }],
    ['wish', 'ok', { wish: wishCopyOf(7) }],
    ['wish', 'fenced', { wish: wishCopyOf(8), guard: 4 }],
    ['append', 'fenced', { append: { lines: ['{}'], durable: true }, guard: 4 }],
    ['append', 'ok', { append: { lines: ['{}'], durable: true }, guard: 5 }],
    ['record', 'stale', { record: copyOf(6, 1), set: 999 }],
    ['promise', 'stale', { promise: 8, set: 999 }],
    ['wish', 'stale', { wish: wishCopyOf(8), set: 999 }],
    ['grant', 'stale', { grant: grantOf(6, '0b'), set: 999 }],
    ['append', 'stale', { append: { lines: ['{}'], durable: true }, set: 999 }],
    ['record', 'foreign', { record: copyOf(6, 1), founding: 'f1' }],
    ['grant', 'foreign', { grant: grantOf(6, '0b'), founding: 'f1' }],
    ['grant', 'founded', { mode: 'found', grant: grantOf(6, '0b'), founding: 'f1' }],
    [
      'seed',
      'foreign',
      {
        mode: 'seed',
        grant: grantOf(6, '0b'),
        founding: 'f1',
        seed: seedOf(copyOf(6, 1, { founding: 'f1' })),
      },
    ],
    ['seed', 'low', { mode: 'seed', grant: grantOf(4, '0b'), seed: seedOf(copyOf(6, 1)) }],
  ])('answers %s with %s (%#)', async (op, answer, request) => {
    await holding();
    const before = hosts.host('a').read('record.json');
    expect(await answers(op, { ...OURS, ...request })).toBe(answer);
    if (answer !== 'ok') expect(hosts.host('a').read('record.json')).toBe(before);
  });

  test('is given what it lacks, and keeps what it has newer', async () => {
    await holding();
    const grant = grantOf(6, '0b');
    await ask({
      ...OURS,
      mode: 'seed',
      grant,
      seed: { ...seedOf(copyOf(5, 1)), wish: wishCopyOf(6) },
    });
    const reply = await ask({ look: true });
    expect(reply).toMatchObject({ fence: 6, ballot: 7 });
    expect(reply.record).toMatchObject({ value: { sequence: 2 } });
    expect(reply.wish).toMatchObject({ value: { ballot: 7 } });
  });

  test('does nothing after something that it refused', async () => {
    await holding();
    await ask({ ...OURS, grant: grantOf(9, '0c') });
    const reply = await ask({ ...OURS, grant: grantOf(8, '0b'), record: copyOf(9, 9), look: true });
    expect([...reply.ops]).toEqual([
      ['grant', 'held'],
      ['record', 'skipped'],
    ]);
    expect(reply.record).toMatchObject({ value: { sequence: 2 } });
  });
});

describe('a lease', () => {
  test('is given again to nobody while it lasts, counted from its last renewal', async () => {
    await holding();
    expect(await answers('grant', { ...OURS, grant: grantOf(6, '0b') })).toBe('ok');
    await hosts.pass(20_000);
    expect(await answers('grant', { ...OURS, grant: grantOf(7, '0c') })).toBe('held');
    expect(await answers('grant', { ...OURS, grant: grantOf(6, '0b') })).toBe('ok');
    await hosts.pass(29_900);
    expect((await ask({ look: true })).leftMs).toBe(100);
    expect(await answers('grant', { ...OURS, grant: grantOf(7, '0c') })).toBe('held');
    await hosts.pass(100);
    expect(await answers('grant', { ...OURS, grant: grantOf(7, '0c') })).toBe('ok');
    // Its former holder comes too late.
    expect(await answers('grant', { ...OURS, grant: grantOf(6, '0b') })).toBe('held');
  });

  test('that was given back is free, and a request on its way does not take it again', async () => {
    await holding();
    await ask({ ...OURS, grant: grantOf(6, '0b') });
    await ask({ ...OURS, release: '0b' });
    expect(await answers('grant', { ...OURS, grant: grantOf(6, '0b') })).toBe('low');
    expect(await answers('grant', { ...OURS, grant: grantOf(7, '0c') })).toBe('ok');
    // Nobody gives back what is not his.
    await ask({ ...OURS, release: '0b' });
    expect(await answers('grant', { ...OURS, grant: grantOf(8, '0d') })).toBe('held');
  });

  test('is taken from its holder on his token, and it is said how long he may believe in it', async () => {
    await holding();
    await ask({ ...OURS, grant: grantOf(6, '0b') });
    await hosts.pass(12_000);
    const take = (takeOver: string) => ({ ...OURS, grant: grantOf(7, '0c', { takeOver }) });
    expect((await ask(take('0d'))).ops.get('grant')).toBe('held');
    const reply = await ask(take('0b'));
    expect(reply.ops.get('grant')).toBe('ok');
    expect(reply.takenLeftMs).toBe(18_000);
    expect(await answers('grant', { ...OURS, grant: grantOf(6, '0b') })).toBe('held');
  });

  test('of before a boot counts from the boot', async () => {
    await holding();
    await ask({ ...OURS, grant: grantOf(6, '0b') });
    await hosts.pass(25_000);
    hosts.host('a').reboot();
    await hosts.pass(10_000);
    expect((await ask({ look: true })).leftMs).toBe(20_000);
    await hosts.pass(20_000);
    expect((await ask({ look: true })).leftMs).toBe(0);
  });
});
