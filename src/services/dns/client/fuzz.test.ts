import { encode } from 'dns-packet';
import { expect, test } from 'vitest';
import { seededRandom } from '../../../base/index.js';
import { answerTo } from '../server/answer.js';
import { FUZZ_SEED, fuzzCount, mutatedOf } from '../testing/noise.js';
import { edns, queryFor, threeMembers, zoneWith } from '../testing/zones.js';
import { readAnswer, readZone } from './answers.js';

const COUNT = fuzzCount(20_000);
const SERVICE = '_etcd-server._tcp.example.com';
const zone = zoneWith(threeMembers);

const answerOf = (query: Buffer, bytesMax?: number): Buffer =>
  answerTo(query, zone, bytesMax).bytes ?? Buffer.alloc(0);

const alias = (from: string, to: string) => ({ type: 'CNAME' as const, name: from, data: to });

const SEEDS: readonly Buffer[] = [
  answerOf(queryFor(SERVICE, 'SRV')),
  answerOf(queryFor(SERVICE, 'SRV', edns(512)), 100),
  answerOf(queryFor('m1.example.com', 'A', edns(4_096))),
  answerOf(queryFor('m9.example.com', 'A')),
  answerOf(queryFor('example.com', 'SOA')),
  answerOf(queryFor('example.org', 'A')),
  encode({
    type: 'response',
    answers: [
      alias(SERVICE, 'a.example.com'),
      alias('a.example.com', 'b.example.com'),
      alias('b.example.com', SERVICE),
      { type: 'SRV', name: 'b.example.com', data: { port: 1, target: 'x\u001b[2J.example.com' } },
    ],
  }),
];

test('a target that is no text comes as text', () => {
  const bytes = encode({
    type: 'response',
    answers: [
      { type: 'SRV', name: SERVICE, data: { port: 1, target: '\u001b[2Jé\\.Example.com' } },
    ],
  });
  const answer = readAnswer(bytes, { name: SERVICE, type: 'SRV' });
  expect(answer).toMatchObject({
    kind: 'records',
    records: [{ target: '\\027[2j\\195\\169\\092.example.com' }],
  });
});

test(`${COUNT} mutated answers: records that can be printed, or why there are none`, () => {
  const random = seededRandom(FUZZ_SEED);
  const kinds = new Set<string>();
  for (let i = 0; i < COUNT; i++) {
    const bytes = mutatedOf(SEEDS, random);
    const said = [
      readAnswer(bytes, { name: SERVICE, type: 'SRV' }),
      readAnswer(bytes, { name: 'm1.example.com', type: 'A' }),
    ];
    for (const { kind } of said) kinds.add(kind);
    const zoneSaid = readZone(bytes, 'example.com');
    kinds.add('zone' in zoneSaid ? 'zone' : 'no zone');
    if (!/^[\x20-\x7e]*$/.test(JSON.stringify([said, zoneSaid])))
      expect.fail(`answer ${i} of seed ${FUZZ_SEED}: ${bytes.toString('hex')}`);
  }
  // Else the mutations would have stopped reaching what they are to reach.
  expect([...kinds].sort()).toEqual(['failed', 'no zone', 'none', 'records', 'truncated', 'zone']);
});
