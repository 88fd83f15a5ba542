import type { Server as HTTPServer } from 'node:http';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { type Clock, type Logger, type Problem, type Result, err, ok } from '../../base/index.js';
import type { TLSOptions } from '../../etcd/index.js';
import { type ListenAddress, listenText } from './addresses.js';
import type { Backend, BackendState } from './backend.js';
import { Backends, type BackendEntry } from './backends.js';
import { dialFirst } from './dial.js';
import { type HealthProbe, createEtcdProbe } from './etcd-probe.js';
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from './limits.js';
import { listenOn } from './listener.js';
import { createMetricsServer } from './metrics-server.js';
import { type CutReason, newCounts, prometheusText } from './metrics.js';
import { gatewayNoBackends } from './problems.js';
import { Relay } from './relay.js';
import type { BackendSource } from './sources/source.js';

export interface GatewayOptions {
  readonly listen: readonly ListenAddress[];
  /** Where `/metrics` and `/health` are served; nowhere when absent. */
  readonly metrics?: ListenAddress | undefined;
  readonly backends: BackendSource;
  readonly clock: Clock;
  /** Told whenever a backend goes in or out, and why. */
  readonly logger: Logger;
  readonly limits?: Partial<GatewayLimits> | undefined;
  /** For probing only, read anew at each `refresh`: what clients send passes through as it is. */
  readonly tls?: (() => TLSOptions | undefined) | undefined;
  /** How backends are probed; etcd's status over `tls` when absent. */
  readonly probe?: HealthProbe | undefined;
}

export interface GatewayState {
  /** Empty before `start` and after `drain` or `close`. */
  readonly listening: readonly string[];
  readonly metrics: string | undefined;
  readonly connections: number;
  readonly backends: readonly BackendState[];
}

export interface Gateway {
  /** Asks the source, has a first look at each backend, then listens. Everything is closed again when it is a problem. */
  start(): Promise<Result<GatewayState>>;
  /** Replaces the backends: those not in the list take no new connections and are drained. An empty list is a problem. */
  update(backends: readonly Backend[]): Result<void>;
  /** Asks the source again and takes the certificates as they are now. */
  refresh(): Promise<Problem | undefined>;
  /** Takes no new connections, closes those that are quiet, all of them after `drainMs`, and ends. */
  drain(): Promise<void>;
  /** Ends now. */
  close(): Promise<void>;
  state(): GatewayState;
  /** In Prometheus' text format. */
  metrics(): string;
}

/** How often draining connections are looked at; one that stood still for so long is quiet. */
export const SWEEP_MS = 500;
const KEEP_ALIVE_MS = 30_000;

/** @example const gateway = createGateway({ listen, backends: fixedBackends(['10.0.0.1:2379'], false), clock, logger }); */
export function createGateway(options: GatewayOptions): Gateway {
  return new RelayGateway(options);
}

