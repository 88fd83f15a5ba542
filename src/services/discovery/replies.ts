/** Answers as etcd's v2 API gives them (etcd-facts 2.1); `problem` is ours, and its clients pass over it. */
import type { JsonValue, Problem } from '../../base/index.js';
import type { KeptToken, Registration } from './store.js';
import { CONFIG, keyOf } from './place.js';

export type Reply =
  | Answer
  /** Headers now, a body when `next` is settled; an empty one makes the member ask again. */
  | {
      readonly kind: 'poll';
      readonly index: bigint;
      readonly path: string;
      readonly next: Promise<Registration | undefined>;
      readonly end: () => void;
    }
  /** Nothing can be said: the connection ends. */
  | { readonly kind: 'drop' };

export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** As HTTP writes them, a line each. */
  readonly headers: string;
  readonly body: string;
}

/** The codes of etcd's v2 API that are used here. */
export const V2_ERRORS = {
  keyNotFound: { code: 100, status: 404, message: 'Key not found' },
  compareFailed: { code: 101, status: 412, message: 'Compare failed' },
  keyExists: { code: 105, status: 412, message: 'Key already exists' },
  unauthorized: { code: 110, status: 401, message: 'The request requires user authentication' },
  invalidField: { code: 209, status: 400, message: 'Invalid field' },
  full: { code: 300, status: 507, message: 'Insufficient Storage' },
  storage: { code: 300, status: 503, message: 'Raft Internal Error' },
} as const;
export type V2Error = keyof typeof V2_ERRORS;

export const header = (name: string, value: string): string => `${name}: ${value}\r\n`;

export const indexHeader = (index: bigint): string => header('X-Etcd-Index', String(index));

const JSON_TYPE = header('Content-Type', 'application/json');
const TEXT_TYPE = header('Content-Type', 'text/plain; charset=utf-8');

/** `body` is JSON. */
export const answer = (status: number, body: string, index: bigint): Answer => ({
  kind: 'answer',
  status,
  headers: JSON_TYPE + indexHeader(index),
  body,
});

/** A node as it is. */
export const got = (node: string, index: bigint): Answer =>
  answer(200, `{"action":"get","node":${node}}\n`, index);

export const json = (status: number, value: JsonValue, headers = ''): Answer => ({
  kind: 'answer',
  status,
  headers: JSON_TYPE + headers,
  body: `${JSON.stringify(value)}\n`,
});

export const text = (status: number, body: string, headers = ''): Answer => ({
  kind: 'answer',
  status,
  headers: TEXT_TYPE + headers,
  body,
});

/**
 * With a problem etcd ends and prints `code: message (cause) [index]`, so the message carries what the person must
 * know; etcd's own word stays where its clients look at the code.
 */
export function v2Error(
  kind: V2Error,
  { index = 0n, cause, problem }: { index?: bigint; cause: string; problem?: Problem },
): Answer {
  const { code, status, message } = V2_ERRORS[kind];
  const isOwn = kind !== 'keyNotFound' && kind !== 'keyExists' && problem !== undefined;
  return json(
    status,
    {
      errorCode: code,
      message: isOwn ? problem.summary : message,
      cause: isOwn ? `${problem.detail} ${problem.hint}`.trim() : cause,
      index: Number(index),
      ...(problem === undefined
        ? {}
        : { problem: { code: problem.code, summary: problem.summary, hint: problem.hint } }),
    },
    indexHeader(index),
  );
}

// Nodes as JSON. They are written out here because they are nearly all that is ever said; no path, id or number has a
// character that JSON would escape.

const indexes = (modified: bigint, created: bigint): string =>
  `"modifiedIndex":${modified},"createdIndex":${created}`;

export const memberNode = (path: string, { id, value, createdIndex }: Registration): string =>
  `{"key":"${keyOf(path)}/${id}","value":${JSON.stringify(value)},${indexes(createdIndex, createdIndex)}}`;

/** What is left of a member that was deleted. */
export const deletedNode = (path: string, { id, createdIndex }: Registration, at: bigint): string =>
  `{"key":"${keyOf(path)}/${id}",${indexes(at, createdIndex)}}`;

/** A member's registration never changes, so that there is one kind of event about it. */
export const createdBody = (path: string, registration: Registration): string =>
  `{"action":"create","node":${memberNode(path, registration)}}\n`;

export function directoryNode(
  { record: { path }, createdIndex }: KeptToken,
  registrations: readonly Registration[],
): string {
  const nodes =
    registrations.length === 0
      ? ''
      : `"nodes":[${registrations.map((each) => memberNode(path, each)).join(',')}],`;
  return `{"key":"${keyOf(path)}","dir":true,${nodes}${indexes(createdIndex, createdIndex)}}`;
}

export const sizeNode = (path: string, size: number, createdIndex: bigint): string =>
  `{"key":"${keyOf(path)}/${CONFIG}/size","value":"${size}",${indexes(createdIndex, createdIndex)}}`;
