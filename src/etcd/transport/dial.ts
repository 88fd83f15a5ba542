import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { assertNever, err, ok, type Result } from '../../base/index.js';
import type { Endpoint } from '../endpoints.js';
import type { NotSentWhy } from '../errors.js';
import { H2Connection, type ClosedBecause } from './h2/h2-connection.js';
import type { TransportLimits } from './limits.js';
import { Session } from './session.js';
import type { TLSMaterial, TLSOptions } from './tls.js';
import type { NotSent } from './transport.js';

/** Where a name leads; undefined: wherever this machine's resolver says. */
export type AddressOf = (host: string) => string | undefined;

/**
 * Connects and waits for the server's HTTP/2 settings. Only then does a connection count as ready: the kernel accepts
 * TCP for a frozen process, and etcd listens but does not serve until it has had a leader. A call that waits here has
 * certainly not been sent.
 */
export async function dial(
  endpoint: Endpoint,
  material: TLSMaterial,
  limits: TransportLimits,
  signal: AbortSignal,
  addressOf?: AddressOf,
): Promise<Result<Session, NotSent>> {
  let socket: Socket;
  try {
    socket = await openSocket(endpoint, material, addressOf);
  } catch (error) {
    // Material that cannot be read or is no PEM is found out before anything is dialled.
    return err({ ...notSent(error, endpoint, limits), ...(endpoint.secure ? { why: 'tls' } : {}) });
  }
  return await new Promise((resolve) => {
    const settle = (result: Result<Session, NotSent>) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      // Nothing of it is worth waiting for.
      if (!result.ok) socket.destroy();
      resolve(result);
    };
    const fail = (error: Error) => settle(err(notSent(error, endpoint, limits)));
    const onAbort = () =>
      settle(err({ kind: 'not-sent', why: 'closed', message: 'The client was closed.' }));
    const timer = setTimeout(
      () => fail(Object.assign(new Error(), { code: 'ETIMEDOUT' })),
      limits.connectTimeoutMs,
    );
    const connection = new H2Connection(socket, {
      onSettings: (settings) => settle(ok(new Session(connection, settings, endpoint, limits))),
      onGoaway: () => undefined,
      onStreamOver: () => undefined,
      onClosed: (because) => fail(errorOf(because)),
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

async function openSocket(
  endpoint: Endpoint,
  material: TLSMaterial,
  addressOf: AddressOf | undefined,
): Promise<Socket> {
  // Loaded at the first dial: a program that imports the client may never dial.
  const [net, tls] = await Promise.all([import('node:net'), import('node:tls')]);
  const { port, secure } = endpoint;
  // Asked at each dial: a name may lead elsewhere by now.
  const host = addressOf?.(endpoint.host) ?? endpoint.host;
  if (!secure) return net.connect({ host, port, noDelay: true });
  const settings = tlsSettings(endpoint, material.options, net.isIP(endpoint.host) !== 0);
  return tls
    .connect({ ...settings, host, secureContext: await material.context() })
    .setNoDelay(true);
}

function errorOf(because: ClosedBecause): Error {
  switch (because.kind) {
    case 'socket-error':
      return because.error;
    case 'protocol-fault':
      return Object.assign(new Error(because.message), { code: NOT_HTTP2 });
    case 'closed-by-server':
    case 'closed-by-us':
      return new Error('closed before it was ready');
    default:
      return assertNever(because);
  }
}

const NOT_HTTP2 = 'NOT_HTTP2';

const tlsSettings = (
  { host, port }: Endpoint,
  options: TLSOptions,
  isAddress: boolean,
): ConnectionOptions => ({
  port,
  // An IP address is no server name (RFC 6066 §3); Node then checks it against the certificate's IP entries.
  servername: options.serverName ?? (isAddress ? '' : host),
  ALPNProtocols: ['h2'],
  rejectUnauthorized: options.insecureSkipVerify !== true,
});

const WHY_BY_CODE: Readonly<Record<string, NotSentWhy>> = {
  ECONNREFUSED: 'connection-refused',
  ENOTFOUND: 'name-unknown',
  EAI_AGAIN: 'name-unknown',
  [NOT_HTTP2]: 'not-http2',
  EPROTO: 'tls',
};

function notSent(error: unknown, endpoint: Endpoint, limits: TransportLimits): NotSent {
  const failure = error as Error & { code?: string; reason?: string; errors?: Error[] };
  const { code = '', errors = [] } = failure;
  // OpenSSL's reason is the readable part of its message.
  const message = failure.reason ?? failure.message;
  if (code === 'ETIMEDOUT') {
    const late = `${endpoint.url} did not complete a connection within ${limits.connectTimeoutMs} ms.`;
    return { kind: 'not-sent', why: 'connect-timeout', message: late };
  }
  const isTLS = endpoint.secure && TLS_CODES.test(code);
  const why = WHY_BY_CODE[code] ?? (isTLS ? 'tls' : 'connect-failed');
  // A name with several addresses fails with one error for each and no text of its own.
  const text = message === '' ? errors.map((each) => each.message).join('; ') : message;
  return { kind: 'not-sent', why, message: `${endpoint.url}: ${text}` };
}

const TLS_CODES = /^(?:CERT|ERR_TLS|ERR_SSL|ERR_OSSL|UNABLE|SELF|DEPTH|HOST)/;
