/** Answers as etcd's v2 API gives them (etcd-facts 2.1); `problem` is ours, and its clients pass over it. */
import type { JsonValue, Problem } from '../../base/index.js';
import { keyOf } from './place.js';
import type { KeptToken, Registration } from './store.js';
import { CONFIG } from './place.js';

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
  readonly headers: Readonly<Record<string, string>>;
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

export const indexHeader = (index: bigint): Readonly<Record<string, string>> => ({
  'X-Etcd-Index': String(index),
});

export const json = (
  status: number,
  value: JsonValue,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  kind: 'answer',
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: `${JSON.stringify(value)}\n`,
});

export const text = (
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  kind: 'answer',
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
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

type Node = { readonly [key: string]: JsonValue };

export const memberNode = (path: string, { id, value, createdIndex }: Registration): Node => ({
  key: `${keyOf(path)}/${id}`,
  value,
  modifiedIndex: Number(createdIndex),
  createdIndex: Number(createdIndex),
});

/** A member's registration never changes, so that there is one kind of event about it. */
export const createdBody = (path: string, registration: Registration): string =>
  `${JSON.stringify({ action: 'create', node: memberNode(path, registration) })}\n`;

export const directoryNode = (
  { record: { path }, createdIndex }: KeptToken,
  registrations: readonly Registration[],
): Node => ({
  key: keyOf(path),
  dir: true,
  ...(registrations.length === 0
    ? {}
    : { nodes: registrations.map((each) => memberNode(path, each)) }),
  modifiedIndex: Number(createdIndex),
  createdIndex: Number(createdIndex),
});

export const sizeNode = ({
  path,
  size,
  createdIndex,
}: {
  readonly path: string;
  readonly size: number;
  readonly createdIndex: bigint;
}): Node => ({
  key: `${keyOf(path)}/${CONFIG}/size`,
  value: String(size),
  modifiedIndex: Number(createdIndex),
  createdIndex: Number(createdIndex),
});
