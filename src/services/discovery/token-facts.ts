import { type Clock, type Problem, type Result, err, ok } from '../../base/index.js';
import type { EtcdClient } from '../../etcd/index.js';
import { runningServices } from './announce.js';
import { createEtcdStore } from './etcd-store.js';
import { DEFAULT_DISCOVERY_LIMITS } from './limits.js';
import { discoveryServiceSilent, discoveryUnknownToken } from './problems.js';
import { askService } from './service-client.js';
import { looksSealed, toldAmong } from './sealed-token.js';
import type { Registration, TokenRecord } from './store.js';
import type { TokenFacts } from './token-report.js';

/** Reads a token in the etcd that keeps it, also one that a person made for the v3 protocol by hand. */
export async function tokenFactsAt(
  { client, clock }: { readonly client: EtcdClient; readonly clock: Clock },
  token: string,
): Promise<Result<TokenFacts>> {
  const store = createEtcdStore({ client, clock, deadlineMs: DEFAULT_DISCOVERY_LIMITS.storageMs });
  const read = await store.read(token);
  if (!read.ok) return read;
  const { kept, registrations, v3 } = read.value;
  const isV2 = kept?.record.protocols.includes('v2') === true && v3.registrations.length === 0;
  if (isV2) {
    const clusterToken = kept.record.url ?? (await toldURL(client, kept.record));
    return ok({ token, protocol: 'v2', size: kept.record.size, clusterToken, registrations });
  }
  const size = kept?.record.size ?? Number(v3.size);
  if (!Number.isSafeInteger(size)) {
    return err(discoveryUnknownToken({ token, asked: 'Asked in the etcd itself.' }));
  }
  const members = v3.registrations;
  return ok({ token, protocol: 'v3', size, clusterToken: token, registrations: members });
}

/** Of a token that says itself how it was told, when the service that told it still runs. */
async function toldURL(client: EtcdClient, record: TokenRecord): Promise<string | undefined> {
  if (!looksSealed(record.token)) return undefined;
  const running = await runningServices(client);
  const urls = running.ok ? running.value.map((base) => base + record.path) : [];
  return toldAmong(urls, record);
}

/** Reads a token at its URL over the v2 protocol, from whatever serves it. */
export async function tokenFactsThrough(
  url: string,
  signal: AbortSignal,
): Promise<Result<TokenFacts>> {
  const bare = url.replace(/\/+$/, '');
  const token = bare.slice(bare.lastIndexOf('/') + 1);
  const size = await nodeAt(`${bare}/_config/size`, token, signal);
  if (!size.ok) return size;
  const directory = await nodeAt(bare, token, signal);
  if (!directory.ok) return directory;
  const count = Number(size.value['value']);
  if (!Number.isSafeInteger(count) || count < 1) {
    const because = `Its size is ${JSON.stringify(size.value['value'])}.`;
    return err(discoveryServiceSilent({ url, because }));
  }
  const nodes = directory.value['nodes'];
  const registrations = (Array.isArray(nodes) ? nodes : [])
    .map((node: unknown) => registrationOf(token, node))
    .filter((each) => each !== undefined)
    .toSorted((a, b) => Number(a.createdIndex - b.createdIndex));
  return ok({ token, protocol: 'v2', size: count, clusterToken: url, registrations });
}

type Node = Readonly<Record<string, unknown>>;

async function nodeAt(
  url: string,
  token: string,
  signal: AbortSignal,
): Promise<Result<Node, Problem>> {
  const answer = await askService(url, signal);
  if (!answer.ok) return answer;
  const { status, json, text } = answer.value;
  const node = json?.['node'];
  if (status === 200 && typeof node === 'object' && node !== null) return ok(node as Node);
  if (json?.['errorCode'] === 100) return err(discoveryUnknownToken({ token, asked: url }));
  return err(discoveryServiceSilent({ url, because: `It answered ${status}: ${text}` }));
}

function registrationOf(token: string, node: unknown): Registration | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  const { key, value, createdIndex } = node as Node;
  if (typeof key !== 'string' || typeof value !== 'string') return undefined;
  const index = typeof createdIndex === 'number' ? BigInt(Math.trunc(createdIndex)) : 0n;
  return { token, id: key.slice(key.lastIndexOf('/') + 1), value, createdIndex: index };
}
