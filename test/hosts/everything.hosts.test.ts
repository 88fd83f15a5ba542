import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type EtcdClient, type TLSOptions, createClient } from '../../src/etcd/index.js';
import { ANY_MINOR, clientURLs } from '../lab/index.js';
import { must } from '../lab/hosts/commands.js';
import type { LabHost } from '../lab/hosts/index.js';
import { hostsFor, longFormOnly } from '../lab/hosts/suite.js';
import { kubePrograms } from '../lab/kube/programs.js';
import { until } from '../lab/wait.js';
import { type Seat, seatOf } from './seat.js';

/** On the disk for data: the node has no member. */
const PROGRAMS = '/var/lib/etcd/programs';
const PKI = '/etc/etcd-client';
const API_PORT = 6443;

const tlsFlags = (program: string): string =>
  [
    `--etcd-cafile=${PKI}/${program}/ca.crt`,
    `--etcd-certfile=${PKI}/${program}/${program}.crt`,
    `--etcd-keyfile=${PKI}/${program}/${program}.key`,
  ].join(' ');

const flannelUnit = (endpoint: string): string => `[Service]
ExecStart=${PROGRAMS}/flanneld --etcd-endpoints=${endpoint} ${tlsFlags('flannel')} --iface=eth0 --ip-masq=false
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

const apiUnit = (endpoint: string, address: string): string => `[Service]
ExecStart=${PROGRAMS}/kube-apiserver --etcd-servers=${endpoint} ${tlsFlags('kube')} \\
  --bind-address=${address} --advertise-address=${address} --secure-port=${API_PORT} --cert-dir=/var/lib/etcd/api \\
  --token-auth-file=${PKI}/tokens.csv --authorization-mode=RBAC --service-cluster-ip-range=10.96.0.0/16 \\
  --service-account-issuer=https://kubernetes.default.svc.cluster.local --service-account-signing-key-file=${PKI}/sa.key \\
  --service-account-key-file=${PKI}/sa.pub --allow-privileged=true --endpoint-reconciler-type=none
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

