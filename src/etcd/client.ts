import { systemClock, systemRandom, type Clock, type Random } from '../base/index.js';
import { AuthAPI, authenticateWith, type Credentials } from './api/auth.js';
import { mapCall } from './api/common.js';
import { ClusterAPI } from './api/cluster.js';
import { KVAPI } from './api/kv.js';
import { LeaseAPI } from './api/lease.js';
import { MaintenanceAPI, probeAnswerOf, statusCodec } from './api/maintenance.js';
import { Balancer } from './balancers/balancer.js';
import type { BalancerName } from './balancers/policies.js';
import { MemberFollower } from './balancers/member-follower.js';
import { Prober } from './balancers/prober.js';
import type { EndpointState, ProbeAnswer } from './balancers/state.js';
import { badEndpoint, Caller, type CallOptions } from './calls/caller.js';
import { TokenSource } from './calls/tokens.js';
import { parseEndpoint, type Endpoint } from './endpoints.js';
import type { CallResult, EtcdError } from './errors.js';
import { Session } from './recipes/session.js';
import { runSTM, type View } from './recipes/stm.js';
import { rpcs } from './rpcs.js';
import { Http2Transport } from './transport/http2-transport.js';
import {
  DEFAULT_LIMITS,
  KEEPALIVE_INTERVAL_MIN_MS,
  type TransportLimits,
} from './transport/limits.js';
import { endpointsFromSRV, SRVFollower, type SRVOptions } from './srv.js';
import type { TLSOptions } from './transport/tls.js';
import type { ConnectionKind, Transport } from './transport/transport.js';
import { WatchAPI } from './watch/watch-api.js';

export interface EtcdClientOptions {
  /** `http://host:2379`, `https://host:2379` or `host:2379`. May be empty when every call names its endpoint. */
  readonly endpoints?: readonly string[] | undefined;
  /** Find the endpoints by DNS SRV: before the first call, and every 30 s while the client is used. */
  readonly srv?: SRVOptions | undefined;
  /** For https endpoints; endpoints without a scheme become https when this is given. */
  readonly tls?: TLSOptions | undefined;
  /**
   * How calls that name no endpoint are placed. `healthy` (the default) knows who leads, lags, learns, is cut off or
   * silent, and lets a planned change of the cluster go unnoticed; `pin-first` stays with the endpoint that connected
   * first until it fails; `round-robin` takes each in turn.
   */
  readonly balancer?: BalancerName | undefined;
  /**
   * Keep the endpoints in step with the client URLs of the member list, while the client is used. Only where those can
   * be reached from here; if none can, the given endpoints are tried again.
   */
  readonly followMembers?: boolean | undefined;
  /**
   * Where the name in an endpoint leads, asked at each dial; undefined for a name, or absent: where this machine's resolver
   * says. Certificates are checked against the name all the same.
   */
  readonly addressOf?: ((host: string) => string | undefined) | undefined;
  /** Log in with these when the cluster asks for users; the token is renewed as needed. */
  readonly auth?: Credentials | undefined;
  readonly clock?: Clock | undefined;
  /** For pauses between tries, so that many clients do not come at once. */
  readonly random?: Random | undefined;
  readonly limits?: Partial<TransportLimits> | undefined;
}

const LIST_MS = 1_000;
const CLOSE_GRACE_MS = 1_000;

const CLOSED: EtcdError = {
  kind: 'not-sent',
  why: 'closed',
  message: 'The client was closed.',
  endpoint: '',
  tried: [],
};

/** A client of one etcd cluster. Nothing is dialled before the first call. */
export class EtcdClient {
  readonly cluster: ClusterAPI;
  readonly maintenance: MaintenanceAPI;
  readonly kv: KVAPI;
  readonly lease: LeaseAPI;
  readonly watch: WatchAPI;
  readonly auth: AuthAPI;
  readonly #transport: Transport;
  readonly #balancer: Balancer;
  readonly #prober: Prober;
  #seeds: readonly string[] = [];
  readonly #hasTLS: boolean;

  readonly #caller: Caller;

