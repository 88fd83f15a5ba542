import { type Socket, connect } from 'node:net';

export interface Asked {
  readonly status: number;
  readonly body: string;
}

interface Pending {
  readonly resolve: (asked: Asked) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One kept connection that asks one thing after the other: the least that HTTP/1.1 costs, so that what is measured is
 * the server and not whoever asks. Reads answers with a length or in chunks; nothing else is sent to it.
 */
export class HTTPLane {
  readonly #socket: Socket;
  readonly #host: string;
  #pending: Pending | undefined;
  #unread = '';

  constructor(base: string) {
    const { hostname, port, host } = new URL(base);
    this.#host = host;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.setEncoding('latin1').on('data', (text: string) => this.#read(text));
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('close', () => this.#end(new Error(`${base} closed the connection`)));
  }

  ask(method: string, path: string, form?: string): Promise<Asked> {
    const body =
      form === undefined
        ? '\r\n'
        : `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`;
    return new Promise((resolve, reject) => {
      if (this.#pending !== undefined) throw new Error('A lane asks one thing at a time.');
      this.#pending = { resolve, reject };
      this.#socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${body}`, 'latin1');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #end(error: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(error);
  }

  #read(text: string): void {
    this.#unread += text;
    const answer = answerIn(this.#unread);
    if (answer === undefined) return;
    const pending = this.#pending;
    this.#pending = undefined;
    this.#unread = '';
    pending?.resolve(answer);
  }
}

/** Undefined while it is not whole. */
function answerIn(text: string): Asked | undefined {
  const at = text.indexOf('\r\n\r\n');
  if (at < 0) return undefined;
  const head = text.slice(0, at);
  const rest = text.slice(at + 4);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    return rest.length < Number(length) ? undefined : { status, body: rest };
  }
  const body = unchunked(rest);
  return body === undefined ? undefined : { status, body };
}

function unchunked(text: string): string | undefined {
  let body = '';
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const length = Number.parseInt(text.slice(at, end), 16);
    if (length === 0) return text.length < end + 4 ? undefined : body;
    body += text.slice(end + 2, end + 2 + length);
    at = end + 2 + length + 2;
    if (at > text.length) return undefined;
  }
}
