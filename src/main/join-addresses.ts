import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { type Random, type Result, err, ok } from '../base/index.js';
import { parseClientURL, parsePeerURL } from '../core/cluster/index.js';
import { makeDirectory, writeWhole } from '../disk/index.js';
import { lookAtData } from '../drivers/local/index.js';
import {
  type SaidAddresses,
  joinAddressesUnknown,
  joinMemoryUnreadable,
  joinNoFreePorts,
} from '../services/join/index.js';
import { dirname } from 'node:path';
import { fileUnwritable } from './problems.js';

/** Below the range from which kernels give ports to clients. */
const PORTS = { from: 20_000, to: 32_768 } as const;

/**
 * The addresses of this host: as said, else as at its last start, else free ones on loopback. They are remembered beside
 * the data directory (etcd warns about what lies in it): the member list has them, and a member that comes back
 * elsewhere is cut off.
 */
export async function addressesFor(
  { said, dataDir }: { readonly said: SaidAddresses | undefined; readonly dataDir: string },
  random: Random,
): Promise<Result<SaidAddresses>> {
  const memory = `${dataDir}.join.json`;
  if (said !== undefined) return remember(memory, said);
  const remembered = await recall(memory);
  if (!remembered.ok) return remembered;
  if (remembered.value !== undefined) return ok(remembered.value);
  const data = await lookAtData({ dataDir, log: '' }, undefined);
  if (data.kind === 'present') return err(joinAddressesUnknown({ dataDir, memory }));
  const free = await freeAddresses(random);
  return free.ok ? remember(memory, free.value) : free;
}

async function recall(path: string): Promise<Result<SaidAddresses | undefined>> {
  const bad = (because: string): Result<never> => err(joinMemoryUnreadable({ path, because }));
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return isMissing(error) ? ok(undefined) : bad(because(error));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return bad(because(error));
  }
  const { peerURL, clientURL } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const peer = parsePeerURL(String(peerURL));
  const client = parseClientURL(String(clientURL));
  return peer.ok && client.ok
    ? ok({ peerURL: peer.value, clientURL: client.value })
    : bad('It does not hold a peer URL and a client URL.');
}

async function remember(path: string, addresses: SaidAddresses): Promise<Result<SaidAddresses>> {
  try {
    await makeDirectory(dirname(path));
    await writeWhole(path, `${JSON.stringify(addresses, undefined, 2)}\n`, { durable: true });
    return ok(addresses);
  } catch (error) {
    return err(fileUnwritable({ path, because: because(error) }));
  }
}

/** Two ports side by side that nobody listens on now, from a random place on. */
async function freeAddresses(random: Random): Promise<Result<SaidAddresses>> {
  const pairs = Math.floor((PORTS.to - PORTS.from) / 2);
  const begin = Math.floor(random.next() * pairs);
  for (let i = 0; i < pairs; i++) {
    const port = PORTS.from + 2 * ((begin + i) % pairs);
    if (!(await isFree(port)) || !(await isFree(port + 1))) continue;
    const client = parseClientURL(`http://127.0.0.1:${port}`);
    const peer = parsePeerURL(`http://127.0.0.1:${port + 1}`);
    if (peer.ok && client.ok) return ok({ peerURL: peer.value, clientURL: client.value });
  }
  return err(joinNoFreePorts(PORTS));
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const because = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
