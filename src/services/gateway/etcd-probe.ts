import { connect as connectTCP, isIP } from 'node:net';
import { connect as connectTLS } from 'node:tls';
import { type Clock, assertNever } from '../../base/index.js';
import {
  type EtcdError,
  type MemberStatus,
  type TLSOptions,
  createClient,
} from '../../etcd/index.js';
import type { Backend, Probe, Sight } from './backend.js';
import { isOwnFault } from './faults.js';

export interface HealthProbe {
  readonly ask: Probe;
  /** Connections to all others end. */
  keepOnly(backends: readonly Backend[]): void;
  /** Takes the certificates as they are now. */
  renew(): void;
  close(): Promise<void>;
}

/** Certificates and members are mended: whether it can be looked into now is asked this often. */
const LOOK_AGAIN_MS = 10_000;

/**
 * Asks a member for its status, over one kept connection. One that does not let us look inside (TLS without a
 * certificate that it takes, or no etcd at all) is only asked for a sign of life: connect, greet, and wait for whatever
 * comes back.
 */
export function createEtcdProbe(parts: {
  readonly clock: Clock;
  readonly tls: () => TLSOptions | undefined;
}): HealthProbe {
  const { clock, tls } = parts;
  const newClient = () =>
    // `pin-first` asks nobody by itself: the questions here are the only ones.
    createClient({ endpoints: [], tls: tls(), clock, balancer: 'pin-first' });
  let client = newClient();
  let urls: readonly string[] = [];
  const opaque = new Map<string, { readonly because: string; readonly untilMs: number }>();

  const ask: Probe = async (backend, deadlineMs, hasTalked) => {
    const startedMs = clock.monotonicMs();
    const known = opaque.get(backend.url);
    if (known !== undefined && startedMs < known.untilMs) {
      // To members that log each greeting as a broken connection nothing is said without need.
      if (hasTalked) return answersOnly(known.because);
      return await signOfLife(backend, deadlineMs, known.because);
    }
    opaque.delete(backend.url);
    const answer = await client.maintenance.status({ endpoint: backend.url, deadlineMs });
    if (answer.ok) return sightOf(answer.value);
    // Whoever reads it sees the endpoint beside it.
    const because = answer.error.message.replace(`${backend.url}: `, '');
    const meaning = meaningOf(answer.error);
    if (meaning !== 'opaque' && meaning !== 'broken') return { kind: meaning, because };
    if (meaning === 'opaque') {
      opaque.set(backend.url, { because, untilMs: startedMs + LOOK_AGAIN_MS });
    }
    const leftMs = deadlineMs - (clock.monotonicMs() - startedMs);
    return await signOfLife(backend, Math.max(1, leftMs), because);
  };

  return {
    ask,
    keepOnly: (backends) => {
      urls = backends.map(({ url }) => url);
      client.setEndpoints(urls);
      for (const url of opaque.keys()) if (!urls.includes(url)) opaque.delete(url);
    },
    renew: () => {
      void client.close();
      client = newClient();
      client.setEndpoints(urls);
      opaque.clear();
    },
    close: () => client.close(0),
  };
}

const sightOf = (status: MemberStatus): Sight => ({
  kind: 'seen',
  hasLeader: status.leader !== undefined && !status.errors.includes('etcdserver: no leader'),
  isLeader: status.isLeader,
  isLearner: status.isLearner,
  term: status.raftTerm,
  committedIndex: status.raftIndex,
  appliedIndex: status.raftAppliedIndex,
});

const answersOnly = (because: string): Sight => ({
  kind: 'answers',
  because: `It answers; its health cannot be seen: ${because}`,
});

/**
 * What no status means. `opaque`: something is there that does not let us look inside. `broken`: our own connection
 * broke or did not come about, which may be about that connection only.
 */
function meaningOf(error: EtcdError): 'opaque' | 'broken' | 'silent' | 'unreachable' | 'unclear' {
  if (error.kind === 'refused') return 'opaque';
  if (error.kind === 'unknown') {
    if (error.why === 'deadline') return 'silent';
    return error.why === 'bad-answer' ? 'opaque' : 'broken';
  }
  const { why } = error;
  switch (why) {
    case 'tls':
    case 'not-http2':
      return 'opaque';
    // The member allows no further call on this connection: those before it are not answered.
    case 'no-room':
    case 'connect-timeout':
      return 'silent';
    case 'connection-refused':
    case 'name-unknown':
      return 'unreachable';
    // Also what becomes of a plain question to a port for TLS.
    case 'connect-failed':
    case 'not-processed':
      return 'broken';
    case 'no-endpoint':
    case 'bad-endpoint':
    case 'login-failed':
    case 'request-too-large':
    case 'cancelled':
    case 'closed':
      return 'unclear';
    default:
      return assertNever(why);
  }
}

/** Whatever comes back to a greeting, a refusal too, is a sign of life; the kernel alone only accepts. */
function signOfLife(backend: Backend, deadlineMs: number, because: string): Promise<Sight> {
  return new Promise((resolve) => {
    const { host, port, secure } = backend;
    const socket = connectTCP({ host, port });
    const greeting = secure
      ? connectTLS({
          socket,
          servername: isIP(host) === 0 ? host : '',
          ALPNProtocols: ['h2'],
          // Nothing is believed and nothing is sent: the clients check whom they talk to.
          rejectUnauthorized: false,
        })
      : undefined;
    let isConnected = false;
    const end = (sight: Sight) => {
      clearTimeout(timer);
      greeting?.destroy();
      socket.destroy();
      resolve(sight);
    };
    const answers = () => end(answersOnly(because));
    const failed = (error: NodeJS.ErrnoException) => {
      if (isConnected) answers();
      else if (isOwnFault(error.code)) end({ kind: 'unclear', because: error.message });
      else end({ kind: 'unreachable', because: error.message });
    };
    const timer = setTimeout(() => {
      const what = isConnected
        ? 'accepts connections and answers nothing'
        : 'accepts no connection';
      end({ kind: 'silent', because: `It ${what} within ${Math.round(deadlineMs)} ms.` });
    }, deadlineMs);
    socket.once('connect', () => {
      isConnected = true;
      if (!secure) socket.write('\r\n\r\n');
    });
    socket.on('error', failed);
    socket.once('close', answers);
    greeting?.on('error', failed);
    greeting?.once('secureConnect', answers);
    if (!secure) socket.once('data', answers);
  });
}
