import { describe, expect, test } from 'vitest';
import { fakeMachine } from '../testing/fake-machine.js';

const SPEC = `apiVersion: quorate.dev/v1alpha1
kind: EtcdCluster
metadata: { name: prod }
spec:
  version: "3.6"
  driver: { ssh: {} }
  bootstrap: { dns: { domain: example.com, serviceName: prod } }
  members: [{ name: a, host: 10.0.1.10 }, { name: b, host: 10.0.1.11 }]
`;

/** Types a line on a machine that has this spec file. */
async function type(line: string, spec = SPEC) {
  const machine = fakeMachine();
  machine.files.set('prod.yaml', spec);
  const typed = await machine.type(...line.split(' '));
  return { ...typed, machine };
}

describe('quorate dns records', () => {
  test('prints a part of a zone file', async () => {
    const { exit, out } = await type('dns records -f prod.yaml');
    expect(exit).toBe(0);
    expect(out.replaceAll(/ +/g, ' ')).toBe(
      [
        '; etcd members of example.com. Include this in its zone and raise the serial; never add the records of the other scheme.',
        '$ORIGIN example.com.',
        '_etcd-client-ssl-prod._tcp 30 IN SRV 0 0 2379 a.example.com.',
        '_etcd-client-ssl-prod._tcp 30 IN SRV 0 0 2379 b.example.com.',
        '_etcd-server-ssl-prod._tcp 30 IN SRV 0 0 2380 a.example.com.',
        '_etcd-server-ssl-prod._tcp 30 IN SRV 0 0 2380 b.example.com.',
        'a 30 IN A 10.0.1.10',
        'b 30 IN A 10.0.1.11',
        '',
      ].join('\n'),
    );
  });

  test('JSON names the flags, and what the member list will say', async () => {
    const { out } = await type('dns records -f prod.yaml -o json');
    expect(JSON.parse(out)).toMatchObject({
      domain: 'example.com',
      serviceName: 'prod',
      scheme: { server: 'https', client: 'https' },
      flags: { 'discovery-srv': 'example.com', 'discovery-srv-name': 'prod' },
      members: [
        { name: 'a', advertised: 'https://10.0.1.10:2380', listed: 'https://a.example.com:2380' },
        { name: 'b' },
      ],
    });
  });

  test('of a cluster of this machine, under a domain that is named', async () => {
    const machine = fakeMachine();
    await machine.type('up', 'dev');
    const { exit, out } = await machine.type(
      'dns',
      'records',
      '-c',
      'dev',
      '--domain',
      'dev.test',
      '--as',
      'dig',
    );
    expect(exit).toBe(0);
    expect(out).toMatch(/^_etcd-server\._tcp\.dev\.test\. +30 IN SRV +0 0 21001 m1\.dev\.test\.$/m);
  });

  test('slots that have no ports yet get those that they would get now', async () => {
    const local = SPEC.replace('driver: { ssh: {} }', 'tls: off');
    const { exit, out } = await type('dns records -f prod.yaml --as dig', local);
    expect(exit).toBe(0);
    expect(out).toContain(' 21001 a.example.com.');
  });

  test('what no record can say is told at once, with exit code 2', async () => {
    const old = SPEC.replace('"3.6"', '"3.4"').replace('{ ssh: {} }', '{ ssh: {} }\n  tls: off');
    const { exit, err } = await type('dns records -f prod.yaml', old);
    expect(exit).toBe(2);
    expect(err).toContain('[dns-needs-tls]');
  });

  test.each([
    ['dns records -f prod.yaml --domain 10.0.0.1', 'The domain cannot be "10.0.0.1"'],
    ['dns records -f prod.yaml --as zoen', 'Did you mean zone?'],
    ['dns records -f prod.yaml --service-name A_B', 'The name of the service'],
  ])('%s is refused', async (line, told) => {
    const { exit, err } = await type(line);
    expect(exit).toBe(2);
    expect(err).toContain(told);
  });

  test('without a domain nobody knows where the records belong', async () => {
    const { exit, err } = await type(
      'dns records -f prod.yaml',
      SPEC.replace(/ {2}bootstrap.*\n/, ''),
    );
    expect(exit).toBe(2);
    expect(err).toContain('bootstrap: { dns: { domain: example.com } }');
  });
});
