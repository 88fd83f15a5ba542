import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { assertNever } from '../../../base/index.js';
import type { DiscoveryLimits } from '../limits.js';
import { type Answer, type Reply, createdBody, indexHeader } from '../replies.js';
import type { DiscoveryRequest } from '../request.js';
import type { Registration } from '../store.js';
import { type Fault, type RequestHead, bodyIn, parseHead } from './head.js';

/** What all connections of a listener share. */
export interface Serving {
  readonly handle: (request: DiscoveryRequest) => Reply | Promise<Reply>;
  readonly limits: DiscoveryLimits;
  readonly isSecure: boolean;
  readonly nowMs: () => number;
  /** Numbers in [0, 1), one after the other far apart. */
  readonly spread: () => number;
  /** As HTTP writes dates. */
  readonly date: () => string;
  /** What is written to it now goes out with what is written to others in this turn of the event loop. */
  readonly gather: (socket: Socket) => void;
  readonly onFault: (error: unknown) => void;
  readonly onClose: (connection: Connection) => void;
}

const END_OF_HEAD = '\r\n\r\n';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
/** After the last answer: until the other side has read it. */
const LINGER_MS = 2_000;

type Phase =
  /** Nothing of a request has come. */
  | 'idle'
  /** A part of one has. */
  | 'reading'
  /** A whole one has, and is not answered yet. */
  | 'answering'
  /** Its answer has begun, and its event has not come. */
  | 'polling'
  /** Its answer is more than the other side has read so far. */
  | 'flushing'
  /** The last answer is out; what still comes is not read. */
  | 'ending';

/** One client's connection: requests one after the other, however they come, each answered before the next is read. */
export class Connection {
  readonly #socket: Socket;
  readonly #serving: Serving;
  /** One character a byte. */
  #unread = '';
  #phase: Phase = 'idle';
  /** Of what is being read. */
  #head: RequestHead | undefined;
  #headEnd = 0;
  /** When the phase is over at the latest. */
  #endMs: number;
  #isLast = false;
  #isGone = false;
  #endPoll: (() => void) | undefined;

