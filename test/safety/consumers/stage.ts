import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger, systemClock, systemRandom, unsafeBrand } from '../../../src/base/index.js';
import {
  type ClusterName,
  type ClusterToken,
  type ConsumerSight,
  type EtcdVersion,
  consumerID,
} from '../../../src/core/cluster/index.js';
import type { ClusterSpec } from '../../../src/core/spec/index.js';
import { parseSpec } from '../../../src/core/spec-text/index.js';
import { createController } from '../../../src/engine/controller/index.js';
import type { ClusterStore, Consumers, HostShell } from '../../../src/engine/ports/index.js';
import { createClient } from '../../../src/etcd/index.js';
import { type Parts, localParts, rememberEtcd } from '../../../src/main/machine.js';
import { createConsumers } from '../../../src/services/consumers/index.js';
import { localShell } from '../../../src/services/consumers/testing/local-shell.js';
import { type SmallHost, smallHost } from '../../../src/services/consumers/testing/small-host.js';
import type { KubePrograms } from '../../lab/kube/programs.js';
import { until } from '../../lab/wait.js';
import { StaticPods } from './static-pod.js';

const NAME = unsafeBrand<ClusterName>('kube');
const API = 'https://127.0.0.1:16443';
const run = promisify(execFile);

export interface StageParts {
  readonly directory: string;
  readonly etcd: { readonly version: string; readonly path: string };
  readonly programs: KubePrograms;
}

/** Members of the local driver, a real kube-apiserver as a static pod and a real flanneld as a service, on one host. */
export class Stage {
  readonly #parts: StageParts;
  readonly #directory: string;
  readonly #host: SmallHost;
  readonly #shell: HostShell;
  readonly pods: StaticPods;
  readonly #store: ClusterStore;
  readonly #local: Parts;
  #subnet = 100;

