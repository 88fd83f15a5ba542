import { readFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { type Clock, type Random, type Result, err, ok } from '../../base/index.js';
import type { DiscoveryLimits } from './limits.js';
import { discoveryBadAddress, discoveryListenFailed, discoveryPlainText } from './problems.js';
import type { Reply } from './replies.js';
import { createdBody, indexHeader } from './replies.js';
import type { DiscoveryRequest } from './request.js';

export interface ListenSettings {
  /** `127.0.0.1:8087`, `[::1]:8087`, `:8087`. Port 0 takes a free one. */
  readonly address: string;
  /** Paths of PEM files. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Plain text also where others can read it. */
  readonly isInsecureAllowed: boolean;
}

export interface Listener {
  /** Scheme, address and port as they came to be. */
  readonly url: string;
  /** Takes nothing new; answers that are under way go out. */
  close(graceMs: number): Promise<void>;
}

export interface ListenerParts {
  readonly handle: (request: DiscoveryRequest) => Promise<Reply>;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: DiscoveryLimits;
  /** What must never happen: a bug. */
  readonly onFault: (error: unknown) => void;
}

const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]*)):(\d{1,5})$/;

/** What Node calls a request that is none, as HTTP calls it. */
const STATUS_OF_FAULT: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

const isLoopback = (host: string): boolean =>
  host === '::1' || host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.'));

/** Serves HTTP or HTTPS with every limit that a hostile client could want to be without. */
export async function listen(
  { address, tls, isInsecureAllowed }: ListenSettings,
  parts: ListenerParts,
): Promise<Result<Listener>> {
  const match = ADDRESS.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    const because = 'Write HOST:PORT, [ADDRESS]:PORT or :PORT to listen on.';
    return err(discoveryBadAddress({ found: address, because }));
  }
  const host = match[1] ?? match[2] ?? '';
  if (tls === undefined && !isLoopback(host) && !isInsecureAllowed) {
    return err(discoveryPlainText({ address }));
  }
  const { limits } = parts;
  const options = {
    maxHeaderSize: limits.headerBytesMax,
    requestTimeout: limits.requestMs,
    headersTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: 1_000,
    // A peer that vanished without a word is noticed by the kernel.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    noDelay: true,
  };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    exchange(request, response, parts, tls !== undefined).catch((error: unknown) => {
      parts.onFault(error);
      request.socket.destroy();
    });
  };
  let server;
  try {
    server =
      tls === undefined
        ? createServer(options, serve)
        : createSecureServer(
            { ...options, cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) },
            serve,
          );
  } catch (error) {
    return err(discoveryListenFailed({ address, because: String(error) }));
  }
  server.maxConnections = limits.connectionsMax;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const gone = () => void socket.destroy();
    if (!socket.writable) return gone();
    const status = STATUS_OF_FAULT[error.code ?? ''] ?? '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, gone);
  });
  // Beyond HTTP: nobody upgrades here, and nobody asks us to connect elsewhere.
  server.on('connect', (_request, socket) => socket.destroy());
  server.on('upgrade', (_request, socket) => socket.destroy());
  const started = server;
  const failure = await new Promise<Error | undefined>((resolve) => {
    started.once('error', resolve);
    started.listen({ port, host: host === '' ? undefined : host }, () => resolve(undefined));
  });
  if (failure !== undefined) {
    return err(discoveryListenFailed({ address, because: failure.message }));
  }
  const bound = started.address() as AddressInfo;
  const shown = host === '' || isIP(bound.address) !== 6 ? host || '0.0.0.0' : `[${bound.address}]`;
  return ok({
    url: `${tls === undefined ? 'http' : 'https'}://${shown}:${bound.port}`,
    close: (graceMs) =>
      new Promise<void>((resolve) => {
        const cut = parts.clock.after(graceMs, () => started.closeAllConnections());
        started.close(() => {
          cut();
          resolve();
        });
        started.closeIdleConnections();
      }),
  });
}

async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  parts: ListenerParts,
  isSecure: boolean,
): Promise<void> {
  // What is wrong with a connection is told by its end.
  response.on('error', () => undefined);
  const body = await readBody(request, parts.limits.bodyBytesMax);
  if (body === undefined) {
    respond(response, 413, { Connection: 'close' }, 'The body is too large.\n');
    return;
  }
  const reply = await parts.handle({
    method: request.method ?? '',
    // Servers take the absolute form too (RFC 9112, 3.2.2).
    target: (request.url ?? '').replace(/^https?:\/\/[^/?#]*/i, ''),
    host: request.headers.host ?? '',
    isSecure,
    body,
    authorization: request.headers.authorization,
    accept: request.headers.accept,
    isGone: () => response.closed,
  });
  switch (reply.kind) {
    case 'drop':
      request.socket.destroy();
      return;
    case 'answer':
      respond(response, reply.status, reply.headers, reply.body);
      return;
    case 'poll':
      await answerPoll(response, reply, parts);
      return;
  }
}

/** Headers at once, as etcd does it, so that the member knows that it waits; then the event, or nothing. */
async function answerPoll(
  response: ServerResponse,
  { index, path, next, end }: Extract<Reply, { kind: 'poll' }>,
  { clock, random, limits }: ListenerParts,
): Promise<void> {
  if (response.closed) {
    end();
    return;
  }
  response.once('close', end);
  // Not all at one moment: those who began together come back apart.
  const cancel = clock.after(limits.pollMs * (0.9 + 0.2 * random.next()), end);
  response.writeHead(200, { 'Content-Type': 'application/json', ...indexHeader(index) });
  response.flushHeaders();
  const registration = await next;
  cancel();
  response.end(registration === undefined ? '' : createdBody(path, registration));
}

function respond(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'Cache-Control': 'no-store',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  });
  response.end(body);
}

/** Undefined: longer than `bytesMax`. What comes after that is not kept. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length;
      if (bytes > bytesMax) return undefined;
      chunks.push(chunk as Buffer);
    }
  } catch {
    // Cut off in the middle: there is nobody to answer.
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}
