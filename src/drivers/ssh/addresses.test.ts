import { describe, expect, test } from 'vitest';
import { unsafeBrand } from '../../base/index.js';
import type { HostAddresses, HostName, MemberName } from '../../core/cluster/index.js';
import type { AddressWish } from '../../engine/ports/index.js';
import { type Scheme, allocateAddresses } from './addresses.js';

/** What a wish fixes, as a person writes it. */
interface Fixed {
  readonly peerURLs?: readonly string[];
  readonly clientURLs?: readonly string[];
}
const wish = (host: string, over: Fixed = {}): AddressWish => ({
  host: unsafeBrand<HostName>(host),
  name: unsafeBrand<MemberName>('m'),
  ...(over as Partial<AddressWish>),
});
const found = (
  wishes: readonly AddressWish[],
  existing: Readonly<Record<string, HostAddresses>> = {},
  scheme: Scheme = 'https',
) => {
  const result = allocateAddresses(wishes, existing, { scheme, dataDir: '/var/lib/etcd/prod' });
  if (!result.ok) throw new Error('no addresses');
  return result.value;
};

describe('addresses of hosts', () => {
  test('are the ones of etcd, at the address that names the host', () => {
    expect(found([wish('10.0.1.10')])).toEqual({
      '10.0.1.10': {
        peerURLs: ['https://10.0.1.10:2380'],
        clientURLs: ['https://10.0.1.10:2379'],
        listenPeerURLs: ['https://10.0.1.10:2380'],
        listenClientURLs: ['https://10.0.1.10:2379'],
        listenMetricsURLs: ['http://127.0.0.1:2381'],
        dataDir: '/var/lib/etcd/prod',
      },
    });
  });
  test('a host with a name listens everywhere, because etcd binds addresses only', () => {
    expect(found([wish('db1.example.com')], {}, 'http')['db1.example.com']).toMatchObject({
      peerURLs: ['http://db1.example.com:2380'],
      listenPeerURLs: ['http://0.0.0.0:2380'],
    });
  });
  test('of IPv6 stand in brackets', () => {
    expect(found([wish('fd00::1')])['fd00::1']).toMatchObject({
      listenPeerURLs: ['https://[fd00::1]:2380'],
    });
  });
  test('once given they stay, except where the spec fixes others', () => {
    const first = found([wish('10.0.1.10')], {}, 'http');
    expect(found([wish('10.0.1.10')], first)).toEqual(first);
    const moved = found([wish('10.0.1.10', { peerURLs: ['https://db:12380'] })], first);
    expect(moved['10.0.1.10']).toEqual({
      ...first['10.0.1.10'],
      peerURLs: ['https://db:12380'],
      listenPeerURLs: ['https://0.0.0.0:12380'],
    });
  });
});
