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
  allowEvenSize: true
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

const LISTED = [
  {
    id: 'a1',
    name: 'a',
    peerURLs: ['https://a.example.com:2380'],
    clientURLs: ['https://10.0.1.10:2379'],
  },
];

describe('quorate dns serve', () => {
  const serve = async (line: string) => {
    const machine = fakeMachine();
    machine.files.set('prod.yaml', SPEC);
    const end = { onListen: (interrupt: () => void) => void setImmediate(interrupt) };
    const typed = await machine.typeAt(end, ...`dns serve ${line}`.split(' '));
    const [first = ''] = machine.asked;
    return { ...typed, asked: machine.asked, settings: first.replace('dns serve ', '') };
  };

  test('serves the spec, follows it and the members, and closes at the end', async () => {
    const { exit, out, err, asked, settings } = await serve('-f prod.yaml');
    expect(exit).toBe(0);
    expect(JSON.parse(settings)).toEqual({
      listen: ['127.0.0.53:53'],
      endpoints: ['https://10.0.1.10:2379', 'https://10.0.1.11:2379'],
      version: '3.6.0',
      wanted: ['a', 'b'],
    });
    expect(out).toContain('zone example.com, serial 7, 6 records of the cluster\n');
    expect(err).toContain('serial 8: 3 members');
    expect(asked.at(-1)).toBe('dns closed');
  });

  test('a cluster that is known by its endpoints only is served as its list says', async () => {
    const { settings } = await serve(
      '--endpoints http://x:2379 --domain x.test --listen 127.0.0.9:5300 -o json',
    );
    expect(JSON.parse(settings)).toMatchObject({ endpoints: ['http://x:2379'], wanted: null });
  });

  test('endpoints alone do not say under which domain', async () => {
    const { exit, err } = await serve('--endpoints http://x:2379');
    expect(exit).toBe(2);
    expect(err).toContain('--domain');
  });
});

describe('quorate dns publish', () => {
  const publish = async (
    line: string,
    prepare: (dns: ReturnType<typeof fakeMachine>['dns']) => void = () => undefined,
  ) => {
    const machine = fakeMachine();
    machine.files.set('prod.yaml', SPEC);
    prepare(machine.dns);
    const typed = await machine.type(...`dns publish -f prod.yaml ${line}`.trim().split(' '));
    return { ...typed, asked: machine.asked };
  };
  const WHERE = '--server 10.0.0.53 --key-file k';

  test('publishes what list and spec have in common, and gives the path of the key, not the key', async () => {
    const { exit, out, asked } = await publish(`${WHERE} -o json`, (dns) => (dns.listed = LISTED));
    expect(exit).toBe(0);
    expect(asked.at(-1)).toBe(
      'dns publish {"server":"10.0.0.53","tsigKeyFile":"k","dryRun":false}',
    );
    const { add, sent } = JSON.parse(out) as { add: { target?: string }[]; sent: boolean };
    expect(sent).toBe(true);
    expect(new Set(add.map(({ target }) => target))).toEqual(new Set(['a.example.com', undefined]));
  });

  test('before the birth: everybody of the spec, and says so', async () => {
    const { out, err } = await publish(`${WHERE} --dry-run`);
    expect(err).toContain('taking everybody of the spec');
    expect(out).toContain('would be changed');
    expect(out).toMatch(/\+ {2}b\.example\.com\. +A +10\.0\.1\.11/);
  });

  test('with members that are there and cannot say who they are, nothing: a spec is only a wish', async () => {
    const { exit, err, asked } = await publish(WHERE, (dns) => (dns.isLeaderless = true));
    expect(exit).toBe(1);
    expect(err).toContain('[dns-members-unknown]');
    expect(asked.some((line) => line.startsWith('dns publish'))).toBe(false);
  });

  test('another cluster that answers is not published', async () => {
    const { exit, err } = await publish(
      WHERE,
      (dns) => (dns.listed = [{ ...LISTED[0], id: 'x', name: 'x', peerURLs: [], clientURLs: [] }]),
    );
    expect(exit).toBe(2);
    expect(err).toContain('No member of the spec');
  });

  test('prints files for others', async () => {
    const { out, err, asked } = await publish('--as hosts');
    expect(out).toBe('10.0.1.10        a.example.com\n10.0.1.11        b.example.com\n');
    expect(err).toContain('cannot bear one');
    expect(asked.some((line) => line.startsWith('dns publish'))).toBe(false);
  });

  test('an endpoint that is mistyped is not taken for a cluster that is not there', async () => {
    const { exit, err, asked } = await publish(`${WHERE} --endpoints 10.0.1.10;2379`);
    expect(exit).toBe(2);
    expect(err).toContain('http://HOST:PORT');
    expect(asked).toEqual([]);
  });

  test('without a server or key nobody knows where to', async () => {
    const { exit, err } = await publish('--server 10.0.0.53');
    expect(exit).toBe(2);
    expect(err).toContain('the file with the key is missing');
  });
});

describe('quorate dns check', () => {
  test('all is well', async () => {
    const { exit, out } = await type('dns check -f prod.yaml');
    expect(exit).toBe(0);
    expect(out).toContain('well: members that start now find each other under example.com');
  });

  test('what is wrong is told, with exit code 1', async () => {
    const machine = fakeMachine();
    machine.files.set('prod.yaml', SPEC);
    machine.dns.records = [];
    const { exit, out } = await machine.type(...'dns check -f prod.yaml -o json'.split(' '));
    expect(exit).toBe(1);
    const { problems } = JSON.parse(out) as { problems: { code: string }[] };
    expect(new Set(problems.map(({ code }) => code))).toEqual(
      new Set(['dns-records-differ', 'dns-own-address-missing']),
    );
  });
});