/** Both programs as a person sets them up once: one member's URL, and a certificate of its own that nobody else may read. */
async function setUp(seat: Seat, node: LabHost, endpoint: string): Promise<void> {
  const programs = await kubePrograms();
  if (typeof programs === 'string') throw new Error(programs);
  const write = async (path: string, content: string | Buffer, mode: string) =>
    await node.must(`umask 077; cat > ${path} && chmod ${mode} ${path}`, content);
  await node.must(`mkdir -p ${PROGRAMS} /var/lib/etcd/api`);
  await write(`${PROGRAMS}/flanneld`, await readFile(programs.flanneld), '755');
  await write(`${PROGRAMS}/kube-apiserver`, await readFile(programs.kubeApiserver), '755');
  for (const name of ['flannel', 'kube']) {
    await seat.must(`certificates issue client ${name} --to ${seat.home}/${name}`);
    await node.must(`mkdir -p -m 700 ${PKI}/${name}`);
    for (const file of ['ca.crt', `${name}.crt`, `${name}.key`]) {
      await write(`${PKI}/${name}/${file}`, await readFile(join(seat.home, name, file)), '600');
    }
  }
  const key = await must(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout']);
  await write(`${PKI}/sa.key`, key, '600');
  const pub = await must(['openssl', 'ec', '-pubout'], { stdin: key });
  await write(`${PKI}/sa.pub`, pub, '600');
  await write(`${PKI}/tokens.csv`, 'admintoken,admin,1,system:masters\n', '600');
  await write('/etc/systemd/system/flanneld.service', flannelUnit(endpoint), '644');
  await write('/etc/systemd/system/kube-apiserver.service', apiUnit(endpoint, node.address), '644');
  await node.must('systemctl daemon-reload && systemctl enable --now flanneld kube-apiserver');
}

async function withClient<T>(
  seat: Seat,
  tls: TLSOptions,
  work: (client: EtcdClient) => Promise<T>,
): Promise<T> {
  const client = createClient({ endpoints: clientURLs(await seat.status()), tls });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

let subnet = 100;

/** Both really work: a config map is written through the API server, and another node's subnet becomes a route. */
async function bothWork(seat: Seat, node: LabHost, tls: TLSOptions): Promise<void> {
  const name = `probe-${subnet}`;
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  const url = `https://${node.address}:${API_PORT}/api/v1/namespaces/default/configmaps`;
  const headers = [
    '-H',
    'Authorization: Bearer admintoken',
    '-H',
    'Content-Type: application/json',
  ];
  const asking = ['curl', '-sk', '--max-time', '10', '-o', '/dev/null', '-w', '%{http_code}'];
  await until('the API server writes', async () => {
    const code = await must([...asking, ...headers, '-d', body, url]).catch(String);
    // Written by an attempt whose answer was lost.
    return code === '201' || code === '409' ? { done: true } : { seen: code };
  });
  const cidr = `10.244.${subnet++}`;
  const lease = JSON.stringify({ PublicIP: '10.0.1.99', BackendType: 'host-gw' });
  await withClient(seat, tls, async (client) => {
    const put = await client.kv.put(`/coreos.com/network/subnets/${cidr}.0-24`, lease);
    if (!put.ok) throw new Error(put.error.message);
  });
  await until(`a route to ${cidr}.0/24`, async () => {
    const routes = await node.must('ip route');
    return routes.includes(`${cidr}.0/24 via 10.0.1.99`) ? { done: true } : { seen: routes };
  });
}

const membersFrom = (seat: Seat, first: number) =>
  [0, 1, 2].map((n) => ({
    name: `etcd${first + n}`,
    host: seat.host(first + n).address,
  }));

test('every member of a TLS cluster is exchanged under a writer; a kube-apiserver and a flanneld follow and go on', async (context) => {
  longFormOnly(context);
  const programs = await kubePrograms();
  if (typeof programs === 'string') return context.skip(programs);
  const seat = await seatOf(await hostsFor(context, { hosts: 7 }), { version: ANY_MINOR });
  const node = seat.host(6);
  const auto = { tls: { auto: {} } };
  await seat.must(`apply -f ${await seat.spec(membersFrom(seat, 0), auto)}`);
  const before = await seat.settled(3);
  await seat.must(`certificates issue client app --to ${seat.home}/app`);
  const file = (last: string) => join(seat.home, 'app', last);
  const tls = { caFile: file('ca.crt'), certFile: file('app.crt'), keyFile: file('app.key') };
  const network = { Network: '10.244.0.0/16', SubnetLen: 24, Backend: { Type: 'host-gw' } };
  await withClient(seat, tls, async (client) => {
    await client.kv.put('/coreos.com/network/config', JSON.stringify(network));
  });
  await setUp(seat, node, before.members[0]?.clientURLs[0] ?? '');

  // These hosts have nothing to ask /readyz with; the test asks more of it.
  const consumers = [
    { kubeApiserver: { host: node.address, unit: 'kube-apiserver.service', readyz: 'off' } },
    { flannel: { host: node.address, unit: 'flanneld.service' } },
  ];
  await seat.must(`apply -f ${await seat.spec(membersFrom(seat, 0), { ...auto, consumers })}`);
  await bothWork(seat, node, tls);
  const writer = await seat.writer(tls);

  const lines = (await seat.journal()).length;
  const next = await seat.spec(membersFrom(seat, 3), { ...auto, consumers });
  await seat.must(`apply -f ${next} --yes=${seat.name} --timeout 10m`);

  const after = await seat.settled(3);
  expect(after.members.map(({ name }) => name)).toEqual(['etcd3', 'etcd4', 'etcd5']);
  const urls = after.members.flatMap(({ clientURLs: own }) => own);
  const units = await node.must(
    'cd /etc/systemd/system && cat flanneld.service kube-apiserver.service',
  );
  for (const url of before.members.flatMap(({ clientURLs: own }) => own)) {
    expect(units).not.toContain(url);
  }
  for (const url of urls) expect(units.split(url)).toHaveLength(3);
  // Once each, after all that came and before any that went.
  const kinds = (await seat.deeds(lines)).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'update-consumer')).toHaveLength(2);
  expect(kinds.lastIndexOf('promote-learner')).toBeLessThan(kinds.indexOf('update-consumer'));
  expect(kinds.lastIndexOf('update-consumer')).toBeLessThan(kinds.indexOf('remove-member'));
  await bothWork(seat, node, tls);
  // Our own writer is told of nothing beforehand: what a leaving member was just asked may stay without an answer.
  await seat.nothingLost(writer);
}, 600_000);