class RelayGateway implements Gateway {
  readonly #options: GatewayOptions;
  readonly #limits: GatewayLimits;
  readonly #backends: Backends;
  readonly #counts = newCounts();
  readonly #servers: Server[] = [];
  readonly #pending = new Set<() => void>();
  #metricsServer: HTTPServer | undefined;
  #listening: readonly string[] = [];
  #metricsAddress: string | undefined;
  #turn = 0;
  #cancelSweep: (() => void) | undefined;
  #drained: (() => void) | undefined;
  #endsAtMs: number | undefined;
  #isClosed = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_GATEWAY_LIMITS, ...options.limits };
    const { clock, logger, tls = () => undefined } = options;
    this.#backends = new Backends({
      clock,
      logger,
      limits: this.#limits,
      probe: options.probe ?? createEtcdProbe({ clock, tls }),
      onHopeless: (entry) => this.#cutAll(entry, 'dead'),
    });
  }

  async start(): Promise<Result<GatewayState>> {
    const { backends: source } = this.#options;
    const first = await source.start({
      update: (backends) => void this.update(backends),
      states: () => this.#backends.states(),
    });
    const used = first.ok ? this.update(first.value) : first;
    if (used.ok) await this.#backends.firstLook();
    const heard = used.ok ? await this.#listen() : used;
    if (heard.ok) return ok(this.state());
    await this.close();
    return heard;
  }

  async #listen(): Promise<Result<void>> {
    const { listen, metrics } = this.#options;
    const listening: string[] = [];
    for (const address of listen) {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
      const at = await listenOn(server, address);
      if (!at.ok) return at;
      server.on('connection', (client) => this.#accept(client));
      this.#servers.push(server);
      listening.push(listenText(at.value));
    }
    if (metrics !== undefined) {
      const server = createMetricsServer({
        metrics: () => this.metrics(),
        whyUnhealthy: () => this.#whyUnhealthy(),
      });
      const at = await listenOn(server, metrics);
      if (!at.ok) return at;
      this.#metricsServer = server;
      this.#metricsAddress = listenText(at.value);
    }
    this.#listening = listening;
    return ok(undefined);
  }

  update(backends: readonly Backend[]): Result<void> {
    if (backends.length === 0) {
      const source = this.#options.backends.name;
      return err(gatewayNoBackends({ source, because: 'it names no backend' }));
    }
    if (this.#isClosed) return ok(undefined);
    this.#backends.replace(backends);
    for (const entry of this.#backends.entries()) {
      if (isLeaving(entry)) for (const relay of entry.live) relay.sayFarewell();
    }
    this.#sweepSoon();
    return ok(undefined);
  }

  async refresh(): Promise<Problem | undefined> {
    if (this.#isClosed) return undefined;
    this.#backends.renewProbe();
    return await this.#options.backends.refresh();
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined);
    if (this.#connections() >= this.#limits.connectionsMax) {
      this.#counts.rejected['too-many']++;
      client.destroy();
      return;
    }
    this.#counts.accepted++;
    // A client that vanished without a word is noticed.
    client.setKeepAlive(true, KEEP_ALIVE_MS);
    void this.#connect(client);
  }

  async #connect(client: Socket): Promise<void> {
    const { clock } = this.#options;
    const { order, goodCount } = this.#backends.order(this.#turn++);
    const doneDialling = this.#backends.dialling(order[0]);
    const { result, cancel } = dialFirst(order, goodCount, {
      clock,
      limits: this.#limits,
      connect: dialTCP,
      onFailure: (backend, because) => this.#backends.failedDial(backend, because),
    });
    this.#pending.add(cancel);
    const dialled = await result;
    this.#pending.delete(cancel);
    const entry = dialled === undefined ? undefined : this.#backends.entry(dialled.backend.url);
    if (dialled === undefined || entry === undefined || client.destroyed || this.#isClosed) {
      if (!client.destroyed && !this.#isClosed) this.#counts.rejected['no-backend']++;
      dialled?.socket.destroy();
      client.destroy();
      doneDialling();
      this.#tellIfEmpty();
      return;
    }
    entry.counts.connected++;
    const relay = new Relay({
      client,
      backend: dialled.socket,
      tally: entry.counts,
      bufferBytesMax: this.#limits.bufferBytesMax,
      onEnd: () => {
        entry.live.delete(relay);
        this.#backends.forgetIfGone(entry);
        this.#tellIfEmpty();
      },
    });
    entry.live.add(relay);
    doneDialling();
  }

  #tellIfEmpty(): void {
    if (this.#connections() === 0) this.#drained?.();
  }

  #cutAll(entry: BackendEntry, reason: CutReason): void {
    for (const relay of entry.live) this.#cut(relay, reason);
  }

  /** A connection is among the live ones until both its sockets are closed, and may be cut again before. */
  #cut(relay: Relay, reason: CutReason): void {
    if (relay.cut()) this.#counts.cut[reason]++;
  }

  #sweepSoon(): void {
    if (this.#cancelSweep !== undefined || this.#isClosed) return;
    if (this.#endsAtMs === undefined && !this.#backends.entries().some(isLeaving)) return;
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, () => {
      this.#cancelSweep = undefined;
      this.#sweep();
      this.#sweepSoon();
    });
  }

  /** Closes what is quiet, and everything whose time is over, among the connections that are to go. */
  #sweep(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const entry of this.#backends.entries()) {
      const leavesAtMs =
        entry.leftMs === undefined ? undefined : entry.leftMs + this.#limits.drainMs;
      const endMs = Math.min(leavesAtMs ?? Infinity, this.#endsAtMs ?? Infinity);
      if (endMs === Infinity) continue;
      const reason: CutReason = this.#endsAtMs === undefined ? 'left' : 'gateway-ends';
      for (const relay of entry.live) {
        if (relay.isQuiet() || nowMs >= endMs) this.#cut(relay, reason);
      }
    }
    if (nowMs >= (this.#endsAtMs ?? Infinity)) this.#drained?.();
  }

  async drain(): Promise<void> {
    if (this.#isClosed) return;
    this.#stopListening();
    this.#endsAtMs = this.#options.clock.monotonicMs() + this.#limits.drainMs;
    for (const { live } of this.#backends.entries()) for (const relay of live) relay.sayFarewell();
    if (this.#connections() > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        this.#sweepSoon();
      });
    }
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    this.#cancelSweep?.();
    this.#drained?.();
    for (const cancel of this.#pending) cancel();
    for (const entry of this.#backends.entries()) this.#cutAll(entry, 'gateway-ends');
    this.#metricsServer?.close();
    this.#metricsServer?.closeAllConnections();
    await Promise.all([this.#options.backends.close(), this.#backends.close()]);
  }

  #stopListening(): void {
    for (const server of this.#servers) server.close();
    this.#listening = [];
  }

  state(): GatewayState {
    return {
      listening: this.#listening,
      metrics: this.#metricsAddress,
      connections: this.#connections(),
      backends: this.#backends.states(),
    };
  }

  metrics(): string {
    return prometheusText({
      counts: this.#counts,
      connections: this.#connections(),
      states: this.#backends.states(),
      backendCounts: new Map(
        this.#backends.entries().map(({ facts, counts }) => [facts.backend.url, counts]),
      ),
    });
  }

  #connections(): number {
    return this.#backends.entries().reduce((sum, { live }) => sum + live.size, this.#pending.size);
  }

  #whyUnhealthy(): string {
    const states = this.#backends.states();
    if (states.some(({ isIn }) => isIn)) return '';
    return states.map(({ backend, reason }) => `${backend.url}: ${reason}`).join(' ');
  }
}

const isLeaving = ({ leftMs }: BackendEntry): boolean => leftMs !== undefined;

const dialTCP = ({ host, port }: Backend): Socket =>
  connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    allowHalfOpen: true,
  });
