/** The service behind TLS, behind another name, tokens that expire, and what a person does wrong by hand. */
import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createClient } from '../../../src/etcd/index.js';
import { type Lab, lab, until } from '../../lab/index.js';
import { type HandMember, areOneCluster, startMember, wipe } from './members.js';
import { flagsFor, look, newToken, startService } from './service.js';

const NAMES = ['etcd0', 'etcd1', 'etcd2'] as const;

/** A certificate of its own for 127.0.0.1, as whoever has no authority makes it. */
async function certificate(it: Lab): Promise<{ readonly cert: string; readonly key: string }> {
  const directory = join(it.home, 'service-pki');
  await mkdir(directory, { recursive: true });
  const cert = join(directory, 'service.crt');
  const key = join(directory, 'service.key');
  const kind = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2';
  const name = '-subj /CN=discovery -addext subjectAltName=IP:127.0.0.1';
  const made = spawnSync('openssl', [
    ...kind.split(' '),
    ...name.split(' '),
    '-keyout',
    key,
    '-out',
    cert,
  ]);
  if (made.status !== 0) throw new Error(String(made.stderr));
  return { cert, key };
}

test.each(['3.4', '3.6'])(
  'etcd %s meets over HTTPS; who does not trust the certificate waits and says why',
  async (etcd) => {
    const it = await lab({ version: '3.6' });
    const { cert, key } = await certificate(it);
    await startService(it, ` --tls-cert ${cert} --tls-key ${key}`, 'https');
    const { url } = await newToken(it, ' --protocol v2');
    expect(url).toMatch(/^https:/);
    const flags = [`--discovery=${url}`, '--discovery-fallback=exit', '--logger=zap'];
    const doubtful = await startMember(it, { name: 'etcd2', etcd, flags });
    await doubtful.says(/x509/);
    await it.kill(doubtful.pid);
    await doubtful.ended;
    await wipe(doubtful);
    const env = { SSL_CERT_FILE: cert };
    const members = await Promise.all(
      NAMES.map((name) => startMember(it, { name, etcd, flags, env })),
    );
    await areOneCluster(members);
  },
);

test('members are given the name by which they reach the service', async () => {
  const it = await lab({ version: '3.6' });
  const port = new URL(await it.freeURL()).port;
  const serving = it.start(
    `discovery serve --listen 127.0.0.1:${port} --advertise http://localhost:${port}`,
  );
  await serving.says(/discovery at http:\/\/localhost/);
  const { url } = await newToken(it, ' --protocol v2 --size 2');
  expect(url).toMatch(new RegExp(`^http://localhost:${port}/`));
  const flags = [`--discovery=${url}`, '--discovery-fallback=exit'];
  const members = await Promise.all(
    NAMES.slice(0, 2).map((name) => startMember(it, { name, etcd: '3.5', flags })),
  );
  await areOneCluster(members);
});

test('who watches a token sees a member come, and the token go when its time is over', async () => {
  const it = await lab({ version: '3.6' });
  await startService(it);
  const { token, url } = await newToken(it, ' --protocol v2 --size 2 --ttl 60s');
  const watching = it.start(`discovery show ${token} --watch`, { timeoutMs: 200_000 });
  await watching.says(/is open: 0 of 2 registered/);
  const flags = [`--discovery=${url}`, '--discovery-fallback=exit'];
  await startMember(it, { name: 'etcd0', etcd: '3.5', flags });
  await watching.says(/is open: 1 of 2 registered/);
  await watching.says(/discovery-unknown-token/);
  const late = await startMember(it, { name: 'etcd1', etcd: '3.5', flags });
  expect(await late.ended).toBe(1);
  expect(await late.log()).toMatch(/Key not found/);
});

test('two members with one data directory: the second never registers, and no second cluster comes of it', async () => {
  const it = await lab({ version: '3.6' });
  await startService(it);
  const { url } = await newToken(it, ' --protocol v2');
  const flags = [`--discovery=${url}`, '--discovery-fallback=exit'];
  const first = await startMember(it, { name: 'etcd0', etcd: '3.5', flags });
  await first.says(/found self/);
  const { dataDir } = first;
  const twin = await startMember(it, { name: 'twin', etcd: '3.5', flags, dataDir });
  await twin.says(/flocked by another process/);
  expect(await look(it, url ?? '')).toMatchObject({ state: 'open', missing: 2 });
  const others = ['etcd1', 'etcd2'].map((name) => startMember(it, { name, etcd: '3.5', flags }));
  await areOneCluster([first, ...(await Promise.all(others))]);
  expect((await look(it, url ?? '')).members.map(({ name }) => name)).not.toContain('twin');
});

test.each(['3.6', '3.7'])(
  'etcd %s: a member that was wiped and comes back over v3 by hand, in silence, is named',
  async (etcd) => {
    const it = await lab({ version: '3.6' });
    await startService(it);
    const token = await newToken(it, ' --protocol v3');
    const flags = flagsFor(token, etcd);
    const members: HandMember[] = [];
    for (const name of NAMES) members.push(await startMember(it, { name, etcd, flags }));
    await areOneCluster(members);
    expect((await look(it, token.token)).problems).toEqual([]);
    const [victim] = members;
    if (victim === undefined) throw new Error('three were started');
    await it.kill(victim.pid);
    await victim.ended;
    await wipe(victim);
    // While the leader remembers what it had, etcd panics; under another leader it is let in.
    await anotherLeader(members.slice(1));
    const again = await startMember(it, { ...victim, etcd, flags });
    await again.says(/initialized peer connection|ready to serve client requests|panic/);
    const seen = await look(it, token.token);
    expect(seen.problems.map(({ code }) => code)).toContain('discovery-came-back-empty');
  },
);

/** Whoever leads now hands over to the other of two. */
async function anotherLeader(members: readonly HandMember[]): Promise<void> {
  await until('the other of the two leads', async () => {
    for (const member of members) {
      const client = createClient({ endpoints: [member.clientURL] });
      try {
        const status = await client.maintenance.status({ deadlineMs: 2_000 });
        const list = await client.cluster.memberList({ deadlineMs: 2_000 });
        if (!status.ok || !list.ok || status.value.leader !== status.value.header.memberID)
          continue;
        const names = members.map(({ name }) => name);
        const other = list.value.members.find(
          ({ id, name }) => id !== status.value.leader && names.includes(name),
        );
        if (other === undefined) continue;
        const moved = await client.maintenance.moveLeader(other.id);
        if (moved.ok) return { done: undefined };
      } finally {
        await client.close();
      }
    }
    return { seen: 'nobody leads, or nobody hands over' };
  });
}
