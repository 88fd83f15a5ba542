import { describe, expect, test } from 'vitest';
import { type Random, seededRandom } from '../../base/index.js';
import { SUPPORTED_MINORS } from '../cluster/index.js';
import { type ClusterSpec, flagsOf, whyReserved } from '../spec/index.js';
import { explainField, jsonSchema, parseSpec, scaffold, specToYAML } from './index.js';

const HEAD = 'apiVersion: quorate.dev/v1alpha1\nkind: EtcdCluster\nmetadata: { name: prod }\n';

/** The example of DESIGN.md. */
const EVERYTHING = `${HEAD}spec:
  version: "3.6"
  bootstrap:
    static: {}
  driver:
    ssh: { user: root, identityFile: ~/.ssh/id_ed25519 }
  members:
    - { name: etcd0, host: 10.0.1.10 }
    - { name: etcd1, host: 10.0.1.11 }
    - { name: etcd2, host: 10.0.1.12 }
  proxies:
    - { name: edge0, host: 10.0.1.20 }
  tls: { auto: {} }
  backups: { schedule: "0 * * * *", to: s3://bucket/prod, keep: { hourly: 24, daily: 14 } }
  consumers:
    - kubeApiserver: { host: 10.0.1.10, manifest: /etc/kubernetes/manifests/kube-apiserver.yaml }
    - flannel: { host: 10.0.1.10, unit: flanneld.service }
  etcd: { heartbeat-interval: 100ms, quota-backend-bytes: 8GiB }
`;

function parsed(text: string) {
  const result = parseSpec(text);
  if (!result.ok) throw new Error(result.error.map(({ summary }) => summary).join('\n'));
  return result.value;
}

