import { expect, test } from 'vitest';
import { unsafeBrand } from '../../base/index.js';
import { clusterIDAtBirth, memberIDAtBirth } from './identity.js';
import type { ClusterToken, PeerURL } from './names.js';

test('ids at birth are those that real etcd gave (etcd-facts 1.1)', () => {
  const token = unsafeBrand<ClusterToken>('tok1');
  const ids = ['21001', '21011', '21021'].map((port) =>
    memberIDAtBirth([unsafeBrand<PeerURL>(`http://127.0.0.1:${port}`)], token),
  );
  expect([...ids].sort()).toEqual(['bb3763793ecc343e', 'dab58439cd524d37', 'e9f7ea66e338d192']);
  expect(clusterIDAtBirth(ids)).toBe('edd2eba24d21ea81');
});
