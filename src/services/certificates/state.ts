import { type Result, err, ok, unsafeBrand } from '../../base/index.js';
import { readIfPresent } from '../../disk/index.js';
import type { Fingerprint, Plane } from '../../core/cluster/index.js';
import { writePrivate } from './files.js';
import type { Layout } from './layout.js';
import { pkiDamaged, pkiUnreadable } from './problems.js';

/** Whom a plane trusts, the oldest first, and who issues. */
export interface PlaneState {
  readonly trusted: readonly Fingerprint[];
  readonly issuer: Fingerprint;
}

export interface PKIState {
  readonly planes: Readonly<Record<Plane, PlaneState>>;
  /** The request that the last rotation answered. */
  readonly rotation?: string;
}

/** What people asked for. A newer request takes the place of an older one. */
export interface Asked {
  /** Epoch ms: leafs that began before it are made anew. */
  readonly renewBefore?: number;
  /** An id of its own for each request. */
  readonly rotation?: string;
  /** The new authority of clients for which programs are ready, as people say. It says nothing of the one after it. */
  readonly readyFor?: Fingerprint;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

function fingerprintOf(value: unknown): Fingerprint {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) throw new SyntaxError();
  return unsafeBrand<Fingerprint>(value);
}

function planeOf(value: unknown): PlaneState {
  const { trusted, issuer } = fieldsOf(value);
  if (!Array.isArray(trusted) || trusted.length < 1 || trusted.length > 2) throw new SyntaxError();
  return { trusted: trusted.map(fingerprintOf), issuer: fingerprintOf(issuer) };
}

function stateOf(value: unknown): PKIState {
  const { formatVersion, planes, rotation } = fieldsOf(value);
  if (formatVersion !== 1) throw new SyntaxError();
  const { peer, client } = fieldsOf(planes);
  return {
    planes: { peer: planeOf(peer), client: planeOf(client) },
    ...(typeof rotation === 'string' ? { rotation } : {}),
  };
}

function askedOf(value: unknown): Asked {
  const { renewBefore, rotation, readyFor } = fieldsOf(value);
  return {
    ...(typeof renewBefore === 'number' ? { renewBefore } : {}),
    ...(typeof rotation === 'string' ? { rotation } : {}),
    ...(readyFor === undefined ? {} : { readyFor: fingerprintOf(readyFor) }),
  };
}

export const readState = ({ state }: Layout): Promise<Result<PKIState | undefined>> =>
  readJSON(state, stateOf);

export async function readAsked({ asked }: Layout): Promise<Result<Asked>> {
  const file = await readJSON(asked, askedOf);
  return file.ok ? ok(file.value ?? {}) : file;
}

export const writeState = (layout: Layout, state: PKIState): Promise<void> =>
  writePrivate(layout.state, `${JSON.stringify({ formatVersion: 1, ...state }, undefined, 2)}\n`);

export const writeAsked = (layout: Layout, asked: Asked): Promise<void> =>
  writePrivate(layout.asked, `${JSON.stringify(asked, undefined, 2)}\n`);

async function readJSON<T>(
  path: string,
  shape: (value: unknown) => T,
): Promise<Result<T | undefined>> {
  let text: string | undefined;
  try {
    text = await readIfPresent(path);
  } catch (error) {
    return err(pkiUnreadable({ path, because: String(error) }));
  }
  if (text === undefined) return ok(undefined);
  try {
    return ok(shape(JSON.parse(text)));
  } catch {
    return err(pkiDamaged({ path }));
  }
}
