import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EtcdClient, type TLSOptions, createClient } from '../../src/etcd/index.js';
import { must } from '../lab/hosts/commands.js';
import type { LabHost } from '../lab/hosts/index.js';
import { clientURLs } from '../lab/index.js';
import { kubePrograms } from '../lab/kube/programs.js';
import { until } from '../lab/wait.js';
import type { Seat } from './seat.js';

/** On the disk for data: the node has no member. */
const PROGRAMS = '/var/lib/etcd/programs';
const PKI = '/etc/etcd-client';
const API_PORT = 6443;
const KINDS = ['flannel', 'kube'] as const;

const tlsFlags = (program: string): string =>
  [
    `--etcd-cafile=${PKI}/${program}/ca.crt`,
    `--etcd-certfile=${PKI}/${program}/${program}.crt`,
    `--etcd-keyfile=${PKI}/${program}/${program}.key`,
  ].join(' ');

const flannelUnit = (endpoints: string, tls: string): string => `[Service]
ExecStart=${PROGRAMS}/flanneld --etcd-endpoints=${endpoints} ${tls} --iface=eth0 --ip-masq=false
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

const apiUnit = (endpoints: string, tls: string, address: string): string => `[Service]
ExecStart=${PROGRAMS}/kube-apiserver --etcd-servers=${endpoints} ${tls} \\
  --bind-address=${address} --advertise-address=${address} --secure-port=${API_PORT} --cert-dir=/var/lib/etcd/api \\
  --token-auth-file=${PKI}/tokens.csv --authorization-mode=RBAC --service-cluster-ip-range=10.96.0.0/16 \\
  --service-account-issuer=https://kubernetes.default.svc.cluster.local --service-account-signing-key-file=${PKI}/sa.key \\
  --service-account-key-file=${PKI}/sa.pub --allow-privileged=true --endpoint-reconciler-type=none
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

/** A machine with a kube-apiserver and a flanneld under systemd, as a person sets them up once. */
export class KubeNode {
  readonly host: LabHost;
  readonly #seat: Seat;
  #subnet = 100;

  constructor(seat: Seat, host: LabHost) {
    this.#seat = seat;
    this.host = host;
  }

  /** As consumers of the spec. These hosts have nothing to ask /readyz with; the tests ask more of them. */
  get consumers(): readonly unknown[] {
    const { address } = this.host;
    return [
      { kubeApiserver: { host: address, unit: 'kube-apiserver.service', readyz: 'off' } },
      { flannel: { host: address, unit: 'flanneld.service' } },
    ];
  }

  /** Both programs' units, as they are. */
  async units(): Promise<string> {
    return await this.host.must(
      'cd /etc/systemd/system && cat flanneld.service kube-apiserver.service',
    );
  }

  /** The programs and what they need beside etcd. */
  async install(): Promise<void> {
    const programs = await kubePrograms();
    if (typeof programs === 'string') throw new Error(programs);
    await this.host.must(`mkdir -p ${PROGRAMS} /var/lib/etcd/api ${PKI}`);
    await this.#write(`${PROGRAMS}/flanneld`, await readFile(programs.flanneld), '755');
    await this.#write(`${PROGRAMS}/kube-apiserver`, await readFile(programs.kubeApiserver), '755');
    const key = await must(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout']);
    await this.#write(`${PKI}/sa.key`, key, '600');
    const pub = await must(['openssl', 'ec', '-pubout'], { stdin: key });
    await this.#write(`${PKI}/sa.pub`, pub, '600');
    await this.#write(`${PKI}/tokens.csv`, 'admintoken,admin,1,system:masters\n', '600');
  }

  /** A certificate for each, which nobody else may read; in the place of what they have with `replace`. */
  async giveCertificates({ replace }: { replace: boolean } = { replace: false }): Promise<void> {
    const more = replace ? ' --replace' : '';
    for (const name of KINDS) {
      const to = `${this.#seat.home}/${name}`;
      await this.#seat.must(`certificates issue client ${name} --to ${to}${more}`);
      await this.host.must(`mkdir -p -m 700 ${PKI}/${name}`);
      for (const file of ['ca.crt', `${name}.crt`, `${name}.key`]) {
        const content = await readFile(join(this.#seat.home, name, file));
        await this.#write(`${PKI}/${name}/${file}`, content, '600');
      }
    }
  }

  /** Starts both with these endpoints, or starts them again. */
  async start(endpoints: readonly string[], { withTLS }: { withTLS: boolean }): Promise<void> {
    const [list, address] = [endpoints.join(','), this.host.address];
    const [flannel = '', kube = ''] = KINDS.map((name) => (withTLS ? tlsFlags(name) : ''));
    await this.#write('/etc/systemd/system/flanneld.service', flannelUnit(list, flannel), '644');
    const api = apiUnit(list, kube, address);
    await this.#write('/etc/systemd/system/kube-apiserver.service', api, '644');
    await this.host.must('systemctl daemon-reload && systemctl enable flanneld kube-apiserver');
    await this.host.must('systemctl restart flanneld kube-apiserver');
  }

  async restart(): Promise<void> {
    await this.host.must('systemctl restart flanneld kube-apiserver');
  }

  /** Both really work: a config map is written through the API server, and another node's subnet becomes a route. */
  async works(tls?: TLSOptions): Promise<void> {
    const number = this.#subnet++;
    const name = `probe-${number}`;
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    const url = `https://${this.host.address}:${API_PORT}/api/v1/namespaces/default/configmaps`;
    const asking = ['curl', '-sk', '--max-time', '10', '-o', '/dev/null', '-w', '%{http_code}'];
    const headers = ['Authorization: Bearer admintoken', 'Content-Type: application/json'];
    const saying = headers.flatMap((header) => ['-H', header]);
    await until('the API server writes', async () => {
      const code = await must([...asking, ...saying, '-d', body, url]).catch(String);
      // Written by an attempt whose answer was lost.
      return code === '201' || code === '409' ? { done: true } : { seen: code };
    });
    const cidr = `10.244.${number}`;
    const lease = JSON.stringify({ PublicIP: '10.0.1.99', BackendType: 'host-gw' });
    await withClient(this.#seat, tls, async (client) => {
      const put = await client.kv.put(`/coreos.com/network/subnets/${cidr}.0-24`, lease);
      if (!put.ok) throw new Error(put.error.message);
    });
    await until(`a route to ${cidr}.0/24`, async () => {
      const routes = await this.host.must('ip route');
      return routes.includes(`${cidr}.0/24 via 10.0.1.99`) ? { done: true } : { seen: routes };
    });
  }

  async #write(path: string, content: string | Buffer, mode: string): Promise<void> {
    await this.host.must(`umask 077; cat > ${path} && chmod ${mode} ${path}`, content);
  }
}

async function withClient<T>(
  seat: Seat,
  tls: TLSOptions | undefined,
  work: (client: EtcdClient) => Promise<T>,
): Promise<T> {
  const client = createClient({
    endpoints: clientURLs(await seat.status()),
    ...(tls === undefined ? {} : { tls }),
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** What flanneld reads before anything else. */
export async function writeNetwork(seat: Seat, tls?: TLSOptions): Promise<void> {
  const network = { Network: '10.244.0.0/16', SubnetLen: 24, Backend: { Type: 'host-gw' } };
  await withClient(seat, tls, async (client) => {
    const put = await client.kv.put('/coreos.com/network/config', JSON.stringify(network));
    if (!put.ok) throw new Error(put.error.message);
  });
}
