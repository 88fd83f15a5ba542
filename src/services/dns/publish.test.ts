import { afterEach, describe, expect, test } from 'vitest';
import { seededRandom, systemClock } from '../../base/index.js';
import { type PublishOptions, publishRecords } from './publish.js';
import {
  type OnUpdate,
  type ScriptedPrimary,
  answerHeader,
  scriptedPrimary,
} from './testing/scripted-primary.js';
import { dnsWith, memberAt, threeMembers, zoneWith } from './testing/zones.js';
import { TSIGKey } from './update/key-file.js';
import { sign } from './update/tsig.js';
import { RCODE } from './wire/codes.js';

const key = new TSIGKey('k', 'hmac-sha256', Buffer.from('secret'));
const primaries: ScriptedPrimary[] = [];
afterEach(async () => {
  for (const each of primaries.splice(0)) await each.close();
});

const now = () => Math.floor(systemClock.now() / 1_000);

/** The MAC of a signed request: the 32 bytes before original id, error and other length. */
const macOf = (message: Buffer): Buffer => message.subarray(-38, -6);

/** Answers as a server does that has the key. */
const signedWith =
  (rcode: number, by = key): OnUpdate =>
  (update) =>
    sign(answerHeader(update, rcode), by, now(), macOf(update)).message;

type More = Partial<Pick<PublishOptions, 'zone' | 'dryRun' | 'whoIsStillThere'>>;

async function publish(onUpdate: OnUpdate, more: More = {}) {
  const primary = await scriptedPrimary(zoneWith(threeMembers), onUpdate);
  primaries.push(primary);
  const outcome = await publishRecords({
    dns: dnsWith([memberAt(1), memberAt(2, '10.0.1.99'), memberAt(4)]),
    server: primary.address,
    key,
    clock: systemClock,
    random: seededRandom(1),
    signal: new AbortController().signal,
    ...more,
  });
  return { outcome, updates: primary.updates };
}

const detailOf = (outcome: Awaited<ReturnType<typeof publish>>['outcome']): string =>
  outcome.kind === 'applied' ? '' : `${outcome.problem.code}: ${outcome.problem.detail}`;

describe('publishing', () => {
  test('changes what differs in one update, records of members that left included', async () => {
    const { outcome, updates } = await publish(signedWith(RCODE.NOERROR));
    expect(outcome.kind).toBe('applied');
    if (outcome.kind !== 'applied') return;
    const said = (records: typeof outcome.value.add) =>
      records.map((record) => (record.type === 'SRV' ? record.target : record.address));
    expect(said(outcome.value.add)).toEqual([
      'm4.example.com',
      'm4.example.com',
      '10.0.1.99',
      '10.0.1.14',
    ]);
    expect(said(outcome.value.remove)).toEqual([
      'm3.example.com',
      'm3.example.com',
      '10.0.1.12',
      '10.0.1.13',
    ]);
    expect(outcome.value).toMatchObject({ zone: 'example.com', sent: true });
    expect(updates).toHaveLength(1);
  });

  test('demands that every set is still as it was seen', async () => {
    const { updates } = await publish(signedWith(RCODE.NOERROR));
    const [update = Buffer.alloc(12)] = updates;
    // 3 servers, 3 clients, 2 names of the other scheme, A of m1 to m3, AAAA of none, and nothing of m4.
    expect(update.readUInt16BE(6)).toBe(3 + 3 + 2 + 3 + 3 + 2);
    expect(update.readUInt16BE(8)).toBe(8);
  });

  test('takes no name from a member that runs', async () => {
    const asked: unknown[] = [];
    const { outcome, updates } = await publish(signedWith(RCODE.NOERROR), {
      whoIsStillThere: async (...moving) => {
        asked.push(moving);
        return 'm2';
      },
    });
    expect(outcome.kind).toBe('refused');
    expect(detailOf(outcome)).toMatch(/^dns-member-still-there: .*10\.0\.1\.99/);
    expect(updates).toEqual([]);
    // m3 leaves and m4 comes: neither is a name that moves.
    expect(asked).toEqual([['m2.example.com', '10.0.1.12', ['10.0.1.99']]]);
  });

  test('only looks when nothing is to be changed', async () => {
    const { outcome, updates } = await publish(signedWith(RCODE.NOERROR), { dryRun: true });
    expect(outcome).toMatchObject({ kind: 'applied', value: { sent: false } });
    expect(updates).toEqual([]);
  });

  test.each([
    ['the records were changed meanwhile', RCODE.NXRRSET, 'same moment'],
    ['the key may not do that', RCODE.REFUSED, 'REFUSED'],
    ['a name is not in the zone', RCODE.NOTZONE, 'NOTZONE'],
  ])('is refused when %s', async (_, rcode, because) => {
    const { outcome } = await publish(signedWith(rcode));
    expect(outcome.kind).toBe('refused');
    expect(detailOf(outcome)).toContain(because);
  });

  test('is refused by a server that does not know the key', async () => {
    const { outcome } = await publish((update) => answerHeader(update, RCODE.NOTAUTH));
    expect(outcome.kind).toBe('refused');
  });

  test.each([
    ['no answer comes', () => undefined],
    ['the answer is not signed', (update: Buffer) => answerHeader(update, RCODE.NOERROR)],
    [
      'the answer is signed by somebody else',
      signedWith(RCODE.NOERROR, new TSIGKey('k', 'hmac-sha256', Buffer.from('x'))),
    ],
    [
      'a refusal is signed by somebody else',
      signedWith(RCODE.REFUSED, new TSIGKey('k', 'hmac-sha256', Buffer.from('x'))),
    ],
    ['the server fails', signedWith(RCODE.SERVFAIL)],
  ] as const)('is unknown when %s, and is not sent again', async (_, onUpdate) => {
    const { outcome, updates } = await publish(onUpdate);
    expect(outcome.kind).toBe('unknown');
    expect(detailOf(outcome)).toMatch(/^dns-update-unknown: /);
    expect(updates).toHaveLength(1);
  });

  test('a domain outside the zone is refused before anything is sent', async () => {
    const { outcome, updates } = await publish(signedWith(RCODE.NOERROR), { zone: 'example.org' });
    expect(detailOf(outcome)).toContain('dns-zone-unknown');
    expect(updates).toEqual([]);
  });

  test('a server that is not there is a refusal: nothing was sent', async () => {
    const outcome = await publishRecords({
      dns: dnsWith(threeMembers),
      server: '127.0.0.1:1',
      key,
      clock: systemClock,
      random: seededRandom(1),
      signal: new AbortController().signal,
    });
    expect(outcome.kind).toBe('refused');
  });
});