describe('good specs', () => {
  test('the example of the design', () => {
    const { spec, warnings } = parsed(EVERYTHING);
    expect(warnings).toEqual([]);
    expect(spec).toEqual({
      name: 'prod',
      version: '3.6',
      bootstrap: { kind: 'static' },
      driver: { kind: 'ssh', options: { user: 'root', identityFile: '~/.ssh/id_ed25519' } },
      members: [
        { name: 'etcd0', host: '10.0.1.10', start: 'quorate' },
        { name: 'etcd1', host: '10.0.1.11', start: 'quorate' },
        { name: 'etcd2', host: '10.0.1.12', start: 'quorate' },
      ],
      etcd: { 'heartbeat-interval': '100ms', 'quota-backend-bytes': '8GiB' },
      tls: { kind: 'auto' },
      proxies: [{ name: 'edge0', host: '10.0.1.20' }],
      backups: { schedule: '0 * * * *', to: 's3://bucket/prod', keep: { hourly: 24, daily: 14 } },
      consumers: [
        {
          host: '10.0.1.10',
          endpoints: 'members',
          program: {
            kind: 'kubeApiserver',
            at: { kind: 'manifest', path: '/etc/kubernetes/manifests/kube-apiserver.yaml' },
          },
        },
        {
          host: '10.0.1.10',
          endpoints: 'members',
          program: { kind: 'flannel', at: { kind: 'unit', unit: 'flanneld.service' } },
        },
      ],
    });
  });

  test('the shortest one: this machine, static, no certificates', () => {
    const { spec } = parsed(`${HEAD}spec: { version: "3.7", members: [{ name: m1 }] }\n`);
    expect(spec).toMatchObject({
      bootstrap: { kind: 'static' },
      driver: { kind: 'local' },
      tls: { kind: 'off' },
      members: [{ name: 'm1', host: 'm1', start: 'quorate' }],
    });
  });

  test.each([
    ['discovery: { serve: true }', 'discovery'],
    ['discovery: { url: "http://10.0.0.1:8087/abc" }', 'discovery'],
    ['discovery: { endpoints: ["http://10.0.0.1:2379"], token: abc }', 'discovery'],
    [
      'dns: { domain: example.com, publish: { rfc2136: { server: 10.0.0.1, tsigKeyFile: k } } }',
      'dns',
    ],
    ['static:', 'static'],
  ])('bootstrap %s', (text, kind) => {
    const { spec } = parsed(
      `${HEAD}spec: { version: "3.6", members: [{ name: m1 }], bootstrap: { ${text} } }\n`,
    );
    expect(spec.bootstrap.kind).toBe(kind);
  });

  test.each([
    ['off', { kind: 'off' }],
    ['{ off: {} }', { kind: 'off' }],
    ['{ auto: {} }', { kind: 'auto' }],
    [
      '{ auto: { validity: 90d, ca: { cert: ~/ca.crt, key: ~/ca.key }, extraNames: [etcd.example.com] } }',
      {
        kind: 'auto',
        validity: '90d',
        ca: { cert: '~/ca.crt', key: '~/ca.key' },
        extraNames: ['etcd.example.com'],
      },
    ],
    [
      '{ files: { client: { cert: /s.crt, key: /s.key, ca: /ca.crt }, peer: { cert: /p.crt, key: /p.key, ca: /ca.crt }, seat: { cert: q.crt, key: q.key, ca: ca.crt } } }',
      {
        kind: 'files',
        files: {
          client: { cert: '/s.crt', key: '/s.key', ca: '/ca.crt' },
          peer: { cert: '/p.crt', key: '/p.key', ca: '/ca.crt' },
          seat: { cert: 'q.crt', key: 'q.key', ca: 'ca.crt' },
        },
      },
    ],
  ])('tls: %s', (text, tls) => {
    expect(
      parsed(`${HEAD}spec: { version: "3.6", members: [{ name: m1 }], tls: ${text} }\n`).spec.tls,
    ).toEqual(tls);
  });

  test('away from loopback, or over SSH, certificates are the default', () => {
    const urls = 'peerURLs: ["http://10.0.1.10:2380"]';
    expect(
      parsed(`${HEAD}spec: { version: "3.6", members: [{ name: m1, ${urls} }] }\n`).spec.tls.kind,
    ).toBe('auto');
    expect(
      parsed(`${HEAD}spec: { version: "3.6", members: [{ name: a }], driver: { ssh: {} } }\n`).spec
        .tls.kind,
    ).toBe('auto');
  });

  test('anchors, merge keys and comments', () => {
    const { spec } = parsed(`${HEAD}spec:
  version: &v "3.6"   # an anchor
  members:
    - &first { name: m1, start: by-hand }
    - { <<: *first, name: m2 }
    - { name: m3 }
`);
    expect(spec.members.map(({ name, start }) => [name, start])).toEqual([
      ['m1', 'by-hand'],
      ['m2', 'by-hand'],
      ['m3', 'quorate'],
    ]);
  });

  test('consumers have the places that everybody gives them', () => {
    const { spec } = parsed(`${HEAD}spec:
  version: "3.6"
  members: [{ name: m1 }]
  consumers:
    - kubeApiserver: { host: a }
    - kubeApiserver: { host: b, unit: kube-apiserver.service, endpoints: [https://etcd.local:2379] }
    - flannel: { host: a }
    - file: { host: a, path: /etc/app, template: "etcd={{endpoints}}" }
`);
    expect(spec.consumers.map(({ program, endpoints }) => [program, endpoints])).toEqual([
      [
        {
          kind: 'kubeApiserver',
          at: { kind: 'manifest', path: '/etc/kubernetes/manifests/kube-apiserver.yaml' },
        },
        'members',
      ],
      [
        { kind: 'kubeApiserver', at: { kind: 'unit', unit: 'kube-apiserver.service' } },
        ['https://etcd.local:2379'],
      ],
      [{ kind: 'flannel', at: { kind: 'unit', unit: 'flanneld.service' } }, 'members'],
      [
        { kind: 'file', path: '/etc/app', template: 'etcd={{endpoints}}', separator: ',' },
        'members',
      ],
    ]);
  });

  test('JSON is YAML; a list of values is a comma list to etcd', () => {
    const { spec } = parsed(
      JSON.stringify({
        apiVersion: 'quorate.dev/v1alpha1',
        kind: 'EtcdCluster',
        metadata: { name: 'prod' },
        spec: {
          version: '3.6.15',
          members: [{ name: 'm1' }],
          etcd: { 'cipher-suites': ['A', 'B'] },
        },
      }),
    );
    expect(spec.etcd).toEqual({ 'cipher-suites': 'A,B' });
  });

  test('warnings come with their line and are no problem', () => {
    const { warnings } = parsed(`${HEAD}spec:
  version: "3.5.2"
  members: [{ name: m1 }, { name: m2 }]
  allowEvenSize: true
  etcd:
    quota-backend-bytes: 16GiB
`);
    expect(warnings.map(({ code, data }) => [code, data.line])).toEqual([
      ['spec-version-faulty', 5],
      ['spec-version-faulty', 5],
      ['spec-version-faulty', 5],
      ['spec-version-faulty', 5],
      ['spec-version-faulty', 5],
      ['spec-even-members-allowed', 6],
      ['spec-large-quota', 9],
    ]);
  });

  test.each([2, 4, 6])('%s members, when they are meant', (memberCount) => {
    const { spec, warnings } = parsed(scaffold({ name: 'demo', version: '3.6', memberCount }));
    expect(spec.members).toHaveLength(memberCount);
    expect(warnings.map(({ code }) => code)).toEqual(['spec-even-members-allowed']);
    expect(parsed(specToYAML(spec)).spec).toEqual(spec);
  });

  test('a scaffold is a good spec', () => {
    const local = parsed(scaffold({ name: 'demo', version: '3.6', memberCount: 3 })).spec;
    expect(local.members.map(({ name }) => name)).toEqual(['m1', 'm2', 'm3']);
    const hosts = ['10.0.1.10', '10.0.1.11', '10.0.1.12'];
    const ssh = parsed(scaffold({ name: 'demo', version: '3.7', memberCount: 3, hosts })).spec;
    expect(ssh.members.map(({ host }) => host)).toEqual(hosts);
    expect(ssh.driver.kind).toBe('ssh');
  });
});

