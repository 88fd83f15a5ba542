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

  const ask: Probe = async (backend, deadlineMs) => {
    const startedMs = clock.monotonicMs();
    const known = opaque.get(backend.url);
    if (known !== undefined && startedMs < known.untilMs) {
      return await signOfLife(backend, deadlineMs, known.because);
    }
    const answer = await client.maintenance.status({ endpoint: backend.url, deadlineMs });
    if (answer.ok) {
      opaque.delete(backend.url);
      return sightOf(answer.value);
    }
    const because = whyOpaque(answer.error);
    if (because === undefined) return sightOfError(answer.error);
    opaque.set(backend.url, { because, untilMs: startedMs + LOOK_AGAIN_MS });
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

/** Why the member cannot be looked into; undefined when that is not what happened. */
function whyOpaque(error: EtcdError): string | undefined {
  switch (error.kind) {
    case 'not-sent':
      // A plain question to a TLS port ends in a connection that is cut off before it is ready.
      return error.why === 'tls' || error.why === 'not-http2' || error.why === 'connect-failed'
        ? error.message
        : undefined;
    case 'refused':
      return error.message;
    case 'unknown':
      return error.why === 'bad-answer' ? error.message : undefined;
    default:
      return assertNever(error);
  }
}

function sightOfError({ kind, ...error }: EtcdError): Sight {
  const because = error.message;
  if (kind === 'unknown' && 'why' in error && error.why === 'deadline') {
    return { kind: 'silent', because };
  }
  if (kind === 'not-sent' && 'why' in error && error.why === 'connect-timeout') {
    return { kind: 'silent', because };
  }
  return { kind: 'unreachable', because };
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
    const answers = () =>
      end({ kind: 'answers', because: `It answers; its health cannot be seen: ${because}` });
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
