import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { TSIGKey, type TSIGAlgorithm } from './key-file.js';
import { sign, verify } from './tsig.js';

const SECRET = Buffer.from('4a65666553616d706c6553656372657421', 'hex');
const keyOf = (algorithm: TSIGAlgorithm, name = 'k.example', secret = SECRET) =>
  new TSIGKey(name, algorithm, secret);
const NOW = 1_792_000_000;

/** An update of example.com without any change: id 0x1234, opcode 5, one zone. */
const MESSAGE = Buffer.from('123428000001000000000000076578616d706c6503636f6d0000060001', 'hex');

/** The fields of RFC 8945 4.3.3, written down as hex by hand and not by the code under test. */
const HAND = {
  'hmac-sha256': { name: '0b686d61632d73686132353600', hash: 'sha256', bytes: 32 },
  'hmac-sha512': { name: '0b686d61632d73686135313200', hash: 'sha512', bytes: 64 },
} as const;
const KEY_NAME = '016b076578616d706c6500';
const TIME = NOW.toString(16).padStart(12, '0');

describe.each(['hmac-sha256', 'hmac-sha512'] as const)('%s', (algorithm) => {
  const { name, hash, bytes } = HAND[algorithm];
  const key = keyOf(algorithm);

  test('a signature is what the RFC says, computed another way', () => {
    const signed = sign(MESSAGE, key, NOW);
    const covered = MESSAGE.toString('hex') + `${KEY_NAME}00ff00000000${name}${TIME}012c00000000`;
    const mac = createHmac(hash, SECRET).update(Buffer.from(covered, 'hex')).digest('hex');
    expect(signed.mac.toString('hex')).toBe(mac);
    const length = (13 + 6 + 2 + 2 + bytes + 2 + 2 + 2).toString(16).padStart(4, '0');
    const macLength = bytes.toString(16).padStart(4, '0');
    const record = `${KEY_NAME}00fa00ff00000000${length}${name}${TIME}012c${macLength}${mac}123400000000`;
    // One additional record more than before, and nothing else is changed.
    const header = '123428000001000000000001';
    expect(signed.message.toString('hex')).toBe(
      header + MESSAGE.toString('hex').slice(24) + record,
    );
  });

  test('an answer is true only with this key, to this request, unchanged, and now', () => {
    const request = sign(MESSAGE, key, NOW);
    const answer = Buffer.from(MESSAGE);
    answer.writeUInt16BE(0xa800, 2);
    const signed = sign(answer, key, NOW, request.mac).message;
    expect(verify(signed, key, NOW, request.mac)).toEqual({ kind: 'good' });
    expect(verify(signed, key, NOW + 301, request.mac).kind).toBe('bad');
    expect(verify(signed, key, NOW, sign(MESSAGE, key, NOW + 1).mac).kind).toBe('bad');
    expect(verify(signed, keyOf(algorithm, 'other'), NOW, request.mac).kind).toBe('bad');
    expect(
      verify(signed, keyOf(algorithm, 'k.example', Buffer.from('no')), NOW, request.mac).kind,
    ).toBe('bad');
    for (let at = 0; at < signed.length; at++) {
      const changed = Buffer.from(signed);
      changed[at] = (changed[at] ?? 0) ^ 0x04;
      // The id is covered as the signer had it, so that a forwarder may change it (RFC 8945 5.3): whoever asked
      // compares it with its own.
      const { kind } = verify(changed, key, NOW, request.mac);
      expect(kind === 'good', `byte ${at}`).toBe(at < 2);
    }
  });

  test('what is not signed is not true', () => {
    const answer = Buffer.from(MESSAGE);
    expect(verify(answer, key, NOW, Buffer.alloc(bytes)).kind).toBe('unsigned');
  });
});
