import { expect, test } from 'vitest';
import { type Random, seededRandom } from '../../../base/index.js';
import { FUZZ_SEED, fuzzCount, mutatedOf } from '../testing/noise.js';
import { answerHeader } from '../testing/scripted-primary.js';
import { dnsWith, threeMembers } from '../testing/zones.js';
import { RCODE } from '../wire/codes.js';
import { whatItSays } from './answer.js';
import { TSIGKey } from './key-file.js';
import { updateMessage } from './message.js';
import { sign } from './tsig.js';

const COUNT = fuzzCount(20_000);
const NOW = 1_792_000_000;
const key = new TSIGKey('k.example', 'hmac-sha256', Buffer.from('the secret'));
const otherKey = new TSIGKey('k.example', 'hmac-sha256', Buffer.from('another'));

const dns = dnsWith(threeMembers);
const update = updateMessage({
  id: 4711,
  zone: 'example.com',
  looked: [],
  found: [],
  change: { add: dns.records, remove: [] },
});
const { message: request, mac } = sign(update, key, NOW);

/** A server may repeat the update's sections in its answer, and most only its zone. */
const whole = (rcode: number): Buffer => {
  const bytes = Buffer.from(update);
  answerHeader(update, rcode).copy(bytes, 0, 0, 4);
  return bytes;
};
const UNSIGNED = [RCODE.NOERROR, RCODE.REFUSED, RCODE.SERVFAIL, RCODE.NXRRSET].flatMap((rcode) => [
  answerHeader(request, rcode),
  whole(rcode),
]);
const signed = (bytes: Buffer, by = key, about = mac): Buffer =>
  sign(bytes, by, NOW, about).message;

/** The record of a server that could not accept a signature: without a MAC, with the error in it. */
function withTSIGError(error: number): Buffer {
  const bytes = signed(answerHeader(request, RCODE.NOTAUTH));
  const macAt = bytes.length - 6 - mac.length;
  const tail = Buffer.from(bytes.subarray(macAt + mac.length));
  tail.writeUInt16BE(error, 2);
  const cut = Buffer.concat([bytes.subarray(0, macAt), tail]);
  cut.writeUInt16BE(0, macAt - 2);
  const lengthAt = macAt - 10 - 'hmac-sha256'.length - 2 - 2;
  cut.writeUInt16BE(cut.readUInt16BE(lengthAt) - mac.length, lengthAt);
  return cut;
}

const FORGED: readonly Buffer[] = [
  ...UNSIGNED,
  ...[16, 17, 18, 22].map(withTSIGError),
  ...UNSIGNED.map((bytes) => signed(bytes, otherKey)),
  ...UNSIGNED.map((bytes) => signed(bytes, key, sign(update, key, NOW + 1).mac)),
];
const TRUE = UNSIGNED.map((bytes) => signed(bytes));

/** The id is covered as the signer had it, so that a forwarder may change it (RFC 8945 5.3). */
const withoutID = (bytes: Buffer): string => bytes.toString('latin1', 2);

/** True answers and false ones made wrong; and noise that whoever has the key has signed. */
function noise(random: Random, trulySigned: Set<string>): Buffer {
  if (random.next() < 0.7) return mutatedOf([...TRUE, ...FORGED], random);
  const bytes = mutatedOf(UNSIGNED, random);
  if (bytes.length < 12 || bytes.readUInt16BE(10) === 0xffff) return bytes;
  const made = signed(bytes);
  trulySigned.add(withoutID(made));
  return made;
}

test('errors that a server cannot sign are made rightly here', () => {
  expect([16, 17, 18, 22].map((error) => whatItSays(withTSIGError(error), key, NOW, mac))).toEqual(
    ['BADSIG', 'BADKEY', 'BADTIME', 'BADTRUNC'].map((answer) => ({ kind: 'not-done', answer })),
  );
});

test(`${COUNT} noisy answers to an update: it is done only when the key says so of this update`, () => {
  const random = seededRandom(FUZZ_SEED);
  const kinds = new Map<string, number>();
  const trulySigned = new Set(TRUE.map(withoutID));
  for (let i = 0; i < COUNT; i++) {
    const bytes = noise(random, trulySigned);
    const said = whatItSays(bytes, key, NOW, mac);
    kinds.set(said.kind, (kinds.get(said.kind) ?? 0) + 1);
    if (said.kind !== 'done') continue;
    const isTrue = trulySigned.has(withoutID(bytes)) && (bytes.readUInt16BE(2) & 0xf) === 0;
    if (!isTrue) expect.fail(`answer ${i} of seed ${FUZZ_SEED}: ${bytes.toString('hex')}`);
  }
  // Else the noise would have stopped reaching what it is to reach.
  for (const kind of ['done', 'not-done', 'unknown']) {
    expect([kind, (kinds.get(kind) ?? 0) > COUNT / 1_000]).toEqual([kind, true]);
  }
});
