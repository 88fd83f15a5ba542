import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { err, ok, type Result } from '../../base/index.js';
import type { Endpoint } from '../endpoints.js';
import type { NotSentWhy } from '../errors.js';
import { CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES, type TransportLimits } from './limits.js';
import { Session } from './session.js';
import type { TLSMaterial, TLSOptions } from './tls.js';
import type { NotSent } from './transport.js';

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
): Promise<Result<Session, NotSent>> {
  // Loaded at the first dial: it costs a tenth of a start-up that may never dial.
  const [http2, net, tls] = await Promise.all([
    import('node:http2'),
    import('node:net'),
    import('node:tls'),
  ]);
  let socket: Socket;
  try {
    socket = endpoint.secure
      ? tls
          .connect({
            ...tlsSettings(endpoint, material.options, net.isIP(endpoint.host) !== 0),
            secureContext: await material.context(),
          })
          .setNoDelay(true)
      : net.connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
  } catch (error) {
    // Material that cannot be read or is no PEM is found out before anything is dialled.
    return err({ ...notSent(error, endpoint, limits), ...(endpoint.secure ? { why: 'tls' } : {}) });
  }
  return await new Promise((resolve) => {
    const session = http2.connect(endpoint.url, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
      maxSessionMemory: 64,
    });
    let isSettled = false;
    const settle = (result: Result<Session, NotSent>) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      session.off('close', onClose);
      if (result.ok) {
        session.off('error', onError);
        socket.off('error', onError);
      } else {
        // The error listeners stay: tearing down may report once more.
        session.destroy();
        socket.destroy();
      }
      resolve(result);
    };
    const onError = (error: Error) => settle(err(notSent(error, endpoint, limits)));
    const onClose = () => onError(new Error('closed before it was ready'));
    const onAbort = () =>
      settle(err({ kind: 'not-sent', why: 'closed', message: 'The client was closed.' }));
    const timer = setTimeout(
      () => onError(Object.assign(new Error(), { code: 'ETIMEDOUT' })),
      limits.connectTimeoutMs,
    );
    session.on('error', onError);
    // A TLS alert after the handshake (no client certificate) reaches only the socket; the session hears nothing of it.
    socket.on('error', onError);
    session.once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    session.once('remoteSettings', () => {
      if (isSettled) return;
      session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
      settle(ok(new Session(session, socket, limits)));
    });
  });
}

const tlsSettings = (
  { host, port }: Endpoint,
  options: TLSOptions,
  isAddress: boolean,
): ConnectionOptions => ({
  host,
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
  ERR_HTTP2_ERROR: 'not-http2',
  ERR_HTTP2_SESSION_ERROR: 'not-http2',
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
