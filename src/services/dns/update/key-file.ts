import { open } from 'node:fs/promises';
import { type Result, err, ok } from '../../../base/index.js';
import { tsigKeyMalformed, tsigKeyOpen, tsigKeyUnreadable } from '../problems.js';

export const TSIG_ALGORITHMS = { 'hmac-sha256': 'sha256', 'hmac-sha512': 'sha512' } as const;
export type TSIGAlgorithm = keyof typeof TSIG_ALGORITHMS;

/** The secret is in nothing that is printed, logged or turned into JSON: only `sign` and `verify` take it out. */
export class TSIGKey {
  readonly name: string;
  readonly algorithm: TSIGAlgorithm;
  readonly #secret: Buffer;

  constructor(name: string, algorithm: TSIGAlgorithm, secret: Buffer) {
    this.name = name.toLowerCase().replace(/\.$/, '');
    this.algorithm = algorithm;
    this.#secret = secret;
  }

  /** For computing a MAC, and for nothing else. */
  withSecret<T>(use: (secret: Buffer) => T): T {
    return use(this.#secret);
  }
}

/** Anything longer is no key file. */
const FILE_BYTES_MAX = 16_384;
const GROUP_AND_OTHERS = 0o077;

/**
 * Reads a key as BIND writes it (`key "name" { algorithm …; secret "…"; };`) or as one line `hmac-sha256:name:secret`.
 * Refused when anybody but the owner may read the file. No problem quotes what is in it.
 */
export async function readTSIGKey(path: string): Promise<Result<TSIGKey>> {
  try {
    // One handle, so that what is looked at is what is read.
    const file = await open(path, 'r');
    try {
      const { mode, size } = await file.stat();
      if ((mode & GROUP_AND_OTHERS) !== 0) {
        return err(tsigKeyOpen({ path, mode: (mode & 0o777).toString(8).padStart(4, '0') }));
      }
      if (size > FILE_BYTES_MAX) return malformed(path, `It has ${size} bytes.`);
      return parseTSIGKey(await file.readFile('utf8'), path);
    } finally {
      await file.close();
    }
  } catch (error) {
    const because = error instanceof Error ? `${error.message}.` : String(error);
    return err(tsigKeyUnreadable({ path, because }));
  }
}

const malformed = (path: string, because: string): Result<never> =>
  err(tsigKeyMalformed({ path, because }));

/** Without its comments. */
export function parseTSIGKey(text: string, path: string): Result<TSIGKey> {
  const plain = text.replaceAll(/\/\*[\s\S]*?\*\/|(?:\/\/|#).*$/gm, '').trim();
  const inBlocks = [...plain.matchAll(/\bkey\s+"?([^\s"{]+)"?\s*\{([^}]*)\}/g)];
  if (inBlocks.length > 1) return malformed(path, `It holds ${inBlocks.length} keys.`);
  const [block] = inBlocks;
  if (block !== undefined) {
    const [, name = '', body = ''] = block;
    const algorithm = /\balgorithm\s+"?([^\s";]+)"?\s*;/.exec(body)?.[1];
    const secret = /\bsecret\s+"?([^\s";]+)"?\s*;/.exec(body)?.[1];
    return keyOf(path, name, algorithm, secret);
  }
  const [, algorithm, name = '', secret] = /^([^\s:]+):([^\s:]+):(\S+)$/.exec(plain) ?? [];
  return keyOf(path, name, algorithm, secret);
}

const NAME = /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function keyOf(
  path: string,
  name: string,
  algorithm: string | undefined,
  secret: string | undefined,
): Result<TSIGKey> {
  if (algorithm === undefined || secret === undefined || !NAME.test(name) || name.length > 253) {
    return malformed(path, 'It has no name, algorithm and secret.');
  }
  const known = algorithm.toLowerCase().replace(/\.$/, '');
  if (known !== 'hmac-sha256' && known !== 'hmac-sha512') {
    return malformed(path, `Its algorithm is ${JSON.stringify(algorithm.slice(0, 40))}.`);
  }
  const bytes = BASE64.test(secret) ? Buffer.from(secret, 'base64') : Buffer.alloc(0);
  if (bytes.length === 0) return malformed(path, 'Its secret is not base64.');
  return ok(new TSIGKey(name, known, bytes));
}
