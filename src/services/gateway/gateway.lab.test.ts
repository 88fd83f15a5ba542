/** Clients that write through the gateway to real members while those are killed, frozen, moved and removed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { silentLogger, systemClock } from '../../base/index.js';
import {
  type CallResult,
  type EtcdClient,
  type TLSOptions,
  createClient,
} from '../../etcd/index.js';
import { type LabCluster, type LabMember, startCluster } from '../../etcd/testing/real-etcd.js';
import { type Gateway, createGateway } from './gateway.js';
import { fixedBackends } from './sources/fixed.js';
import { memberBackends } from './sources/members.js';
import type { BackendSource } from './sources/source.js';

const LINES = ['3.4', '3.6', '3.7'] as const;
const START_MS = 30_000;
const CLIENTS = 9;
/** Longer than anything here takes: who runs into it was forgotten by the gateway. */
const PATIENT_MS = 20_000;

function valueOf<T>(result: CallResult<T>): T {
  if (result.ok) return result.value;
  throw new Error(`expected a value, got ${JSON.stringify(result.error)}`);
}
const until = (check: () => unknown): Promise<unknown> =>
  vi.waitFor(check, { timeout: START_MS, interval: 20 });

/** Clients of one endpoint, one connection each, that write without pause, each key once. */
class Writers {
  readonly failures: string[] = [];
  readonly #acknowledged = new Set<string>();
  readonly #clients: readonly EtcdClient[];
  readonly #running: Promise<unknown>;
  #isOver = false;