describe('what is written is read as the same', () => {
  test('the example', () => {
    const { spec } = parsed(EVERYTHING);
    expect(parsed(specToYAML(spec)).spec).toEqual(spec);
    expect(specToYAML(spec)).toContain('version: "3.6"');
  });

  test('any spec', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const spec = randomSpec(seededRandom(seed));
      const again = parseSpec(specToYAML(spec));
      expect(
        again.ok ? again.value.spec : again.error,
        `seed ${seed}:\n${specToYAML(spec)}`,
      ).toEqual(spec);
    }
  });
});

describe('the JSON Schema', () => {
  test('is for draft 2020-12, says what every field means, and knows the flags', () => {
    const schema = jsonSchema();
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
    const text = JSON.stringify(schema);
    expect(text).toContain('"heartbeat-interval"');
    expect(text).not.toContain('"force-new-cluster"');
    expect(undescribed(schema)).toEqual([]);
  });
});

describe('explain', () => {
  const explained = (path: string, minor?: string) => {
    const result = explainField(path, minor);
    return result.ok ? result.value : result.error;
  };

  test.each(['spec.members[].name', 'spec.members.name', 'members[1].name'])('%s', (path) => {
    expect(explained(path)).toMatchObject({
      path: 'spec.members[].name',
      type: 'text',
      isRequired: true,
      example: 'name: m1',
    });
  });

  test('a section lists its fields, spec.etcd the flags of the minor', () => {
    expect(explained('spec')).toMatchObject({
      fields: expect.arrayContaining([{ name: 'tls', meaning: expect.any(String) }]),
    });
    const flags = explainField('spec.etcd', '3.5');
    const known = flags.ok ? flags.value.fields.map(({ name }) => name) : [];
    expect(known).toContain('experimental-corrupt-check-time');
    expect(known).not.toContain('corrupt-check-time');
    expect(known).not.toContain('initial-cluster');
  });

  test.each([
    'spec.etcd.heartbeat-interval',
    'etcd.heartbeat-interval',
    'heartbeat-interval',
    '--heartbeat-interval',
  ])('a flag: %s', (path) => {
    expect(explained(path)).toMatchObject({
      path: 'spec.etcd.heartbeat-interval',
      default: '100ms',
      example: 'etcd: { heartbeat-interval: 100ms }',
      minors: SUPPORTED_MINORS,
    });
  });

  test('a flag per minor, and a reserved one with its reason', () => {
    expect(explained('spec.etcd.snapshot-count', '3.5')).toMatchObject({ default: '100000' });
    expect(explained('spec.etcd.snapshot-count')).toMatchObject({ default: '10000' });
    expect(explained('spec.etcd.initial-cluster')).toMatchObject({
      meaning: expect.stringContaining('Not to be set'),
    });
  });

  test.each([
    ['spec.membrs', 'spec.members'],
    ['spec.members.hots', 'spec.members[].host'],
    ['spec.etcd.hearbeat-interval', 'spec.etcd.heartbeat-interval'],
    ['hearbeat-interval', 'heartbeat-interval'],
  ])('%s is no field; the nearest is %s', (path, nearest) => {
    expect(explained(path)).toMatchObject({ code: 'no-such-field', data: { nearest } });
    expect(explainField(nearest).ok).toBe(true);
  });

  test('every field that is listed can be explained in turn', () => {
    const walk = (path: string): readonly string[] => {
      const result = explainField(path);
      if (!result.ok) return [`${path}: ${result.error.summary}`];
      if (result.value.meaning === '') return [`${path}: no meaning`];
      return result.value.fields.flatMap(({ name }) => walk(`${path}.${name}`));
    };
    expect(walk('spec')).toEqual([]);
  });
});

