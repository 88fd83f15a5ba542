import { describe, expect, test } from 'vitest';
import { clusterIDOf, err, ok, unsafeBrand } from '../../../base/index.js';
import { adoptionProblems } from '../../../core/adoption/index.js';
import type { ClusterRecord, EtcdVersion, HostAddresses } from '../../../core/cluster/index.js';
import { parseSpec } from '../../../core/spec-text/index.js';
import { fakeMachine } from '../testing/fake-machine.js';

const SPEC = `apiVersion: quorate.dev/v1alpha1
kind: EtcdCluster
metadata: { name: prod }
spec:
  version: "3.6.15"
  driver: { ssh: { user: root } }
  tls: off
  members: [{ name: infra0, host: 10.0.1.10 }]
`;
const LINE =
  'adopt --endpoints 10.0.1.10:2379,https://b:2379 --hosts 10.0.1.10 --user root -c prod';

const at = (i: string): HostAddresses => ({
  peerURLs: [unsafeBrand(`http://${i}:2380`)],
  clientURLs: [unsafeBrand(`http://${i}:2379`)],
  listenPeerURLs: [],
  listenClientURLs: [],
  listenMetricsURLs: [],
  dataDir: '/var/lib/etcd',
  adopted: { unit: 'etcd.service' },
});

/** Where a cluster prod is found that somebody made. */
function found() {
  const machine = fakeMachine();
  const spec = parseSpec(SPEC);
  if (!spec.ok) throw new Error(JSON.stringify(spec.error));
  const record: ClusterRecord = {
    formatVersion: 1,
    name: spec.value.spec.name,
    token: unsafeBrand('etcd-cluster'),
    clusterID: clusterIDOf(0xccn),
    version: unsafeBrand<EtcdVersion>('3.6.15'),
    issuedNew: [],
    addresses: { '10.0.1.10': at('10.0.1.10') },
    retire: [],
  };
  machine.adoption.found = ok({ spec: spec.value.spec, record, notes: ['10.0.1.10: a note'] });
  return machine;
}

describe('quorate adopt', () => {
  test('reads the cluster as it was told, keeps the record, and writes a spec that can be read', async () => {
    const machine = found();
    const typed = await machine.type(...LINE.split(' '), '-o', 'json');
    expect(typed.exit).toBe(0);
    expect(machine.asked).toEqual([
      `adopt ${JSON.stringify({
        name: 'prod',
        endpoints: ['http://10.0.1.10:2379', 'https://b:2379'],
        hosts: ['10.0.1.10'],
        ssh: { user: 'root' },
      })}`,
    ]);
    expect(JSON.parse(typed.out)).toEqual({
      cluster: { name: 'prod', id: 'cc', version: '3.6.15' },
      members: [
        { name: 'infra0', host: '10.0.1.10', unit: 'etcd.service', dataDir: '/var/lib/etcd' },
      ],
      notes: ['10.0.1.10: a note'],
      file: 'quorate.yaml',
    });
    const text = machine.files.get('quorate.yaml') ?? '';
    expect(text).toContain('# 10.0.1.10: a note\n');
    expect(parseSpec(text)).toMatchObject({ ok: true });
    expect(machine.cluster('prod').record?.clusterID).toBe('cc');
  });

  test('what stands in the way is told, and nothing is written', async () => {
    const machine = found();
    machine.adoption.found = err([
      adoptionProblems.authOn({ cluster: 'prod' }),
      adoptionProblems.hostUnread({ host: 'a', because: 'it is odd' }),
    ]);
    const typed = await machine.type(...LINE.split(' '));
    expect(typed.exit).toBe(1);
    expect(typed.err).toContain('[adopt-auth]');
    expect(typed.err).toContain('[adopt-host-unread]');
    expect(machine.files.size).toBe(0);
    expect(machine.clusters.size).toBe(0);
  });

  test('a file that is there is not replaced, and a cluster that is kept not adopted again', async () => {
    const machine = found();
    machine.files.set('quorate.yaml', 'mine');
    const first = await machine.type(...LINE.split(' '));
    expect(first.exit).toBe(2);
    expect(first.err).toContain('[spec-file-there]');
    expect(machine.asked).toEqual([]);

    expect((await machine.type(...LINE.split(' '), '--out', 'a.yaml')).exit).toBe(0);
    const again = await machine.type(...LINE.split(' '), '--out', 'b.yaml');
    expect(again.exit).toBe(1);
    expect(again.err).toContain('[cluster-known]');
    expect(machine.files.has('b.yaml')).toBe(false);
  });

  test.each([
    ['no endpoint', 'adopt --endpoints ,'],
    ['half of the certificates', 'adopt --endpoints a:2379 --cert c'],
    ['a host that is none', 'adopt --endpoints a:2379 --hosts a/b'],
    ['a port that is none', 'adopt --endpoints a:2379 --port ssh'],
  ])('%s is a matter of the command line', async (_what, line) => {
    expect((await found().type(...line.split(' '))).exit).toBe(2);
  });
});
