/** For tests only: a service on loopback over a store in memory, and what a member of etcd asks of it. */
import { request } from 'node:http';
import { type LogLevel, seededRandom, systemClock } from '../../../base/index.js';
import { memberIDFrom } from '../identity.js';
import { DEFAULT_DISCOVERY_LIMITS, type DiscoveryLimits } from '../limits.js';
import { serveDiscovery } from '../service.js';
import { type MemoryStore, memoryStore } from './memory-store.js';

export interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
  json<T = V2Body>(): T;
}

export interface V2Body {
  readonly action?: string;
  readonly errorCode?: number;
  readonly message?: string;
  readonly cause?: string;
  readonly index?: number;
  readonly problem?: { readonly code: string; readonly summary: string };
  readonly node?: V2Node;
  readonly prevNode?: V2Node;
}

export interface V2Node {
  readonly key: string;
  readonly value?: string;
  readonly dir?: boolean;
  readonly createdIndex: number;
  readonly modifiedIndex: number;
  readonly nodes?: readonly V2Node[];
}

export interface Rig {
  readonly url: string;
  readonly store: MemoryStore;
  readonly log: string[];
  ask(method: string, path: string, options?: AskOptions): Promise<Asked>;
  /** Registers as a member does that was started with `--discovery=<discoveryURL>`. */
  register(discoveryURL: string, name: string, peerURL: string): Promise<Asked>;
  pollCount(): number;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly form?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onHeaders?: () => void;
}

let seeds = 6;

export async function discoveryRig(
  options: {
    readonly limits?: Partial<DiscoveryLimits>;
    readonly remembers?: boolean;
    /** Of another service too. */
    readonly store?: MemoryStore;
  } = {},
): Promise<Rig> {
  const store = options.store ?? memoryStore();
  store.remembers = options.remembers ?? true;
  const log: string[] = [];
  const served = await serveDiscovery({
    store,
    clock: systemClock,
    random: seededRandom(++seeds),
    logger: { log: (level: LogLevel, message) => void log.push(`${level} ${message}`) },
    limits: { ...DEFAULT_DISCOVERY_LIMITS, ...options.limits },
    listen: { address: '127.0.0.1:0', tls: undefined, isInsecureAllowed: false },
    advertise: undefined,
    endpoints: [],
  });
  if (!served.ok) throw new Error(served.error.summary);
  const listening = served.value;
  const { url } = listening;
  const rig: Rig = {
    url,
    store,
    log,
    ask: (method, path, asking) => ask(url, method, path, asking),
    register: (discoveryURL, name, peerURL) => {
      const path = new URL(discoveryURL).pathname.replace(/\/+$/, '');
      const id = memberIDFrom([peerURL], discoveryURL);
      const value = encodeURIComponent(`${name}=${peerURL}`);
      const host = new URL(discoveryURL).host;
      return rig.ask('PUT', `${path}/${id}?prevExist=false`, { form: `value=${value}`, host });
    },
    pollCount: listening.pollCount,
    close: () => listening.drain(200),
  };
  return rig;
}

export function ask(
  base: string,
  method: string,
  path: string,
  { form, host, headers, signal, onHeaders }: AskOptions = {},
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const sent = request(
      base,
      {
        method,
        path,
        agent: false,
        ...(signal === undefined ? {} : { signal }),
        headers: {
          ...(host === undefined ? {} : { host }),
          ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...headers,
        },
      },
      (response) => {
        onHeaders?.();
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body,
            json: <T>() => JSON.parse(body) as T,
          }),
        );
      },
    );
    sent.once('error', reject);
    sent.end(form);
  });
}