/** Fields without a description, by name. */
function undescribed(schema: unknown, name = 'document'): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, items, anyOf } = schema as {
    properties?: object;
    items?: object;
    anyOf?: object[];
  };
  const flagNames = new Set(
    SUPPORTED_MINORS.flatMap((minor) => flagsOf(minor).map((flag) => flag.name)),
  );
  return [
    ...Object.entries(properties ?? {}).flatMap(
      ([key, value]: [string, { description?: string }]) => [
        ...(value.description === undefined && !flagNames.has(key) ? [`${name}.${key}`] : []),
        ...undescribed(value, `${name}.${key}`),
      ],
    ),
    ...undescribed(items, `${name}[]`),
    ...(anyOf ?? []).flatMap((each) => undescribed(each, name)),
  ];
}

/** Any spec that parseSpec could have made, made by parseSpec. */
const OWN = { cert: '/etc/etcd/own.crt', key: '/etc/etcd/own.key', ca: '/etc/etcd/ca.crt' };
const FILES = { files: { client: OWN, peer: OWN, seat: OWN } };

function randomSpec(random: Random): ClusterSpec {
  const pick = <T>(...values: readonly [T, ...T[]]): T =>
    values[Math.floor(random.next() * values.length)] ?? values[0];
  const chance = () => random.next() < 0.5;
  const minor = pick(...SUPPORTED_MINORS);
  const count = 1 + Math.floor(random.next() * 7);
  const members = Array.from({ length: count }, (_, i) => ({
    name: pick(`m${i}`, `etcd-${i}.example`, `${i}`, `0x${i}`, `1e${i}`, `no${i}`),
    ...(chance() ? { host: `10.0.1.${i}` } : {}),
    ...(chance() ? { peerURLs: [`http://10.0.1.${i}:2380`, `https://[fe80::${i}]:2380`] } : {}),
    ...(chance() ? { clientURLs: [`http://host${i}:2379`] } : {}),
    ...(chance() ? { start: pick('quorate', 'by-hand') } : {}),
  }));
  const flags = flagsOf(minor).filter(
    ({ name, default: fallback, type, deprecated }) =>
      whyReserved(name) === undefined &&
      type !== 'ignored' &&
      fallback !== '' &&
      deprecated !== true,
  );
  const chosen = flags.filter(() => random.next() < 0.1);
  const file = {
    apiVersion: 'quorate.dev/v1alpha1',
    kind: 'EtcdCluster',
    metadata: { name: pick('demo', 'yes', 'null', '1', '0x1') },
    spec: {
      version: pick<string>(minor, `${minor}.9`),
      bootstrap: pick<object>(
        { static: {} },
        { discovery: { serve: true } },
        { dns: { domain: 'example.com' } },
      ),
      driver: pick<object>(
        { local: {} },
        { ssh: { user: 'root', port: 22 } },
        { kubernetes: { namespace: 'etcd' } },
      ),
      members,
      ...(members.length % 2 === 0 || chance() ? { allowEvenSize: true } : {}),
      ...(chance() ? { proxies: [{ name: 'edge', host: pick('edge', '10.0.2.1') }] } : {}),
      ...(chance()
        ? { tls: pick<unknown>('off', { auto: {} }, { auto: { validity: '90d' } }, FILES) }
        : {}),
      ...(chance() ? { backups: { schedule: '0 * * * *', keep: { hourly: 24 } } } : {}),
      ...(chance()
        ? {
            consumers: [
              {
                flannel: {
                  host: '10.0.1.10',
                  ...(chance() ? { unit: 'flannel.service' } : {}),
                  ...(chance() ? { endpoints: ['http://127.0.0.1:2379'] } : {}),
                },
              },
              {
                kubeApiserver: {
                  host: '10.0.1.11',
                  ...pick<object>(
                    {},
                    { manifest: '/etc/kubernetes/manifests/api.yaml' },
                    {
                      unit: 'kube-apiserver.service',
                      environmentFile: '/etc/kubernetes/apiserver',
                    },
                  ),
                  ...(chance() ? { readyz: pick('off', 'https://10.0.1.11:6443/readyz') } : {}),
                },
              },
              {
                file: {
                  host: '10.0.1.12',
                  path: '/etc/app/etcd.conf',
                  template: 'a = 1\nservers = {{endpoints}}\n',
                  ...(chance() ? { separator: ' ', reload: 'true', check: 'true' } : {}),
                },
              },
            ],
          }
        : {}),
      etcd: Object.fromEntries(
        chosen.map(({ name, default: fallback, unit }) => [
          name,
          unit === 'ms'
            ? `${fallback}ms`
            : /^\d{1,9}$/.test(fallback) && chance()
              ? Number(fallback)
              : fallback,
        ]),
      ),
      ...(chance() ? { sources: ['cache', '/opt/etcd'] } : {}),
    },
  };
  return parsed(JSON.stringify(file)).spec;
}
