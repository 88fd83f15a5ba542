import { describe, expect, test } from 'vitest';
import { seededRandom, unsafeBrand } from '../base/index.js';
import { type ClusterRecord, type EtcdVersion, parseClusterName } from '../core/cluster/index.js';
import { addMember, defaultSpec } from '../core/spec/index.js';
import type { Wish } from '../engine/ports/index.js';
import { targetResolver, versionFor } from './resolve.js';

const exact = (text: string): EtcdVersion => unsafeBrand<EtcdVersion>(text);
const name = parseClusterName('prod');
if (!name.ok) throw new Error('prod is a name');
const SPEC = defaultSpec({ name: name.value, memberCount: 1, version: '3.6' });

const record = (version: string): ClusterRecord => ({
  formatVersion: 1,
  name: SPEC.name,
  token: unsafeBrand(`prod-${seededRandom(1).hex(4)}`),
  version: exact(version),
  issuedNew: [],
  addresses: {
    m1: {
      peerURLs: [unsafeBrand('http://127.0.0.1:21001')],
      clientURLs: [unsafeBrand('http://127.0.0.1:21000')],
      listenPeerURLs: ['http://127.0.0.1:21001'],
      listenClientURLs: ['http://127.0.0.1:21000'],
      listenMetricsURLs: [],
      dataDir: '/data',
    },
  },
  retire: [],
});

const wish = (spec: Wish['spec'], state: Wish['state'] = 'up'): Wish => ({
  generation: 1,
  spec,
  state,
  paused: false,
  retire: [],
});

describe('the version to run', () => {
  test('a minor keeps the patch that was chosen at the founding', () => {
    expect(versionFor(SPEC, record('3.6.4'), 'up')).toEqual({ ok: true, value: '3.6.4' });
  });

  test('an exact patch of the same minor is run, up or down', () => {
    const spec = { ...SPEC, version: '3.6.15' };
    expect(versionFor(spec, record('3.6.4'), 'up')).toEqual({ ok: true, value: '3.6.15' });
    const back = { ...SPEC, version: '3.6.1' };
    expect(versionFor(back, record('3.6.4'), 'up')).toEqual({ ok: true, value: '3.6.1' });
  });

  test('another minor is an upgrade, which is refused before anything is stopped', () => {
    for (const version of ['3.7', '3.7.2', '3.5.34']) {
      const refused = versionFor({ ...SPEC, version }, record('3.6.4'), 'up');
      expect(refused).toMatchObject({
        ok: false,
        error: { code: 'minor-change', data: { running: '3.6.4', wanted: version } },
      });
    }
  });

  test('a cluster that is to go down goes down as it is', () => {
    const spec = { ...SPEC, version: '3.7' };
    expect(versionFor(spec, record('3.6.4'), 'down')).toEqual({ ok: true, value: '3.6.4' });
  });
});

describe('the target', () => {
  test('a member that a person runs brings its addresses in the spec', () => {
    const far = { name: 'far', peerURLs: ['http://10.0.0.9:2380'], start: 'by-hand' } as const;
    const spec = addMember(SPEC, far);
    if (!spec.ok) throw new Error(spec.error.summary);
    const target = targetResolver('plain')(wish(spec.value), record('3.6.4'));
    if (!target.ok) throw new Error(target.error[0]?.summary);
    expect(target.value.members[1]).toMatchObject({
      name: 'far',
      byHand: true,
      peerURLs: ['http://10.0.0.9:2380'],
      clientURLs: ['http://10.0.0.9:2379'],
    });
  });

  test('a member of ours without an address is a problem', () => {
    const spec = addMember(SPEC, { name: 'm2' });
    if (!spec.ok) throw new Error(spec.error.summary);
    expect(targetResolver('plain')(wish(spec.value), record('3.6.4'))).toMatchObject({
      ok: false,
      error: [{ code: 'no-address' }],
    });
  });
});
