/** For tests only: TCP servers in the place of members, and a probe that sees what a test says. */
import { type Server, type Socket, connect, createServer } from 'node:net';
import { once } from 'node:events';
import type { Backend, Sight } from '../backend.js';
import type { HealthProbe } from '../etcd-probe.js';

export interface FakeBackend {
  readonly backend: Backend;
  /** The sides of the live connections that the backend holds, oldest first. */
  readonly sockets: readonly Socket[];
  close(): Promise<void>;
}

/** Listens on a free port; `serve` gets every connection. The default answers each chunk with its own name before it. */
export async function fakeBackend(
  name: string,
  serve: (socket: Socket) => void = (socket) => {
    socket.on('data', (chunk) => socket.write(`${name}:${chunk.toString()}`));
    socket.on('end', () => socket.end());
  },
): Promise<FakeBackend> {
  const sockets: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.splice(sockets.indexOf(socket), 1));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const { port } = address;
  return {
    backend: { url: `http://127.0.0.1:${port}`, host: '127.0.0.1', port, secure: false },
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

export const WELL: Sight = {
  kind: 'seen',
  hasLeader: true,
  isLeader: false,
  isLearner: false,
  term: 1n,
  committedIndex: 1n,
  appliedIndex: 1n,
};

export interface FakeProbe extends HealthProbe {
  /** What a backend is seen as from now on; `WELL` when nothing was said. */
  readonly sights: Map<string, Sight>;
}

export function fakeProbe(): FakeProbe {
  const sights = new Map<string, Sight>();
  return {
    sights,
    ask: async ({ url }) => sights.get(url) ?? WELL,
    keepOnly: () => undefined,
    renew: () => undefined,
    close: async () => undefined,
  };
}

export interface FakeClient {
  readonly socket: Socket;
  /** Everything that came so far. */
  text(): string;
  /** Until something more has come, or the other side has ended. */
  more(): Promise<string>;
  /** Nothing more will come. */
  ended(): Promise<void>;
}

/** A client of `127.0.0.1:port` or of a path. */
export async function fakeClient(at: string): Promise<FakeClient> {
  const path = /^unix:(.*)$/.exec(at)?.[1];
  const socket =
    path === undefined
      ? connect({
          host: '127.0.0.1',
          port: Number(at.slice(at.lastIndexOf(':') + 1)),
          allowHalfOpen: true,
        })
      : connect({ path, allowHalfOpen: true });
  let text = '';
  let isEnded = false;
  const isOver = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
  void isOver.then(() => (isEnded = true));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  return {
    socket,
    text: () => text,
    more: async () => {
      const before = text;
      while (text === before && !isEnded) {
        await Promise.race([once(socket, 'data').catch(() => undefined), isOver]);
      }
      return text.slice(before.length);
    },
    ended: () => isOver,
  };
}
