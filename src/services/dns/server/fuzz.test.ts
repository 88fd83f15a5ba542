import { env } from 'node:process';
import { decode } from 'dns-packet';
import { expect, test } from 'vitest';
import { type Random, seededRandom } from '../../../base/index.js';
import { edns, queryFor, threeMembers, zoneWith } from '../testing/zones.js';
import { answerTo, truncatedAnswer } from './answer.js';

/** `QUORATE_FUZZ_COUNT=100000` for the long form; the seed makes a failure repeatable. */
const COUNT = Number(env['QUORATE_FUZZ_COUNT'] ?? 20_000);
const SEED = Number(env['QUORATE_FUZZ_SEED'] ?? 1);

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

const upTo = (random: Random, below: number): number => Math.floor(random.next() * below);

/** A few of: bytes changed, cut off, repeated, filled with pointers, two messages joined. */
function mutated(random: Random): Buffer {
  let bytes = Buffer.from(SEEDS[upTo(random, SEEDS.length)] ?? Buffer.alloc(0));
  for (let times = 1 + upTo(random, 6); times > 0; times--) {
    const at = upTo(random, bytes.length + 1);
    switch (upTo(random, 7)) {
      case 0:
        if (at < bytes.length) bytes[at] = upTo(random, 256);
        break;
      case 1:
        bytes = bytes.subarray(0, at);
        break;
      case 2:
        bytes = Buffer.concat([bytes, bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from([0xc0, upTo(random, 64)]),
          bytes.subarray(at),
        ]);
        break;
      case 4:
        // Counts of the header: the ones that a reader would allocate by.
        if (bytes.length >= 12) bytes.writeUInt16BE(upTo(random, 65_536), 4 + 2 * upTo(random, 4));
        break;
      case 5:
        bytes = Buffer.concat([bytes, SEEDS[upTo(random, SEEDS.length)] ?? bytes]);
        break;
      default:
        // As a query with its shape kept, so that what lies behind the header is reached.
        if (bytes.length >= 12) {
          bytes.writeUInt16BE(0x100, 2);
          bytes.set([0, 1, 0, 0, 0, 0, 0, upTo(random, 3)], 4);
        }
    }
    bytes = bytes.subarray(0, 4_096);
  }
  return bytes;
}

test(`${COUNT} mutated packets: an answer that can be read, or silence, and never much longer than the question`, () => {
  const random = seededRandom(SEED);
  const kinds = new Set<string>();
  for (let i = 0; i < COUNT; i++) {
    const query = mutated(random);
    const { kind, bytes } = answerTo(query, zone, 1_232);
    kinds.add(kind);
    truncatedAnswer(query);
    const fault = bytes === undefined ? undefined : faultOf(query, bytes);
    if (fault !== undefined)
      expect.fail(`packet ${i} of seed ${SEED}: ${fault}: ${query.toString('hex')}`);
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
