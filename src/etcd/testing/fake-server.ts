import {
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type Settings,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { frameOf } from '../transport/frames.js';
import type { KeyValue } from '../wire/generated/mvcc.js';
import { PutResponse, RangeResponse } from '../wire/generated/kv.js';

export interface FakeCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly stream: ServerHttp2Stream;
}

/** A gRPC server of which every byte is up to the test. */
export interface FakeServer {
  readonly endpoint: string;
  /** Every call it got, oldest first. */
  readonly calls: readonly FakeCall[];
  /** Every connection it ever got. */
  readonly connectionCount: number;
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  close(): Promise<void>;
}

export async function startFakeServer(
  handle: (call: FakeCall, count: number) => void,
  settings: Settings = {},
  at: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 0 },
): Promise<FakeServer> {
  const server: Http2Server = createServer({ settings });
  const calls: FakeCall[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  let connectionCount = 0;
  server.on('connection', (socket: Socket) => {
    connectionCount++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    stream.resume();
    const call = { path: headers[':path'] ?? '', headers, stream };
    calls.push(call);
    handle(call, calls.length);
  });
  await new Promise<void>((resolve) => server.listen(at.port, at.host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://${at.host}:${port}`,
    calls,
    sessions,
    get connectionCount() {
      return connectionCount;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const HEADERS = { ':status': 200, 'content-type': 'application/grpc' };

/** Answers with these bytes as they are, then with a status. */
export function answerRaw(
  stream: ServerHttp2Stream,
  bytes: Uint8Array,
  trailers: Readonly<Record<string, string>> = { 'grpc-status': '0' },
): void {
  stream.respond(HEADERS, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(bytes);
}

export const answer = (stream: ServerHttp2Stream, message: Uint8Array): void =>
  answerRaw(stream, frameOf(message));

/** Answers with a status and no message, in one header block as etcd does. */
export const refuse = (stream: ServerHttp2Stream, code: number, message: string): void =>
  stream.respond(
    { ...HEADERS, 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) },
    { endStream: true },
  );

const HEADER = { clusterId: 1n, memberId: 2n, revision: 3n, raftTerm: 4n };

export const putAnswer = (): Uint8Array =>
  PutResponse.encode({ header: HEADER, prevKv: undefined }).finish();

export const rangeAnswer = (...keys: readonly string[]): Uint8Array =>
  RangeResponse.encode({
    header: HEADER,
    kvs: keys.map(keyValue),
    count: BigInt(keys.length),
    more: false,
  }).finish();

const keyValue = (key: string): KeyValue => ({
  key: Buffer.from(key),
  value: Buffer.from('v'),
  version: 1n,
  createRevision: 2n,
  modRevision: 2n,
  lease: 0n,
});