  private constructor(parts: StageParts, host: SmallHost, local: Parts) {
    this.#parts = parts;
    this.#directory = parts.directory;
    this.#host = host;
    this.#shell = localShell({ env: host.env });
    this.#local = local;
    this.#store = local.store;
    this.pods = new StaticPods(join(this.#directory, 'manifests'), (line) =>
      appendFileSync(join(this.#directory, 'kube-apiserver.log'), line),
    );
  }

  static async open(parts: StageParts): Promise<Stage> {
    await mkdir(join(parts.directory, 'manifests'), { recursive: true });
    rememberEtcd(parts.etcd.version, parts.etcd.path);
    const machine = { clock: systemClock, random: systemRandom, env: process.env };
    const stateDir = join(parts.directory, 'cluster');
    await mkdir(stateDir, { recursive: true });
    const local = await localParts(machine, { name: NAME, stateDir });
    return new Stage(parts, smallHost(), local);
  }

  /** What is wanted from now on. */
  spec(members: readonly string[], withConsumers: boolean): ClusterSpec {
    const consumers = `
  consumers:
    - kubeApiserver: { host: node, manifest: ${join(this.#directory, 'manifests', 'kube-apiserver.yaml')} }
    - flannel: { host: node }`;
    const parsed = parseSpec(`apiVersion: quorate.dev/v1alpha1
kind: EtcdCluster
metadata: { name: ${NAME} }
spec:
  version: "${this.#parts.etcd.version}"
  tls: off
  members: [${members.map((name) => `{ name: ${name} }`).join(', ')}]${withConsumers ? consumers : ''}
`);
    if (!parsed.ok) throw new Error(parsed.error.map(({ summary }) => summary).join('\n'));
    return parsed.value.spec;
  }

  async want(spec: ClusterSpec): Promise<void> {
    const store = this.#store;
    const record = await store.readRecord();
    if (record.ok && record.value === undefined) {
      await store.writeRecord({
        formatVersion: 1,
        name: NAME,
        token: unsafeBrand<ClusterToken>('kube-1'),
        version: unsafeBrand<EtcdVersion>(this.#parts.etcd.version),
        issuedNew: [],
        addresses: {},
        retire: [],
      });
    }
    const wish = await store.readWish();
    const generation = wish.ok ? (wish.value?.generation ?? 0) : 0;
    const written = await store.writeWish(
      { spec, state: 'up', paused: false, retire: [] },
      generation,
    );
    if (!written.ok) throw new Error(written.error.summary);
  }

  /** The controller until it has converged; every step that it took. */
  async converge(): Promise<readonly string[]> {
    const lock = await this.#store.lock('proof');
    if (!lock.ok) throw new Error(lock.error.summary);
    const steps: string[] = [];
    const controller = createController({
      ...this.#local,
      lock: lock.value,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      consumers: this.consumers(),
      onEvent: (event) => {
        if (event.kind !== 'step-ended') return;
        const { step, outcome } = event;
        const on =
          'host' in step
            ? step.host
            : 'name' in step
              ? step.name
              : 'toName' in step
                ? step.toName
                : '';
        const whom = step.kind === 'update-consumer' ? step.consumer : on;
        steps.push(`${step.kind} ${whom}${outcome === 'applied' ? '' : ` ${outcome}`}`);
      },
    });
    const end = await controller.run({
      until: 'converged-or-blocked',
      deadlineMs: 300_000,
      signal: new AbortController().signal,
    });
    await lock.value.release();
    if (end.kind !== 'done') {
      const why =
        end.kind === 'blocked' ? end.problems.map((each) => `${each.summary}: ${each.detail}`) : [];
      throw new Error(`it ended ${end.kind}: ${why.join('; ')} after ${steps.join(', ')}`);
    }
    return steps;
  }

  consumers(gateMs = 120_000): Consumers {
    const stateDir = join(this.#directory, 'consumer-state');
    return createConsumers({
      shell: this.#shell,
      clock: systemClock,
      stateDir,
      timings: { pollMs: 200, gateMs },
    });
  }

  async endpoints(): Promise<readonly string[]> {
    const record = await this.#store.readRecord();
    const wish = await this.#store.readWish();
    if (!record.ok || !wish.ok) throw new Error('no record or no wish');
    const hosts = wish.value?.spec.members.map(({ host }) => host) ?? [];
    return hosts.flatMap((host) => record.value?.addresses[host]?.clientURLs ?? []);
  }

  async put(key: string, value: string): Promise<void> {
    const client = createClient({ endpoints: [...(await this.endpoints())] });
    try {
      const end = await client.kv.put(key, value);
      if (!end.ok) throw new Error(end.error.message);
    } finally {
      await client.close();
    }
  }

  /** Starts both programs with the first member alone, as a person does who edits flags by hand. */
  async startConsumers(): Promise<void> {
    const [first = ''] = await this.endpoints();
    await sh(
      'ip link add node0 type bridge && ip addr add 10.88.255.1/24 dev node0 && ip link set node0 up && ip route add default dev node0',
    );
    const network = { Network: '10.244.0.0/16', SubnetLen: 24, Backend: { Type: 'host-gw' } };
    await this.put('/coreos.com/network/config', JSON.stringify(network));
    this.#host.write(
      'units/flanneld.service',
      `[Service]
ExecStart=${this.#parts.programs.flanneld} --etcd-endpoints=${first} --iface=node0 --subnet-file=${this.#directory}/subnet.env --healthz-ip=127.0.0.1 --healthz-port=8471
Restart=always
`,
    );
    await sh('systemctl restart -- flanneld.service', this.#host.env);
    const pki = join(this.#directory, 'pki');
    await mkdir(pki);
    await sh(
      `openssl ecparam -name prime256v1 -genkey -noout -out ${pki}/sa.key && openssl ec -in ${pki}/sa.key -pubout -out ${pki}/sa.pub`,
    );
    await writeFile(join(pki, 'tokens.csv'), 'admintoken,admin,1,system:masters\n');
    await writeFile(
      join(this.#directory, 'manifests', 'kube-apiserver.yaml'),
      this.#manifest(first, pki),
    );
    this.pods.begin();
  }

  #manifest(endpoint: string, pki: string): string {
    return `# written by hand
apiVersion: v1
kind: Pod
metadata: { name: kube-apiserver, namespace: kube-system }
spec:
  hostNetwork: true
  containers:
  - name: kube-apiserver
    command:
    - ${this.#parts.programs.kubeApiserver}
    - --etcd-servers=${endpoint}   # the members
    - --bind-address=127.0.0.1
    - --advertise-address=127.0.0.1
    - --secure-port=16443
    - --cert-dir=${pki}/api
    - --token-auth-file=${pki}/tokens.csv
    - --authorization-mode=RBAC
    - --service-cluster-ip-range=10.96.0.0/16
    - --service-account-issuer=https://kubernetes.default.svc.cluster.local
    - --service-account-signing-key-file=${pki}/sa.key
    - --service-account-key-file=${pki}/sa.pub
    - --allow-privileged=true
    - --endpoint-reconciler-type=none
`;
  }

  /** What both programs are seen to be by the product. */
  async sights(): Promise<readonly ConsumerSight[]> {
    const consumers = this.spec(['m1'], true).consumers;
    const port = this.consumers();
    const signal = new AbortController().signal;
    return Promise.all(consumers.map((consumer) => port.observe(consumer, signal)));
  }

  async untilConnected(): Promise<void> {
    await until('both consumers are connected', async () => {
      const sights = await this.sights();
      const well = sights.every(
        (sight) =>
          sight.kind === 'seen' && sight.link.kind === 'connected' && sight.link.to.length > 0,
      );
      return well ? { done: true } : { seen: sights };
    });
  }

  /** Another node's subnet, written to etcd, becomes a route here: flanneld really follows. Milliseconds it took. */
  async routeAppears(): Promise<number> {
    const subnet = `10.244.${this.#subnet++}`;
    const lease = { PublicIP: '10.88.255.77', BackendType: 'host-gw' };
    const began = performance.now();
    await this.put(`/coreos.com/network/subnets/${subnet}.0-24`, JSON.stringify(lease));
    await until(
      `a route to ${subnet}.0/24`,
      async () => {
        const { stdout } = await run('ip', ['route']);
        return stdout.includes(`${subnet}.0/24 via 10.88.255.77`)
          ? { done: true }
          : { seen: stdout };
      },
      { timeoutMs: 10_000 },
    );
    return Math.round(performance.now() - began);
  }

  /** A write through the API server; milliseconds, or what it said. */
  async apiWrites(): Promise<number> {
    const began = performance.now();
    const name = `probe-${Date.now()}-${Math.floor(Math.random() * 1e6)}`;
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    const { stdout } = await run('curl', [
      '-sSk',
      '--max-time',
      '10',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-H',
      'Authorization: Bearer admintoken',
      '-H',
      'Content-Type: application/json',
      '-d',
      body,
      `${API}/api/v1/namespaces/default/configmaps`,
    ]);
    if (stdout !== '201') throw new Error(`the API server answered ${stdout}`);
    return Math.round(performance.now() - began);
  }

  async flannelHealthz(): Promise<string> {
    const { stdout } = await run('curl', [
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      'http://127.0.0.1:8471/healthz',
    ]);
    return stdout;
  }

  manifest = (): Promise<string> =>
    readFile(join(this.#directory, 'manifests', 'kube-apiserver.yaml'), 'utf8');

  unit = (): Promise<string> =>
    readFile(join(this.#host.directory, 'units', 'flanneld.service'), 'utf8');

  /** Tells one a list by the port itself, whoever planned it. */
  async tell(kind: 'kubeApiserver' | 'flannel', endpoints: readonly string[], gateMs: number) {
    const consumer = this.spec(['m1'], true).consumers.find(({ program }) => program.kind === kind);
    if (consumer === undefined) throw new Error(`no ${kind}`);
    const end = await this.consumers(gateMs).update(
      consumer,
      endpoints,
      new AbortController().signal,
    );
    return { id: consumerID(consumer), end };
  }

  async close(): Promise<void> {
    this.pods.end();
    await this.#local.admin.close();
    await this.#host.close();
  }
}

const sh = (script: string, env: Readonly<Record<string, string>> = {}) =>
  run('sh', ['-c', script], { env: { ...process.env, ...env } });
