import type { ServerHttp2Stream } from 'node:http2';
import { frameOf, FrameReader } from '../transport/frames.js';
import { WatchRequest, WatchResponse } from '../wire/generated/watch.js';

/** The server's side of one stream: what the client says, and what the test answers. */
export interface FakeStream<Request, Response> {
  readonly requests: readonly Request[];
  say(response: Response): void;
  /** Ends the stream with a status. */
  end(code: number, message: string): void;
  readonly stream: ServerHttp2Stream;
}

export interface Messages<Request, Response> {
  readonly request: { decode(bytes: Uint8Array): Request };
  readonly response: { encode(response: Response): { finish(): Uint8Array } };
}

/** Takes a call as a stream in both directions and passes on each request. */
export function serveStream<Request, Response>(
  stream: ServerHttp2Stream,
  { request, response }: Messages<Request, Response>,
  handle: (request: Request, fake: FakeStream<Request, Response>) => void,
): FakeStream<Request, Response> {
  const requests: Request[] = [];
  const reader = new FrameReader(1024 ** 2);
  let trailers = { 'grpc-status': '0', 'grpc-message': '' };
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  const fake: FakeStream<Request, Response> = {
    requests,
    stream,
    say: (message) => {
      if (!stream.destroyed) stream.write(frameOf(response.encode(message).finish()));
    },
    end: (code, message) => {
      trailers = { 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) };
      stream.end();
    },
  };
  stream.on('data', (chunk: Uint8Array) => {
    for (const bytes of reader.push(chunk).messages) {
      const message = request.decode(bytes);
      requests.push(message);
      handle(message, fake);
    }
  });
  return fake;
}

export const WATCH: Messages<WatchRequest, WatchResponse> = {
  request: WatchRequest,
  response: WatchResponse,
};

/** An answer on a watch stream; what is not given is as a server leaves it out. */
export const watchAnswer = (
  watchId: bigint,
  revision: bigint,
  rest: Partial<WatchResponse> = {},
): WatchResponse => ({
  header: { clusterId: 1n, memberId: 2n, revision, raftTerm: 4n },
  watchId,
  created: false,
  canceled: false,
  cancelReason: '',
  compactRevision: 0n,
  fragment: false,
  events: [],
  ...rest,
});

/** A put of `key` at `revision`. */
export const putEvent = (
  key: string,
  revision: bigint,
  value = 'v',
): WatchResponse['events'][0] => ({
  type: 0,
  kv: {
    key: Buffer.from(key),
    value: Buffer.from(value),
    version: 1n,
    createRevision: revision,
    modRevision: revision,
    lease: 0n,
  },
  prevKv: undefined,
});
