import { decode } from 'dns-packet';
import { expect, test } from 'vitest';
import { seededRandom } from '../../../base/index.js';
import { FUZZ_SEED, fuzzCount, mutatedOf } from '../testing/noise.js';
import { edns, queryFor, threeMembers, zoneWith } from '../testing/zones.js';
import { answerTo, truncatedAnswer } from './answer.js';

const COUNT = fuzzCount(20_000);

const zone = zoneWith(threeMembers);

const SEEDS: readonly Buffer[] = [
  queryFor('_etcd-server._tcp.example.com', 'SRV'),
  queryFor('m1.example.com', 'A', edns(4_096)),
  queryFor('m9.example.com', 'ANY'),
  queryFor('example.com', 'SOA', edns(512, 1)),
  queryFor('.', 'NS'),
  answerTo(queryFor('_etcd-server._tcp.example.com', 'SRV'), zone, undefined).bytes ??
    Buffer.alloc(0),
];

test(`${COUNT} mutated packets: an answer that can be read, or silence, and never much longer than the question`, () => {
  const random = seededRandom(FUZZ_SEED);
  const kinds = new Set<string>();
  for (let i = 0; i < COUNT; i++) {
    const query = mutatedOf(SEEDS, random);
    const { kind, bytes } = answerTo(query, zone, 1_232);
    kinds.add(kind);
    truncatedAnswer(query);
    const fault = bytes === undefined ? undefined : faultOf(query, bytes);
    if (fault !== undefined)
      expect.fail(`packet ${i} of seed ${FUZZ_SEED}: ${fault}: ${query.toString('hex')}`);
  }
  // Else the mutations would have stopped reaching what they are to reach.
  expect([...kinds].sort()).toEqual(
    expect.arrayContaining([
      'answered',
      'dropped',
      'malformed',
      'no-name',
      'no-records',
      'refused',
    ]),
  );
});

function faultOf(query: Buffer, answer: Buffer): string | undefined {
  if (answer.length > Math.min(1_232, query.length + 600)) return `${answer.length} bytes`;
  if (answer.readUInt16BE(0) !== query.readUInt16BE(0)) return 'another id';
  try {
    decode(answer);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
