import { lookup } from 'node:dns';
import { type LookupFunction, isIP } from 'node:net';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { SecureContext } from 'node:tls';
import { deadlineSignal, isAbort } from '../../base/index.js';
import type { PeerSight } from '../../core/cluster/index.js';
import { TLSMaterial, type TLSOptions } from '../../etcd/index.js';
import { readClusterID, readMembers } from './members-json.js';

/** A port that is open and holds the request (a member in its bootstrap check) answers soon or not at all. */
const PEER_DEADLINE_MS = 3000;
/** Seven members with long URLs are a few kilobytes. */
export const PEER_BODY_BYTES_MAX = 256 * 1024;
/** One question at a time and a second one while the first still hangs. */
const SOCKETS_PER_HOST_MAX = 2;

export interface PeerProbe {
  ask(peerURL: string, signal: AbortSignal): Promise<PeerSight>;
  close(): void;
}

/** Asks peer ports for `/members`: answered at once, leader or not, with the cluster id in a header (etcd-facts 8.4). */
export function createPeerProbe(
  tls?: TLSOptions,
  addressOf?: (host: string) => string | undefined,
): PeerProbe {
  const limits = { keepAlive: true, maxSockets: SOCKETS_PER_HOST_MAX, maxFreeSockets: 1 };
  const plain = new HttpAgent(limits);
  const material = new TLSMaterial(tls ?? {});
  let secure: { readonly agent: HttpsAgent; readonly context: SecureContext } | undefined;

  /** What was renewed is used by whoever is dialled from now on. */
  const secureAgent = async (): Promise<HttpsAgent> => {
    const context = await material.context();
    if (secure?.context === context) return secure.agent;
    secure?.agent.destroy();
    const agent = new HttpsAgent({
      ...limits,
      secureContext: context,
      maxCachedSessions: 0,
      ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
      rejectUnauthorized: tls?.insecureSkipVerify !== true,
    });
    secure = { agent, context };
    return agent;
  };

  const get = async (url: URL, signal: AbortSignal): Promise<Reply> => {
    const agent = url.protocol === 'https:' ? await secureAgent() : undefined;
    return new Promise((resolve, reject) => {
      const headers = { accept: 'application/json' };
      const options = { signal, headers, ...lookupBy(addressOf) };
      const request =
        agent === undefined
          ? httpRequest(url, { ...options, agent: plain })
          : httpsRequest(url, { ...options, agent });
      request.once('response', (response) => {
        readReply(response).then(resolve, reject);
      });
      // A member that was restarted has closed the kept connection; the question is asked once more on a new one.
      request.on('error', (error) => {
        if (request.reusedSocket && !signal.aborted) resolve(get(url, signal));
        else reject(error);
      });
      request.end();
    });
  };

  return {
    ask: async (peerURL, signal) => {
      try {
        const limited = deadlineSignal(PEER_DEADLINE_MS, signal);
        return sightOf(await get(new URL('/members', peerURL), limited));
      } catch (error) {
        return { kind: 'silent', because: `${peerURL}: ${reasonOf(error)}` };
      }
    },
    close: () => {
      plain.destroy();
      secure?.agent.destroy();
    },
  };
}

/** As Node asks for names: some callers want all addresses there are, others one. */
function lookupBy(addressOf: ((host: string) => string | undefined) | undefined): {
  readonly lookup?: LookupFunction;
} {
  if (addressOf === undefined) return {};
  return {
    lookup: (host, options, tell) => {
      const address = addressOf(host);
      if (address === undefined) lookup(host, options, tell);
      else if (options.all === true) tell(null, [{ address, family: isIP(address) }]);
      else tell(null, address, isIP(address));
    },
  };
}

interface Reply {
  readonly status: number;
  readonly clusterID: string | undefined;
  readonly body: string;
}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > PEER_BODY_BYTES_MAX) {
      throw new Error(`it answered more than ${PEER_BODY_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  const clusterID = response.headers['x-etcd-cluster-id'];
  return {
    status: response.statusCode ?? 0,
    clusterID: typeof clusterID === 'string' ? clusterID : undefined,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function sightOf({ status, clusterID, body }: Reply): PeerSight {
  if (status !== 200) return { kind: 'silent', because: `it answered with status ${status}` };
  const id = readClusterID(clusterID);
  const members = readMembers(body);
  if (id === undefined || members === undefined) {
    return { kind: 'silent', because: 'something answered there that is no etcd peer port' };
  }
  return { kind: 'answered', clusterID: id, members };
}

function reasonOf(error: unknown): string {
  if (isAbort(error)) return 'no answer in time';
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' ? 'nothing listens there' : message;
}
