import { type Socket as DatagramSocket, createSocket } from 'node:dgram';
import { type Server, type Socket, createServer, isIPv6 } from 'node:net';
import { type Clock, type Logger, type Result, err, ok } from '../../../base/index.js';
import { type DNSAddress, addressText } from '../addresses.js';
import { DEFAULT_DNS_LIMITS, type DNSServerLimits } from '../limits.js';
import { dnsListenFailed } from '../problems.js';
import { type AnswerKind, answerTo, truncatedAnswer } from './answer.js';
import { RateLimit } from './rate-limit.js';
import { serveConnection } from './tcp.js';
import type { Zone } from './zone.js';

export interface DNSServerOptions {
  readonly listen: readonly DNSAddress[];
  readonly zone: Zone;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<DNSServerLimits> | undefined;
}

export type CountName = AnswerKind | 'limited';

export interface DNSServerState {
  /** `ADDRESS:PORT`; empty before `start` and after `close`. */
  readonly listening: readonly string[];
  readonly serial: number;
  readonly connections: number;
  /** How queries ended since the start. */
  readonly counts: Readonly<Record<CountName, number>>;
}

export interface DNSServer {
  /** Listens on every address over UDP and TCP, or on none of them. */
  start(): Promise<Result<DNSServerState>>;
  /** Answers from this zone from now on. */
  serve(zone: Zone): void;
  state(): DNSServerState;
  close(): Promise<void>;
}

/** An authoritative server for one zone. What it is sent never makes it throw, wait or grow beyond its limits. */
export function createDNSServer(options: DNSServerOptions): DNSServer {
  return new ZoneServer(options);
}

/** A port that is free for TCP may be taken for UDP. */
const PORT_TRIES = 10;

class ZoneServer implements DNSServer {
  readonly #options: DNSServerOptions;
  readonly #limits: DNSServerLimits;
  readonly #rate: RateLimit;
  readonly #datagrams: DatagramSocket[] = [];
  readonly #servers: Server[] = [];
  /** The one that was quiet for longest is first. */
  readonly #connections = new Set<Socket>();
  readonly #counts = newCounts();
  #listening: readonly string[] = [];
  #zone: Zone;

  constructor(options: DNSServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_DNS_LIMITS, ...options.limits };
    this.#rate = new RateLimit(this.#limits);
    this.#zone = options.zone;
  }

  async start(): Promise<Result<DNSServerState>> {
    const listening: string[] = [];
    for (const address of this.#options.listen) {
      const heard = await this.#listen(address);
      if (!heard.ok) {
        await this.close();
        return heard;
      }
      listening.push(addressText(heard.value));
    }
    this.#listening = listening;
    return ok(this.state());
  }

  serve(zone: Zone): void {
    this.#zone = zone;
  }

  state(): DNSServerState {
    return {
      listening: this.#listening,
      serial: this.#zone.serial,
      connections: this.#connections.size,
      counts: { ...this.#counts },
    };
  }

  async close(): Promise<void> {
    this.#listening = [];
    for (const socket of this.#connections) socket.destroy();
    const sockets = [...this.#datagrams.splice(0), ...this.#servers.splice(0)];
    await Promise.all(
      sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
    );
  }

  async #listen(address: DNSAddress): Promise<Result<DNSAddress>> {
    for (let tried = 1; ; tried++) {
      const tcp = await this.#listenTCP(address);
      if (!tcp.ok) return tcp;
      const udp = await this.#listenUDP(tcp.value);
      if (udp.ok) return udp;
      const isGiven = address.port !== 0;
      const server = this.#servers.pop();
      await new Promise<void>((resolve) => server?.close(() => resolve()));
      if (isGiven || tried === PORT_TRIES) return udp;
    }
  }

  #listenTCP(address: DNSAddress): Promise<Result<DNSAddress>> {
    const server = createServer((socket) => this.#connected(socket));
    return new Promise((resolve) => {
      server.once('error', (error) => resolve(failed(address, error)));
      server.listen({ host: address.host, port: address.port }, () => {
        this.#servers.push(server);
        const now = server.address();
        const port = now === null || typeof now === 'string' ? address.port : now.port;
        // What goes wrong with a connection is its own; the server goes on.
        server.removeAllListeners('error').on('error', (error) => this.#complain(error));
        resolve(ok({ host: address.host, port }));
      });
    });
  }

  #listenUDP(address: DNSAddress): Promise<Result<DNSAddress>> {
    const socket = createSocket({ type: isIPv6(address.host) ? 'udp6' : 'udp4' });
    return new Promise((resolve) => {
      socket.once('error', (error) => {
        socket.close();
        resolve(failed(address, error));
      });
      socket.bind({ address: address.host, port: address.port }, () => {
        this.#datagrams.push(socket);
        socket.removeAllListeners('error').on('error', (error) => this.#complain(error));
        socket.on('message', (bytes, from) => this.#received(socket, bytes, from));
        resolve(ok(address));
      });
    });
  }

  #received(
    socket: DatagramSocket,
    bytes: Buffer,
    from: { readonly address: string; readonly port: number },
  ): void {
    if (bytes.length > this.#limits.queryBytesMax) {
      this.#counts.dropped++;
      return;
    }
    const verdict = this.#rate.ask(from.address, this.#options.clock.monotonicMs());
    const answer =
      verdict === 'answer' ? this.#answer(bytes, this.#limits.udpAnswerBytesMax) : undefined;
    if (verdict !== 'answer') this.#counts.limited++;
    const sent = verdict === 'truncate' ? truncatedAnswer(bytes) : answer;
    // Whoever asked may be gone; there is nobody to tell.
    if (sent !== undefined) socket.send(sent, from.port, from.address, () => undefined);
  }

  #connected(socket: Socket): void {
    if (this.#connections.size >= this.#limits.connectionsMax) {
      const [quietest] = this.#connections;
      quietest?.destroy();
      if (quietest !== undefined) this.#connections.delete(quietest);
    }
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    serveConnection(socket, {
      clock: this.#options.clock,
      limits: this.#limits,
      answer: (query) => this.#answer(query, undefined),
      active: () => {
        if (this.#connections.delete(socket)) this.#connections.add(socket);
      },
    });
  }

  #answer(bytes: Buffer, bytesMax: number | undefined): Buffer | undefined {
    const answer = answerTo(bytes, this.#zone, bytesMax);
    this.#counts[answer.kind]++;
    return answer.bytes;
  }

  #complain(error: Error): void {
    this.#options.logger.log('warn', 'the DNS server goes on', { because: error.message });
  }
}

const newCounts = (): Record<CountName, number> => ({
  answered: 0,
  'no-name': 0,
  'no-records': 0,
  refused: 0,
  malformed: 0,
  truncated: 0,
  dropped: 0,
  limited: 0,
});

const failed = (address: DNSAddress, error: Error): Result<never> =>
  err(dnsListenFailed({ address: addressText(address), because: `${error.message}.` }));
