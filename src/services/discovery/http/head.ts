/** A request as HTTP/1.1 spells it (RFC 9112), read strictly: what could be read in two ways is refused. Pure. */

export interface RequestHead {
  readonly method: string;
  /** As it came, absolute form included. */
  readonly target: string;
  readonly host: string;
  readonly body: BodyFraming;
  readonly isHTTP10: boolean;
  /** The client takes this answer and no further one. */
  readonly isLast: boolean;
  /** It sends its body when it is told to. */
  readonly waitsToContinue: boolean;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
}

export type BodyFraming =
  { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunks' };

/**
 * Whatever a client got wrong is told as its own fault: a member ends at any 5xx, and 501 and 505 would say nothing that
 * 400 does not.
 */
export type Fault = 400 | 408 | 413 | 417 | 431;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const TARGET = /^[\x21-\x7e]+$/;
/** Control characters, and ends of lines that others might see and we do not. */
// oxlint-disable-next-line no-control-regex
const NEVER_IN_A_HEAD = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;
const NO_BODY: BodyFraming = { kind: 'length', bytes: 0 };

/** `text` is everything before the empty line. */
export function parseHead(text: string): RequestHead | Fault {
  if (NEVER_IN_A_HEAD.test(text)) return 400;
  const lines = text.split('\r\n');
  const [method = '', target = '', version = '', ...more] = (lines[0] ?? '').split(' ');
  if (more.length > 0 || !TOKEN.test(method) || !TARGET.test(target)) return 400;
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return 400;
  const isHTTP10 = version === 'HTTP/1.0';
  let host: string | undefined;
  let length: string | undefined;
  let transfer: string | undefined;
  let expect: string | undefined;
  let connection = '';
  let authorization: string | undefined;
  let accept: string | undefined;
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const at = line.indexOf(':');
    // Also a line that goes on from the one before: no name begins with a space.
    if (at < 1) return 400;
    const name = line.slice(0, at);
    if (!TOKEN.test(name)) return 400;
    const value = line.slice(at + 1).trim();
    switch (name.toLowerCase()) {
      case 'host':
        if (host !== undefined) return 400;
        host = value;
        break;
      case 'content-length':
        if (length !== undefined || !/^\d{1,15}$/.test(value)) return 400;
        length = value;
        break;
      case 'transfer-encoding':
        if (transfer !== undefined) return 400;
        transfer = value.toLowerCase();
        break;
      case 'expect':
        expect = value.toLowerCase();
        break;
      case 'connection':
        connection += `,${value.toLowerCase()}`;
        break;
      case 'authorization':
        authorization = value;
        break;
      case 'accept':
        accept = accept === undefined ? value : `${accept}, ${value}`;
        break;
    }
  }
  if (host === undefined && !isHTTP10) return 400;
  if (transfer !== undefined) {
    if (length !== undefined || isHTTP10 || transfer !== 'chunked') return 400;
  }
  if (expect !== undefined && expect !== '100-continue') return 417;
  const says = (option: string): boolean =>
    connection !== '' && connection.split(',').some((each) => each.trim() === option);
  return {
    method,
    target,
    host: host ?? '',
    body:
      transfer !== undefined
        ? { kind: 'chunks' }
        : length === undefined
          ? NO_BODY
          : { kind: 'length', bytes: Number(length) },
    isHTTP10,
    isLast: says('close') || (isHTTP10 && !says('keep-alive')),
    waitsToContinue: expect !== undefined && !isHTTP10,
    authorization,
    accept,
  };
}

export type Body =
  | { readonly kind: 'whole'; readonly text: string; readonly end: number }
  | { readonly kind: 'more' }
  | { readonly kind: 'fault'; readonly fault: Fault };

const MORE: Body = { kind: 'more' };
/** Of the line before a chunk, extensions included, and of a trailer. */
const LINE_LENGTH_MAX = 256;
/** Each part that arrives is read from the first chunk on: many small ones would cost us more than who sends them. */
const CHUNKS_MAX = 64;

/** The body that begins at `from`; each character of `text` is one byte. */
export function bodyIn(text: string, from: number, framing: BodyFraming, bytesMax: number): Body {
  if (framing.kind === 'length') {
    if (framing.bytes > bytesMax) return { kind: 'fault', fault: 413 };
    const end = from + framing.bytes;
    return text.length < end ? MORE : { kind: 'whole', text: text.slice(from, end), end };
  }
  let body = '';
  for (let at = from, chunks = 1; ; chunks++) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0 ? text.length - at > LINE_LENGTH_MAX : lineEnd - at > LINE_LENGTH_MAX) {
      return { kind: 'fault', fault: 400 };
    }
    if (lineEnd < 0) return MORE;
    const size = /^([0-9A-Fa-f]{1,6})(?:[ \t]*;[\t\x20-\x7e]*)?$/.exec(
      text.slice(at, lineEnd),
    )?.[1];
    if (size === undefined) return { kind: 'fault', fault: 400 };
    const bytes = Number.parseInt(size, 16);
    if (bytes === 0) return afterChunks(text, lineEnd + 2, body);
    if (body.length + bytes > bytesMax || chunks > CHUNKS_MAX) {
      return { kind: 'fault', fault: 413 };
    }
    const end = lineEnd + 2 + bytes;
    if (text.length < end + 2) return MORE;
    if (text.slice(end, end + 2) !== '\r\n') return { kind: 'fault', fault: 400 };
    body += text.slice(lineEnd + 2, end);
    at = end + 2;
  }
}

/** Trailers say nothing here, so that there may be none. */
function afterChunks(text: string, at: number, body: string): Body {
  if (text.length < at + 2) return MORE;
  return text.slice(at, at + 2) === '\r\n'
    ? { kind: 'whole', text: body, end: at + 2 }
    : { kind: 'fault', fault: 400 };
}