  constructor(options: EtcdClientOptions) {
    const { tls, auth, clock = systemClock, random = systemRandom } = options;
    const limits = limitsOf(options.limits);
    this.#hasTLS = tls !== undefined;
    this.#transport = new Http2Transport(tls, limits, options.addressOf);
    const { balancer: name = 'healthy' } = options;
    this.#balancer = new Balancer({ name, transport: this.#transport, clock });
    this.#prober = new Prober({
      clock,
      balancer: this.#balancer,
      probe: (endpoint, deadlineMs) => this.#probe(endpoint, deadlineMs),
      isBusy: () => this.#caller.openStreams > 0,
    });
    const follower =
      options.followMembers === true
        ? new MemberFollower({
            clock,
            seeds: () => this.#seeds,
            states: () => this.#balancer.states(),
            list: () => this.#clientURLs(),
            use: (urls) => this.#use(urls),
          })
        : undefined;
    const { srv } = options;
    const srvFollower =
      srv === undefined
        ? undefined
        : new SRVFollower({
            clock,
            look: () => endpointsFromSRV(srv, random),
            use: (urls) => this.setEndpoints(urls),
            failed: (error) => this.#caller.reportWithFailures([error]),
          });
    this.#caller = new Caller({
      transport: this.#transport,
      balancer: this.#balancer,
      onUse: () => {
        if (name !== 'pin-first') this.#prober.touch();
        follower?.touch();
        return srvFollower?.touch();
      },
      onNewTerm: () => {
        if (name === 'healthy') this.#prober.hurry();
      },
      clock,
      hasTLS: this.#hasTLS,
      connectTimeoutMs: limits.connectTimeoutMs,
      login:
        auth === undefined
          ? undefined
          : { tokens: new TokenSource(), authenticate: authenticateWith(auth) },
    });
    this.cluster = new ClusterAPI(this.#caller);
    this.maintenance = new MaintenanceAPI(this.#caller);
    this.kv = new KVAPI(this.#caller);
    const streams = { opener: this.#caller, clock, random };
    this.lease = new LeaseAPI(this.#caller, streams);
    this.watch = new WatchAPI(streams);
    this.auth = new AuthAPI(this.#caller);
    this.setEndpoints(options.endpoints ?? []);
  }

  /**
   * Opens a session: a kept lease under which locks, semaphores and elections are held.
   *
   * @example
   * const session = await client.session({ ttlSeconds: 10 });
   * if (session.ok) await session.value.lock('locks/report').acquire();
   */
  async session(
    options: CallOptions & { readonly ttlSeconds?: number } = {},
  ): Promise<CallResult<Session>> {
    return await Session.open(this, options);
  }

  /**
   * Runs `body` on keys that nobody else changes meanwhile, again when somebody did; see `View`.
   *
   * @example
   * await client.stm(async (view) => view.put('n', String(Number((await view.get('n')) ?? 0) + 1)));
   */
  async stm<T>(
    body: (view: View) => Promise<T> | T,
    options?: CallOptions,
  ): Promise<CallResult<T>> {
    return await runSTM(this.kv, body, options);
  }

  /**
   * How each endpoint stands and why, as the balancer sees it now. It is kept fresh while the client is used: an idle
   * client asks nobody.
   *
   * @example
   * for (const { endpoint, condition, reason } of client.endpoints()) console.log(endpoint.url, condition, reason);
   */
  endpoints(): readonly EndpointState[] {
    return this.#balancer.states();
  }

  /** Where each connection stands, by endpoint. */
  connections(): ReadonlyMap<string, ConnectionKind> {
    return this.#transport.states();
  }

  /**
   * Replaces the endpoints, say after a membership change. Calls under way on one that left go on to their end. One
   * that cannot be read is never dialled, and is named in the error of every call that fails.
   */
  setEndpoints(texts: readonly string[]): void {
    this.#seeds = texts;
    this.#use(texts);
  }

  #use(texts: readonly string[]): void {
    const endpoints = new Map<string, Endpoint>();
    const unreadable: EtcdError[] = [];
    for (const text of texts) {
      const parsed = parseEndpoint(text, this.#hasTLS);
      if (parsed.ok) endpoints.set(parsed.value.url, parsed.value);
      else unreadable.push(badEndpoint(text, parsed.error));
    }
    this.#balancer.replace([...endpoints.values()]);
    this.#caller.reportWithFailures(unreadable);
    this.#transport.keepOnly(new Set(endpoints.keys()));
  }

  async #clientURLs(): Promise<readonly string[] | undefined> {
    const endpoints = this.#balancer.candidates('local');
    const [best] = endpoints;
    if (best === undefined) return undefined;
    const listed = await this.cluster.memberList({ endpoint: best.url, deadlineMs: LIST_MS });
    if (!listed.ok) return undefined;
    return listed.value.members
      .filter(({ name }) => name !== '')
      .flatMap(({ clientURLs }) => clientURLs)
      .map((url) => {
        const parsed = parseEndpoint(url, this.#hasTLS);
        return parsed.ok ? parsed.value.url : url;
      });
  }

  async #probe(endpoint: Endpoint, deadlineMs: number): Promise<CallResult<ProbeAnswer>> {
    const leftMs = () => deadlineMs;
    const turn = { endpoint, signal: undefined, leftMs, connectMs: leftMs };
    const status = await this.#caller.unaryAt(turn, rpcs.status, statusCodec, {});
    return mapCall(status, probeAnswerOf);
  }

  /** Ends watches and keeps no lease alive any more, takes no more calls, waits up to `graceMs` for those under way, then cuts them. An unclosed idle client does not keep a process up. */
  async close(graceMs = CLOSE_GRACE_MS): Promise<void> {
    this.#prober.close();
    this.watch.close(CLOSED);
    this.lease.close(CLOSED);
    await this.#transport.close(graceMs);
  }
}

function limitsOf(given: Partial<TransportLimits> = {}): TransportLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  const keepaliveIntervalMs = Math.max(KEEPALIVE_INTERVAL_MIN_MS, limits.keepaliveIntervalMs);
  return { ...limits, keepaliveIntervalMs };
}

/**
 * @example
 * const client = createClient({ endpoints: ['http://127.0.0.1:2379'] });
 * const answer = await client.kv.get('greeting');
 * if (answer.ok && answer.value !== undefined) console.log(textOf(answer.value.value));
 * await client.close();
 */
export const createClient = (options: EtcdClientOptions): EtcdClient => new EtcdClient(options);