  constructor(endpoint: string, tls?: TLSOptions) {
    // With one endpoint and no probes, a client is one connection.
    this.#clients = Array.from({ length: CLIENTS }, () =>
      createClient({ endpoints: [endpoint], balancer: 'pin-first', tls }),
    );
    this.#running = Promise.all(
      this.#clients.map(async (client, index) => {
        for (let count = 0; !this.#isOver; count++) {
          const key = `w/${index}/${count}`;
          const put = await client.kv.put(key, 'v', { deadlineMs: PATIENT_MS });
          if (put.ok) this.#acknowledged.add(key);
          else this.failures.push(`${put.error.kind} ${put.error.message}`);
        }
      }),
    );
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Until so many more writes were acknowledged. */
  async flows(count = 300): Promise<void> {
    const goal = this.acknowledged + count;
    await until(() => {
      const missing = goal - this.acknowledged;
      if (missing > 0) throw new Error(`${missing} of ${count} writes are missing`);
    });
  }

  /** Ends, and demands that every acknowledged write can be read from the members themselves. */
  async nothingLost(what: string, endpoints: readonly string[], tls?: TLSOptions): Promise<void> {
    this.#isOver = true;
    await this.#running;
    await Promise.all(this.#clients.map((client) => client.close(0)));
    const reader = createClient({ endpoints, tls });
    try {
      const { kvs } = valueOf(await reader.kv.range({ prefix: 'w/' }, { deadlineMs: PATIENT_MS }));
      const held = new Set(kvs.map(({ key }) => Buffer.from(key).toString()));
      const lost = [...this.#acknowledged].filter((key) => !held.has(key));
      if (lost.length > 0) throw new Error(`acknowledged and lost: ${lost.join(', ')}`);
    } finally {
      await reader.close();
    }
    const seen = [...new Set(this.failures)].join('; ');
    process.stderr.write(
      `    ${what}: ${this.acknowledged} writes acknowledged, 0 lost, ${this.failures.length} failed ${seen}\n`,
    );
  }
}

interface Lab {
  readonly cluster: LabCluster;
  readonly gateway: Gateway;
  readonly endpoint: string;
  readonly operator: EtcdClient;
}

async function lab(
  line: string,
  options: {
    readonly source?: (cluster: LabCluster) => BackendSource;
    readonly flags?: readonly string[];
    readonly scheme?: 'http' | 'https';
    readonly tls?: TLSOptions;
    /** The gateway has no authority to check members with. */
    readonly probesBlindly?: boolean;
  } = {},
): Promise<Lab> {
  const { scheme = 'http', tls, flags, probesBlindly = false } = options;
  const { source = ({ endpoints }) => fixedBackends(endpoints, false) } = options;
  const cluster = await startCluster(line, 3, flags, scheme);
  onTestFinished(() => cluster.destroy());
  const operator = createClient({ endpoints: cluster.endpoints, tls });
  onTestFinished(() => operator.close(0));
  await until(async () => {
    for (const endpoint of cluster.endpoints) {
      valueOf(await operator.kv.put('started', 'yes', { endpoint, deadlineMs: 2_000 }));
    }
  });
  const gateway = await gatewayBefore(source(cluster), () => (probesBlindly ? undefined : tls));
  const [address = ''] = gateway.state().listening;
  return { cluster, gateway, endpoint: `${scheme}://${address}`, operator };
}

async function gatewayBefore(
  backends: BackendSource,
  tls: () => TLSOptions | undefined,
): Promise<Gateway> {
  const gateway = createGateway({
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
    backends,
    clock: systemClock,
    logger: silentLogger,
    tls,
  });
  onTestFinished(() => gateway.close());
  const started = await gateway.start();
  if (!started.ok) throw new Error(started.error.summary);
  return gateway;
}

const stateOf = (gateway: Gateway, { clientURL }: LabMember) =>
  gateway.state().backends.find(({ backend }) => backend.url === clientURL);
const conditionOf = (gateway: Gateway, member: LabMember) => stateOf(gateway, member)?.condition;
const connectionsOf = (gateway: Gateway, member: LabMember) =>
  stateOf(gateway, member)?.connections ?? 0;

async function roles({ cluster, operator }: Pick<Lab, 'cluster' | 'operator'>) {
  const all = await Promise.all(
    cluster.members.map(async (member) => ({
      member,
      status: valueOf(await operator.maintenance.status({ endpoint: member.clientURL })),
    })),
  );
  const leader = all.find(({ status }) => status.isLeader);
  const [follower] = all.filter(({ status }) => !status.isLeader);
  if (leader === undefined || follower === undefined) throw new Error('no leader');
  return {
    leader: leader.member,
    follower: follower.member,
    followerID: follower.status.header.memberID,
  };
}

describe.each(LINES)('etcd %s', (line) => {
  test('a member is killed: its clients lose at most what they had under way, and it is back after its restart', async () => {
    const it = await lab(line);
    const { gateway } = it;
    const { follower } = await roles(it);
    const writers = new Writers(it.endpoint);
    await writers.flows();
    const hit = connectionsOf(gateway, follower);
    expect(hit).toBeGreaterThan(0);
    await follower.kill();
    await writers.flows();
    await until(() => expect(stateOf(gateway, follower)?.isIn).toBe(false));
    await until(() => expect(gateway.state().connections).toBe(CLIENTS));
    expect(writers.failures.length).toBeLessThanOrEqual(hit);
    follower.restart();
    await until(() => expect(conditionOf(gateway, follower)).toBe('well'));
    await writers.nothingLost(`${line}, follower killed`, it.cluster.endpoints);
  });

  test('the leader is killed: writes go on through the others', async () => {
    const it = await lab(line);
    const { leader } = await roles(it);
    const writers = new Writers(it.endpoint);
    await writers.flows();
    await leader.kill();
    await writers.flows();
    const others = it.cluster.endpoints.filter((url) => url !== leader.clientURL);
    await writers.nothingLost(`${line}, leader killed`, others);
  });

  test('a member is frozen: it is taken out by probing, its clients are cut off and write elsewhere', async () => {
    const it = await lab(line);
    const { gateway } = it;
    const { follower } = await roles(it);
    const writers = new Writers(it.endpoint);
    await writers.flows();
    const hit = connectionsOf(gateway, follower);
    const frozenAtMs = performance.now();
    await follower.pause();
    await until(() => expect(connectionsOf(gateway, follower)).toBe(0));
    const tookMs = Math.round(performance.now() - frozenAtMs);
    expect(conditionOf(gateway, follower)).toBe('silent');
    await until(() => expect(gateway.state().connections).toBe(CLIENTS));
    await writers.flows();
    expect(writers.failures.length).toBeLessThanOrEqual(hit);
    follower.resume();
    await until(() => expect(conditionOf(gateway, follower)).toBe('well'));
    await writers.nothingLost(`${line}, frozen, cut off after ${tookMs} ms`, it.cluster.endpoints);
  });

  test('leadership moves again and again: nobody is cut off', async () => {
    const it = await lab(line);
    const writers = new Writers(it.endpoint);
    await writers.flows();
    for (let count = 0; count < 5; count++) {
      const { leader, followerID } = await roles(it);
      const endpoint = leader.clientURL;
      valueOf(await it.operator.maintenance.moveLeader(followerID, { endpoint }));
      await writers.flows();
    }
    expect(it.gateway.metrics()).toContain('connections_cut_total{reason="dead"} 0');
    await writers.nothingLost(`${line}, leader moved 5 times`, it.cluster.endpoints);
  });

  test('a member is removed: the gateway follows the list, and its clients write elsewhere', async () => {
    const it = await lab(line, {
      source: ({ endpoints }) =>
        memberBackends({
          // One is enough to begin with.
          endpoints: endpoints.slice(0, 1),
          tls: () => undefined,
          clock: systemClock,
          logger: silentLogger,
        }),
    });
    const { gateway } = it;
    await until(() => expect(gateway.state().backends).toHaveLength(3));
    await until(() => expect(gateway.state().backends.every(({ isIn }) => isIn)).toBe(true));
    const { follower, followerID } = await roles(it);
    const writers = new Writers(it.endpoint);
    await writers.flows();
    // The removed one may be asked first, and stops while it is.
    await until(async () => {
      const { members } = valueOf(await it.operator.cluster.memberListLinearizable());
      if (members.some(({ id }) => id === followerID)) {
        await it.operator.cluster.memberRemove(followerID);
        throw new Error('still there');
      }
    });
    await until(() => expect(stateOf(gateway, follower)).toBeUndefined());
    // Before it ended it may have refused any number of calls; now it is gone, and nobody notices any more.
    await writers.flows();
    const failed = writers.failures.length;
    await writers.flows();
    expect(writers.failures.length).toBe(failed);
    const left = it.cluster.endpoints.filter((url) => url !== follower.clientURL);
    await writers.nothingLost(`${line}, member removed`, left);
  });
});

test('a member that is cut off from its peers is out, and its clients are cut off from it', async () => {
  // To a client, a member of another cluster whose peers stand still is a member that is cut off.
  const strangers = await startCluster('3.6', 3);
  onTestFinished(() => strangers.destroy());
  const [lost, ...frozen] = strangers.members;
  if (lost === undefined) throw new Error('no member');
  const it = await lab('3.6', {
    source: ({ endpoints }) => fixedBackends([...endpoints, lost.clientURL], false),
  });
  const { gateway } = it;
  await until(() => expect(conditionOf(gateway, lost)).toBe('well'));
  const writers = new Writers(it.endpoint);
  await writers.flows();
  const hit = connectionsOf(gateway, lost);
  expect(hit).toBeGreaterThan(0);
  await Promise.all(frozen.map((member) => member.pause()));
  await until(() => expect(connectionsOf(gateway, lost)).toBe(0));
  expect(stateOf(gateway, lost)).toMatchObject({
    condition: 'no-leader',
    isIn: false,
    reason: 'It knows no leader.',
  });
  await writers.flows();
  expect(writers.failures.length).toBeLessThanOrEqual(hit);
  for (const member of frozen) member.resume();
  await until(() => expect(conditionOf(gateway, lost)).toBe('well'));
});

describe('TLS passes through', () => {
  test('clients check the member behind the gateway; with its authority the gateway sees who leads', async () => {
    const { flags, tls } = await selfSigned();
    const it = await lab('3.6', { flags, tls, scheme: 'https' });
    const writers = new Writers(it.endpoint, tls);
    await writers.flows();
    const states = it.gateway.state().backends;
    expect(states.map(({ condition }) => condition)).toEqual(['well', 'well', 'well']);
    expect(states.filter(({ isLeader }) => isLeader)).toHaveLength(1);
    expect(writers.failures).toEqual([]);
    await writers.nothingLost('TLS', it.cluster.endpoints, tls);
  });

  test('without it the gateway sees only who answers, and still gives up one that is frozen', async () => {
    const { flags, tls } = await selfSigned();
    const it = await lab('3.6', { flags, tls, scheme: 'https', probesBlindly: true });
    const { gateway } = it;
    const { follower } = await roles(it);
    await until(() =>
      expect(gateway.state().backends.every(({ condition }) => condition === 'answers')).toBe(true),
    );
    expect(stateOf(gateway, follower)?.reason).toContain('its health cannot be seen');
    const writers = new Writers(it.endpoint, tls);
    await writers.flows();
    const hit = connectionsOf(gateway, follower);
    const frozenAtMs = performance.now();
    await follower.pause();
    await until(() => expect(connectionsOf(gateway, follower)).toBe(0));
    const tookMs = Math.round(performance.now() - frozenAtMs);
    expect(conditionOf(gateway, follower)).toBe('silent');
    await writers.flows();
    expect(writers.failures.length).toBeLessThanOrEqual(hit);
    follower.resume();
    const what = `TLS unseen, frozen, cut off after ${tookMs} ms`;
    await writers.nothingLost(what, it.cluster.endpoints, tls);
  });

  test('members that ask for a client certificate, and no such certificate: they are in while they answer', async () => {
    const { flags, tls, certificate } = await selfSigned();
    const asking = [...flags, '--client-cert-auth', `--trusted-ca-file=${certificate}`];
    const cluster = await startCluster('3.6', 3, asking, 'https');
    onTestFinished(() => cluster.destroy());
    const gateway = await gatewayBefore(fixedBackends(cluster.endpoints, true), () => tls);
    await until(() =>
      expect(gateway.state().backends.map(({ condition }) => condition)).toEqual(
        Array(3).fill('answers'),
      ),
    );
    const [member] = cluster.members;
    if (member === undefined) throw new Error('no member');
    expect(stateOf(gateway, member)).toMatchObject({ isIn: true });
    await member.pause();
    await until(() => expect(stateOf(gateway, member)?.condition).toBe('silent'));
    member.resume();
    await until(() => expect(stateOf(gateway, member)?.condition).toBe('answers'));
  });
});

/** A certificate for 127.0.0.1 that is its own authority: etcd makes one for itself and lends it. */
async function selfSigned() {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-gateway-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const lender = await startCluster('3.6', 1, ['--auto-tls'], 'https');
  try {
    const made = join(lender.members[0]?.dataDir ?? '', 'fixtures', 'client');
    await until(() => {
      for (const name of ['cert.pem', 'key.pem']) {
        const text = readFileSync(join(made, name), 'utf8');
        if (!text.trimEnd().endsWith('-----')) throw new Error(`${name} is not complete`);
        writeFileSync(join(directory, name), text, { mode: 0o600 });
      }
    });
  } finally {
    await lender.destroy();
  }
  const certificate = join(directory, 'cert.pem');
  const tls: TLSOptions = { ca: readFileSync(certificate, 'utf8') };
  const flags = [`--cert-file=${certificate}`, `--key-file=${join(directory, 'key.pem')}`];
  return { flags, tls, certificate };
}
