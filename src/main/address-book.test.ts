import { describe, expect, test } from 'vitest';
import { ok, unsafeBrand } from '../base/index.js';
import type { ClusterRecord, HostAddresses } from '../core/cluster/index.js';
import { parseSpec } from '../core/spec-text/index.js';
import type { ClusterStore, Wish } from '../engine/ports/index.js';
import { createAddressBook } from './address-book.js';

const addresses = (name: string, address: string): HostAddresses => ({
  peerURLs: [unsafeBrand(`http://${name}:2380`)],
  clientURLs: [unsafeBrand(`http://${name}:2379`)],
  listenPeerURLs: [`http://${address}:2380`],
  listenClientURLs: [`http://${address}:2379`],
  listenMetricsURLs: [],
  dataDir: '/data',
});

const recordOf = (hosts: Readonly<Record<string, HostAddresses>>): ClusterRecord => ({
  formatVersion: 1,
  name: unsafeBrand('prod'),
  token: unsafeBrand('t'),
  version: unsafeBrand('3.6.15'),
  issuedNew: [],
  addresses: hosts,
  retire: [],
});

function wishOf(spec: string): Wish {
  const parsed = parseSpec(
    `apiVersion: quorate.dev/v1alpha1\nkind: EtcdCluster\nmetadata: { name: prod }\nspec: { version: "3.6", tls: off, ${spec} }\n`,
  );
  if (!parsed.ok) throw new Error(parsed.error.map(({ summary }) => summary).join('\n'));
  return { spec: parsed.value.spec, generation: 1, state: 'up', paused: false, retire: [] };
}

/** What the book knows once these have been read. */
async function bookOf(record: ClusterRecord, wish?: Wish) {
  const book = createAddressBook();
  const read = { readRecord: async () => ok(record), readWish: async () => ok(wish) };
  const store = book.noting(read as Partial<ClusterStore> as ClusterStore);
  await store.readRecord();
  await store.readWish();
  return book;
}

describe('where members are', () => {
  test('is where they were made to listen, and the rest is left to the DNS', async () => {
    const book = await bookOf(recordOf({ m1: addresses('m1.example.com', '127.0.0.7') }));
    expect(book.addressOf('m1.example.com')).toBe('127.0.0.7');
    expect(book.addressOf('m2.example.com')).toBeUndefined();
    expect(book.addressOf('127.0.0.7')).toBeUndefined();
  });

  test('is known for the names that a birth by DNS gave them, too', async () => {
    const book = await bookOf(
      recordOf({ m1: addresses('127.0.0.7', '127.0.0.7') }),
      wishOf('bootstrap: { dns: { domain: example.com } }, members: [{ name: m1 }]'),
    );
    expect(book.addressOf('m1.example.com')).toBe('127.0.0.7');
  });

  test('is not guessed for a name that two hosts have had, nor for one that listens everywhere', async () => {
    const book = await bookOf(
      recordOf({
        old: addresses('m1.example.com', '127.0.0.7'),
        new: addresses('m1.example.com', '127.0.0.8'),
        all: addresses('m3.example.com', '0.0.0.0'),
      }),
    );
    expect(book.addressOf('m1.example.com')).toBeUndefined();
    expect(book.addressOf('m3.example.com')).toBeUndefined();
  });
});
