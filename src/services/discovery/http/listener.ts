import { readFileSync } from 'node:fs';
import { type AddressInfo, type Socket, createServer, isIP } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { type Clock, type Result, err, ok } from '../../../base/index.js';
import type { DiscoveryLimits } from '../limits.js';
import { discoveryBadAddress, discoveryListenFailed, discoveryPlainText } from '../problems.js';
import type { Reply } from '../replies.js';
import type { DiscoveryRequest } from '../request.js';
import { Connection } from './connection.js';

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
  readonly handle: (request: DiscoveryRequest) => Reply | Promise<Reply>;
  readonly clock: Clock;
  readonly limits: DiscoveryLimits;
  /** What must never happen: a bug. */
  readonly onFault: (error: unknown) => void;
}

const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]*)):(\d{1,5})$/;

/** How often the time of all connections is looked at, of the shortest time that one may take. */
const LOOKS_A_LIMIT = 10;
const LOOK_MS_MAX = 1_000;

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
  const connections = new Set<Connection>();
  let date = dateOf(parts.clock);
  const serving = {
    handle: parts.handle,
    limits,
    isSecure: tls !== undefined,
    nowMs: () => parts.clock.monotonicMs(),
    spread: spreading(),
    date: () => date,
    gather: gathering(),
    onFault: parts.onFault,
    onClose: (connection: Connection) => void connections.delete(connection),
  };
  const serve = (socket: Socket): void => void connections.add(new Connection(socket, serving));
  const options = {
    // Whoever has said everything may still read; and its end is noticed by us.
    allowHalfOpen: true,
    // A peer that vanished without a word is noticed by the kernel.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    noDelay: true,
  };
  let server;
  try {
    server =
      tls === undefined
        ? createServer(options, serve)
        : createSecureServer(
            {
              ...options,
              cert: readFileSync(tls.certFile),
              key: readFileSync(tls.keyFile),
              ALPNProtocols: ['http/1.1'],
              handshakeTimeout: limits.requestMs,
            },
            serve,
          );
  } catch (error) {
    return err(discoveryListenFailed({ address, because: String(error) }));
  }
  server.maxConnections = limits.connectionsMax;
  // Who cannot speak TLS with us is told so by it.
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  const started = server;
  const failure = await new Promise<Error | undefined>((resolve) => {
    started.once('error', resolve);
    started.listen({ port, host: host === '' ? undefined : host }, () => resolve(undefined));
  });
  if (failure !== undefined) {
    return err(discoveryListenFailed({ address, because: failure.message }));
  }
  const lookMs = Math.min(
    LOOK_MS_MAX,
    Math.ceil(Math.min(limits.pollMs, limits.requestMs, limits.idleMs) / LOOKS_A_LIMIT),
  );
  let stopLooking: () => void = () => undefined;
  const look = (): void => {
    date = dateOf(parts.clock);
    const nowMs = parts.clock.monotonicMs();
    for (const connection of connections) connection.look(nowMs);
    stopLooking = parts.clock.after(lookMs, look);
  };
  look();
  const bound = started.address() as AddressInfo;
  const shown = host === '' || isIP(bound.address) !== 6 ? host || '0.0.0.0' : `[${bound.address}]`;
  return ok({
    url: `${tls === undefined ? 'http' : 'https'}://${shown}:${bound.port}`,
    close: (graceMs) =>
      new Promise<void>((resolve) => {
        const cut = parts.clock.after(graceMs, () => {
          for (const connection of connections) connection.destroy();
        });
        started.close(() => {
          stopLooking();
          cut();
          resolve();
        });
        for (const connection of connections) connection.finish();
      }),
  });
}

const dateOf = (clock: Clock): string => new Date(clock.now()).toUTCString();

/** Steps of the golden ratio: however many there are, they lie evenly. */
function spreading(): () => number {
  let at = 0;
  return () => (at = (at + 0.618_033_988_749_895) % 1);
}

/**
 * Whoever is sent something is woken, and to wake is half of what a short answer costs. Sent together at the end of a turn,
 * the first one wakes and the others find it awake.
 */
function gathering(): (socket: Socket) => void {
  let corked: Socket[] = [];
  const send = (): void => {
    const all = corked;
    corked = [];
    for (const socket of all) socket.uncork();
  };
  return (socket) => {
    socket.cork();
    if (corked.push(socket) === 1) setImmediate(send);
  };
}