  constructor(socket: Socket, serving: Serving) {
    this.#socket = socket;
    this.#serving = serving;
    this.#endMs = serving.nowMs() + serving.limits.requestMs;
    socket.on('data', (bytes: Buffer) => {
      try {
        this.#take(bytes);
      } catch (error) {
        // A bug of ours costs one connection, not all.
        this.#fail(error);
      }
    });
    socket.on('end', () => this.#otherSideEnded());
    // What is wrong with a connection is told by its end.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#closed());
  }

  /** Time goes by: what has taken too long ends. */
  look(nowMs: number): void {
    if (nowMs < this.#endMs) return;
    switch (this.#phase) {
      case 'polling':
        this.#endPoll?.();
        return;
      case 'reading':
        this.#refuse(408);
        return;
      case 'answering':
        return;
      case 'idle':
      case 'flushing':
      case 'ending':
        this.#socket.destroy();
        return;
      default:
        assertNever(this.#phase);
    }
  }

  /** No further request is taken; one that is under way is answered. */
  finish(): void {
    this.#isLast = true;
    if (this.#phase === 'idle' || this.#phase === 'reading' || this.#phase === 'flushing') {
      this.#end('');
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    if (this.#phase === 'ending') return;
    const from = Math.max(0, this.#unread.length - END_OF_HEAD.length);
    this.#unread += bytes.toString('latin1');
    if (this.#phase !== 'idle' && this.#phase !== 'reading') {
      const { headerBytesMax, bodyBytesMax } = this.#serving.limits;
      if (this.#unread.length > headerBytesMax + bodyBytesMax) this.#socket.pause();
      return;
    }
    this.#read(from);
  }

  /** Looks for a request in what is unread; its head ends behind `from`. */
  #read(from: number): void {
    const { limits, nowMs } = this.#serving;
    // Some clients end a body with a line too many (RFC 9112, 2.2).
    if (this.#head === undefined && this.#unread.startsWith('\r\n')) {
      this.#unread = this.#unread.replace(/^(?:\r\n)+/, '');
      from = 0;
    }
    if (this.#phase === 'idle' && this.#unread !== '') {
      this.#phase = 'reading';
      this.#endMs = nowMs() + limits.requestMs;
    }
    const isNew = this.#head === undefined;
    if (this.#head === undefined) {
      const at = this.#unread.indexOf(END_OF_HEAD, from);
      if ((at < 0 ? this.#unread.length : at) > limits.headerBytesMax) return this.#refuse(431);
      if (at < 0) return;
      const head = parseHead(this.#unread.slice(0, at));
      if (typeof head === 'number') return this.#refuse(head);
      this.#head = head;
      this.#headEnd = at + END_OF_HEAD.length;
    }
    const head = this.#head;
    const body = bodyIn(this.#unread, this.#headEnd, head.body, limits.bodyBytesMax);
    switch (body.kind) {
      case 'more':
        if (isNew && head.waitsToContinue) this.#socket.write(CONTINUE, 'latin1');
        return;
      case 'fault':
        return this.#refuse(body.fault);
      case 'whole':
        this.#unread = this.#unread.slice(body.end);
        this.#head = undefined;
        this.#phase = 'answering';
        if (head.isLast) this.#isLast = true;
        this.#serve(head, body.text);
        return;
      default:
        assertNever(body);
    }
  }

  #fail(error: unknown): void {
    this.#serving.onFault(error);
    this.#socket.destroy();
  }

  #serve(head: RequestHead, body: string): void {
    const { method, target, host, authorization, accept } = head;
    const reply = this.#serving.handle({
      method,
      // Servers take the absolute form too (RFC 9112, 3.2.2).
      target: target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, ''),
      host,
      isSecure: this.#serving.isSecure,
      body: textOf(body),
      authorization,
      accept,
      isGone: () => this.#isGone,
    });
    if (reply instanceof Promise) {
      reply.then((later) => this.#reply(head, later)).catch((error: unknown) => this.#fail(error));
    } else this.#reply(head, reply);
  }

  #reply(head: RequestHead, reply: Reply): void {
    switch (reply.kind) {
      case 'drop':
        this.#socket.destroy();
        return;
      case 'answer':
        this.#answered(this.#answerText(head, reply));
        return;
      case 'poll':
        this.#poll(head, reply);
        return;
      default:
        assertNever(reply);
    }
  }

  #answerText({ method, isHTTP10 }: RequestHead, { status, headers, body }: Answer): string {
    const start = `${this.#startOf(status, isHTTP10)}Cache-Control: no-store\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    return method === 'HEAD' ? start : start + body;
  }

  #startOf(status: number, isHTTP10: boolean): string {
    const connection = this.#isLast
      ? 'Connection: close\r\n'
      : isHTTP10
        ? 'Connection: keep-alive\r\n'
        : '';
    return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nDate: ${this.#serving.date()}\r\n${connection}`;
  }

  /** Headers at once, as etcd does it, so that the member knows that it waits; then the event, or nothing. */
  #poll(
    { isHTTP10 }: RequestHead,
    { index, path, next, end }: Extract<Reply, { kind: 'poll' }>,
  ): void {
    if (this.#isGone) {
      end();
      // Its half of the connection has ended; ours must, or the socket would stay.
      this.#end('');
      return;
    }
    const { limits, nowMs, spread } = this.#serving;
    this.#phase = 'polling';
    this.#endPoll = end;
    // Not all at one moment: those who began together come back apart.
    this.#endMs = nowMs() + limits.pollMs * (0.9 + 0.2 * spread());
    // Without chunks the end of the connection is the end of the body.
    if (isHTTP10) this.#isLast = true;
    const framing = isHTTP10 ? '' : 'Transfer-Encoding: chunked\r\n';
    this.#serving.gather(this.#socket);
    this.#socket.write(
      `${this.#startOf(200, isHTTP10)}Content-Type: application/json\r\n${indexHeader(index)}${framing}\r\n`,
      'latin1',
    );
    next
      .then((registration) => this.#pollEnded(isHTTP10, path, registration))
      .catch((error: unknown) => this.#fail(error));
  }

  #pollEnded(isHTTP10: boolean, path: string, registration: Registration | undefined): void {
    this.#endPoll = undefined;
    if (this.#socket.destroyed) return;
    const event = registration === undefined ? '' : createdBody(path, registration);
    if (isHTTP10) this.#answered(event);
    else this.#answered(event === '' ? LAST_CHUNK : `${chunkOf(event)}${LAST_CHUNK}`);
  }

  /** An answer is whole, and the next request's turn comes. */
  #answered(text: string): void {
    if (this.#socket.destroyed) return;
    if (this.#isLast) {
      this.#end(text);
      return;
    }
    const { limits, nowMs } = this.#serving;
    this.#endMs = nowMs() + limits.idleMs;
    this.#serving.gather(this.#socket);
    if (this.#socket.write(text, encodingOf(text))) {
      this.#goOn();
      return;
    }
    // Who does not read answers is not read either.
    this.#phase = 'flushing';
    this.#socket.once('drain', () => {
      if (this.#phase !== 'flushing') return;
      this.#endMs = nowMs() + limits.idleMs;
      this.#goOn();
    });
  }

  #goOn(): void {
    this.#phase = 'idle';
    if (this.#socket.isPaused()) this.#socket.resume();
    // Not from here: as many requests as came together would lie on the stack.
    if (this.#unread !== '') queueMicrotask(() => this.#readOn());
  }

  #readOn(): void {
    if (this.#phase !== 'idle') return;
    try {
      this.#read(0);
    } catch (error) {
      this.#fail(error);
    }
  }

  #refuse(fault: Fault): void {
    this.#isLast = true;
    this.#end(
      `HTTP/1.1 ${fault} ${STATUS_CODES[fault] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  }

  /** What comes now is read and forgotten, so that the answer is not lost with it. */
  #end(text: string): void {
    this.#phase = 'ending';
    this.#unread = '';
    this.#head = undefined;
    this.#endMs = this.#serving.nowMs() + LINGER_MS;
    this.#socket.end(text);
    this.#socket.resume();
  }

  #otherSideEnded(): void {
    this.#isGone = true;
    this.#isLast = true;
    switch (this.#phase) {
      case 'polling':
        this.#endPoll?.();
        return;
      case 'idle':
      case 'reading':
      case 'flushing':
        this.#end('');
        return;
      case 'answering':
      case 'ending':
        return;
      default:
        assertNever(this.#phase);
    }
  }

  #closed(): void {
    this.#isGone = true;
    this.#endPoll?.();
    this.#endPoll = undefined;
    this.#serving.onClose(this);
  }
}

/** Nearly always one byte a character, which costs Node less to write. */
const encodingOf = (text: string): 'latin1' | 'utf8' =>
  Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8';

const LAST_CHUNK = '0\r\n\r\n';

const chunkOf = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** Bytes that came as one character each. */
const textOf = (bytes: string): string =>
  /[\x80-\xff]/.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
