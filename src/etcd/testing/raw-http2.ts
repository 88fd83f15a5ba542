import { createServer, type AddressInfo, type Socket } from 'node:net';

/** HTTP/2 frames as bytes, right or wrong as the test wants them (RFC 9113 §4.1). */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const END_STREAM = 1;
export const END_HEADERS = 4;
export const ACK = 1;

export function h2frame(
  type: number,
  flags: number,
  streamID: number,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length & 0xffffff, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamID >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** A header list without compression (RFC 7541 §6.2.2, literals without indexing). */
export const headerBlock = (...pairs: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(
    pairs.flatMap(([name, value]) => [Buffer.from([0]), hpackText(name), hpackText(value)]),
  );

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const MAX = 127;
  if (bytes.length < MAX) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length: number[] = [MAX];
  let rest = bytes.length - MAX;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128);
  length.push(rest);
  return Buffer.concat([Buffer.from(length), bytes]);
}

export const SETTINGS = Buffer.concat([
  h2frame(frameTypes.settings, 0, 0),
  h2frame(frameTypes.settings, ACK, 0),
]);

/** What a good server sends for the first call of a connection: settings, headers, one message, trailers. */
export const goodAnswer = (grpcFrame: Uint8Array): Buffer =>
  Buffer.concat([
    SETTINGS,
    h2frame(
      frameTypes.headers,
      END_HEADERS,
      1,
      headerBlock([':status', '200'], ['content-type', 'application/grpc']),
    ),
    h2frame(frameTypes.data, 0, 1, grpcFrame),
    h2frame(frameTypes.headers, END_HEADERS | END_STREAM, 1, headerBlock(['grpc-status', '0'])),
  ]);

export interface RawServer {
  readonly endpoint: string;
  /** Connections that are open now. */
  readonly openCount: number;
  close(): Promise<void>;
}

/** A server that answers each connection's first call with `bytes()` and knows no HTTP/2 itself. */
export async function startRawServer(
  answer: (socket: Socket, connection: number) => void,
): Promise<RawServer> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const connection = connections++;
    open.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    let hasSettings = false;
    let isAnswered = false;
    socket.on('data', (chunk: Buffer) => {
      // The client dials, sees our settings, and only then makes its call.
      if (!hasSettings) {
        hasSettings = true;
        socket.write(h2frame(frameTypes.settings, 0, 0));
        if (!hasHeaders(chunk)) return;
      }
      if (isAnswered || !hasHeaders(chunk)) return;
      isAnswered = true;
      answer(socket, connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get openCount() {
      return open.size;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** Whether a chunk of what the client sends has a HEADERS frame; the client sends whole frames. */
function hasHeaders(chunk: Buffer): boolean {
  const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  let at = chunk.subarray(0, PREFACE.length).toString('latin1') === PREFACE ? PREFACE.length : 0;
  while (at + 9 <= chunk.length) {
    if (chunk[at + 3] === frameTypes.headers) return true;
    at += 9 + chunk.readUIntBE(at, 3);
  }
  return false;
}
