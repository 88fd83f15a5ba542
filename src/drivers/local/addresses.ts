import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { createServer, isIP } from 'node:net';
import { type Problem, type Result, err, isAbort, ok } from '../../base/index.js';
import {
  type HostAddresses,
  type HostName,
  parseClientURL,
  parsePeerURL,
  sameURLs,
} from '../../core/cluster/index.js';
import type { AddressWish } from '../../engine/ports/index.js';
import type { Context } from './context.js';
import { memberPaths, siblingDirectories } from './layout.js';
import { addressNotHere, cancelled, noFreePorts } from './problems.js';
import { readRecordFile } from './record-file.js';

const PORTS_PER_HOST = 3;
const LOWEST_PORT = 20_000;
/** What Linux and most others use when nobody changed it. */
const EPHEMERAL_FROM_DEFAULT = 32_768;

type Allocation = Result<Readonly<Record<string, HostAddresses>>, readonly Problem[]>;

/**
 * Addresses for the hosts that have none; a host that has some keeps them, except where its wish fixes others.
 * Ports are taken below the kernel's ephemeral range, where any client socket may sit on them (lab notes 2.4), from
 * a place that depends on the cluster's name, so that two clusters seldom even look at the same ones.
 */
export async function allocateAddresses(
  context: Context,
  wanted: readonly AddressWish[],
  existing: Readonly<Record<string, HostAddresses>>,
  signal: AbortSignal,
): Promise<Allocation> {
  const result: Record<string, HostAddresses> = { ...existing };
  const problems: Problem[] = [];
  const taken = new Set(await portsOfOthers(context));
  for (const addresses of Object.values(existing))
    for (const port of portsOf(addresses)) taken.add(port);
  for (const wish of wanted) {
    for (const url of [...(wish.peerURLs ?? []), ...(wish.clientURLs ?? [])])
      taken.add(portOf(url));
  }
  const range = await portRange();
  for (const wish of wanted) {
    if (signal.aborted) return err([cancelled({ doing: 'finding addresses', host: wish.host })]);
    const found = await addressesFor(context, wish, existing[wish.host], range, taken);
    if (found.ok) result[wish.host] = found.value;
    else problems.push(found.error);
  }
  return problems.length === 0 ? ok(result) : err(problems);
}

async function addressesFor(
  context: Context,
  wish: AddressWish,
  existing: HostAddresses | undefined,
  range: PortRange,
  taken: Set<number>,
): Promise<Result<HostAddresses>> {
  let base = existing ?? (await freshAddresses(context, wish.host, range, taken));
  if (base === undefined) return err(noFreePorts({ host: wish.host, ...range }));
  if (wish.peerURLs !== undefined && !sameURLs(wish.peerURLs, base.peerURLs)) {
    const listen = await listenURLs(wish.host, wish.peerURLs);
    if (!listen.ok) return listen;
    base = {
      ...base,
      peerURLs: wish.peerURLs,
      listenPeerURLs: listen.value,
    };
  }
  if (wish.clientURLs !== undefined && !sameURLs(wish.clientURLs, base.clientURLs)) {
    const listen = await listenURLs(wish.host, wish.clientURLs);
    if (!listen.ok) return listen;
    base = {
      ...base,
      clientURLs: wish.clientURLs,
      listenClientURLs: listen.value,
    };
  }
  return ok(base);
}

const branded = <T>(
  urls: readonly string[],
  parse: (text: string) => Result<T, string>,
): readonly T[] =>
  urls.flatMap((url) => {
    const parsed = parse(url);
    return parsed.ok ? [parsed.value] : [];
  });

interface PortRange {
  readonly from: number;
  /** The first port that is not ours to take. */
  readonly to: number;
}

async function freshAddresses(
  context: Context,
  host: HostName,
  range: PortRange,
  taken: Set<number>,
): Promise<HostAddresses | undefined> {
  const slots = Math.floor((range.to - range.from) / PORTS_PER_HOST);
  const begin = hash(context.stateDir) % slots;
  for (let i = 0; i < slots; i++) {
    const client = range.from + ((begin + i) % slots) * PORTS_PER_HOST;
    const ports = Array.from({ length: PORTS_PER_HOST }, (_, k) => client + k);
    if (ports.some((port) => taken.has(port))) continue;
    if ((await Promise.all(ports.map(isFree))).includes(false)) continue;
    for (const port of ports) taken.add(port);
    const url = (port: number) => `http://127.0.0.1:${port}`;
    return {
      peerURLs: branded([url(client + 1)], parsePeerURL),
      clientURLs: branded([url(client)], parseClientURL),
      listenPeerURLs: [url(client + 1)],
      listenClientURLs: [url(client)],
      listenMetricsURLs: [url(client + 2)],
      dataDir: memberPaths(context.stateDir, host).dataDir,
    };
  }
  return undefined;
}

/** FNV-1a: spreads names over the range; nothing depends on its exact value. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    value = Math.imul(value ^ name.charCodeAt(i), 0x01000193) >>> 0;
  }
  return value;
}

async function portRange(): Promise<PortRange> {
  const text = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '');
  const [low = Number.NaN, high = Number.NaN] = text.trim().split(/\s+/).map(Number);
  if (Number.isNaN(low)) return { from: LOWEST_PORT, to: EPHEMERAL_FROM_DEFAULT };
  const below = { from: Math.min(LOWEST_PORT, Math.max(1024, low - 3000)), to: low };
  const above = { from: high + 1, to: 65_536 };
  // Where the range begins very low, the ports above it are the quiet ones.
  return below.to - below.from >= 3000 || above.to - above.from < 300 ? below : above;
}

/** Nobody listens there now. It can still be lost until the member starts; its last exit then says so. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

/** The ports that the records of the other clusters of this home name, running or not. */
async function portsOfOthers(context: Context): Promise<readonly number[]> {
  const ports: number[] = [];
  for (const directory of await siblingDirectories(context.stateDir)) {
    const record = await readRecordFile(directory);
    if (!record.ok || record.value === undefined) continue;
    for (const addresses of Object.values(record.value.addresses))
      ports.push(...portsOf(addresses));
  }
  return ports;
}

const portsOf = (addresses: HostAddresses): readonly number[] =>
  [...addresses.listenPeerURLs, ...addresses.listenClientURLs, ...addresses.listenMetricsURLs].map(
    portOf,
  );

const portOf = (url: string): number => Number(/:(\d+)$/.exec(url)?.[1] ?? 0);

const URL_PARTS = /^([a-z]+:\/\/)(.+)(:\d+)$/;

/** etcd binds addresses, not names ("expected IP in URL for binding"). */
async function listenURLs(
  host: HostName,
  urls: readonly string[],
): Promise<Result<readonly string[]>> {
  const listen: string[] = [];
  for (const url of urls) {
    const [, scheme = '', name = '', port = ''] = URL_PARTS.exec(url) ?? [];
    if (/^[\d.]+$/.test(name) || name.startsWith('[')) {
      listen.push(url);
      continue;
    }
    const address = name === 'localhost' ? '127.0.0.1' : (addressIn(host) ?? (await resolve(name)));
    if (address === undefined) {
      return err(addressNotHere({ host, url, because: `The name ${name} does not resolve.` }));
    }
    listen.push(`${scheme}${address}${port}`);
  }
  return ok(listen);
}

/** A host that is an address is where its member listens: its name may lead to the one before it for a while. */
function addressIn(host: HostName): string | undefined {
  const family = isIP(host);
  return family === 0 ? undefined : family === 6 ? `[${host}]` : host;
}

async function resolve(name: string): Promise<string | undefined> {
  try {
    const { address, family } = await lookup(name);
    return family === 6 ? `[${address}]` : address;
  } catch (error) {
    if (isAbort(error)) throw error;
    return undefined;
  }
}
