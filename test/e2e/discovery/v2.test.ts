/** Real members find each other by URL, through our service. */
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { EXIT, type Lab, lab, until } from '../../lab/index.js';
import { type HandMember, areOneCluster, startMember, wipe } from './members.js';
import { type Service, etcd33, flagsFor, look, newToken, startService } from './service.js';

const NAMES = ['etcd0', 'etcd1', 'etcd2'] as const;
/** The last two minors that know the v2 protocol are held against what can go wrong. */
const TROUBLED = ['3.4', '3.6'] as const;

async function open(): Promise<{ readonly it: Lab; readonly service: Service }> {
  // The service keeps its tokens in a one-member cluster of this lab, of the version it takes by itself.
  const it = await lab({ version: '3.6' });
  return { it, service: await startService(it) };
}

const v2Flags = (url: string): readonly string[] => [
  `--discovery=${url}`,
  '--discovery-fallback=exit',
  '--initial-cluster-state=new',
];

async function curl(
  url: string,
  method = 'GET',
  body?: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: { ...(body === undefined ? {} : form), ...headers },
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

async function metricsOf({ url }: Service) {
  const { text } = await curl(`${url}/metrics`);
  const value = (name: string): number =>
    Number(new RegExp(`^quorate_discovery_${name} (\\d+)$`, 'm').exec(text)?.[1]);
  return {
    polls: value('polls'),
    registrations: value('registrations_total'),
    events: value('events_total'),
  };
}

async function tokenURL({ url }: Service, size = 3): Promise<string> {
  return (await curl(`${url}/new?size=${size}`)).text;
}

describe.each(['3.3', '3.4', '3.5', '3.6'])('etcd %s', (minor) => {
  test('three members at once are one cluster, and a fourth is told that it is full', async (context) => {
    const { it, service } = await open();
    const etcd = minor === '3.3' ? etcd33(it.home) : minor;
    if (etcd === undefined) {
      process.stderr.write('    etcd 3.3.25 cannot be had here: its bootstrap is NOT tested\n');
      context.skip();
      return;
    }
    const url = await tokenURL(service);
    const flags = v2Flags(url);
    const members = await Promise.all(NAMES.map((name) => startMember(it, { name, etcd, flags })));
    const clusterID = await areOneCluster(members);
    // The id was known before the members were: they and we computed it from the same words.
    const complete = await look(it, url);
    expect(complete).toMatchObject({ state: 'closed', clusterID, missing: 0, problems: [] });
    expect(complete.members.map(({ answers }) => answers)).toEqual(NAMES.map(() => 'this-cluster'));

    const fourth = await startMember(it, { name: 'etcd3', etcd, flags });
    expect(await fourth.ended).toBe(1);
    expect(await fourth.log()).toMatch(/cluster is full/);
  });
});

describe('the service and its members', () => {
  test("the seed's own lines: a token by curl, three members one after the other with long waits, a restart with and without the flags", async () => {
    const { it, service } = await open();
    const at = `${service.url}/v2/keys/discovery/78b12ad7-2c1d-40db-9416-3727baf686cb`;
    const put = await curl(`${at}/_config/size`, 'PUT', 'value=3');
    expect(put.status).toBe(201);
    const seed = ['-discovery', at, '--initial-cluster-state', 'new'];
    const members: HandMember[] = [];
    for (const name of NAMES) {
      members.push(await startMember(it, { name, etcd: '3.4', flags: seed }));
      await service.running.says(new RegExp(`${name} registered \\(${members.length} of 3\\)`));
    }
    const clusterID = await areOneCluster(members);
    const [, , third] = members;
    if (third === undefined) throw new Error('three were started');
    const existing = ['-discovery', at, '--initial-cluster-state', 'existing'];
    for (const flags of [[], existing]) {
      await it.kill(third.pid);
      await third.ended;
      const again = await startMember(it, { ...third, etcd: '3.4', flags });
      const others = members.slice(0, 2);
      expect(await areOneCluster([...others, again])).toBe(clusterID);
      await it.kill(again.pid);
      await again.ended;
    }
  });

  test('the service is killed with -9 after each registration; nobody notices more than a pause', async () => {
    const { it, service } = await open();
    const url = await tokenURL(service);
    const members: HandMember[] = [];
    for (const name of NAMES) {
      members.push(await startMember(it, { name, etcd: '3.5', flags: v2Flags(url) }));
      // A member that has read back its own registration goes on over every break; before that etcd ends.
      await until(`${name} has registered, and it or everybody has seen that`, async () => {
        const seen = await metricsOf(service);
        const isLast = members.length === NAMES.length;
        const wait = isLast || seen.polls === members.length;
        const done = wait && seen.events >= members.length && seen.registrations === 1;
        return done ? { done } : { seen };
      });
      await service.killAndRestart();
      if (members.length === NAMES.length) break;
      await until('all who wait have come back', async () => {
        const { polls } = await metricsOf(service);
        return polls === members.length ? { done: true } : { seen: polls };
      });
    }
    await areOneCluster(members);
  });

  test('the service ends in order while two members wait, is away for a while, and comes back', async () => {
    const { it, service } = await open();
    const url = await tokenURL(service);
    const start = (name: string) => startMember(it, { name, etcd: '3.6', flags: v2Flags(url) });
    const first = [await start('etcd0'), await start('etcd1')];
    await service.running.says(/2 of 3/);
    await service.stop();
    await Promise.all(first.map((member) => member.says(/connection refused/)));
    await service.start();
    await areOneCluster([...first, await start('etcd2')]);
  });

  test('two services before one etcd: one cluster is born through both', async () => {
    const { it, service } = await open();
    const { endpoints } = await newToken(it);
    const second = await startService(it, ` --endpoints ${endpoints.join(',')}`);
    // The members know one URL. Which service answers there is for whatever stands before them: as if by round robin.
    const front = await roundRobin([service, second]);
    try {
      const record = await newToken(it, ` --service ${front.url} --protocol v2`);
      const flags = v2Flags(record.url ?? '');
      const members = await Promise.all(
        NAMES.map((name) => startMember(it, { name, etcd: '3.5', flags })),
      );
      await areOneCluster(members);
      // Each of the three was registered once, by one of the two, and both had a hand in it.
      const seen = await Promise.all([service, second].map(metricsOf));
      expect(seen.reduce((sum, { registrations }) => sum + registrations, 0)).toBe(NAMES.length);
      expect(front.connections().every((count) => count > 0)).toBe(true);
      const told = await Promise.all(
        [service, second].map(async ({ url }) => (await curl(`${url}/${record.token}`)).text),
      );
      expect(told[0]).toBe(told[1]);
    } finally {
      await front.close();
    }
  });
});

/** One address before several services: each connection goes to the next of them, as bytes. */
async function roundRobin(services: readonly Service[]) {
  const counts = services.map(() => 0);
  const open = new Set<Socket>();
  let next = 0;
  const server = createServer((inward) => {
    const at = next++ % services.length;
    counts[at] = (counts[at] ?? 0) + 1;
    const { hostname, port } = new URL(services[at]?.url ?? '');
    const outward = connect(Number(port), hostname);
    for (const [from, to] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => open.delete(from));
      from.pipe(to);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    connections: () => counts,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

describe.each(TROUBLED)('what goes wrong, etcd %s', (etcd) => {
  test('another spelling, a taken name and a changed size are refused while nothing is burnt; then the birth succeeds', async () => {
    const { it, service } = await open();
    const url = await tokenURL(service);
    const flags = v2Flags(url);
    const first = await startMember(it, { name: 'etcd0', etcd, flags });
    await service.running.says(/etcd0 registered/);
    for (const [wrong, said] of [
      [`${url}/`, 'another spelling of the discovery URL'],
      [url.replace('127.0.0.1', 'localhost'), 'another spelling of the discovery URL'],
    ] as const) {
      const member = await startMember(it, { name: 'etcd1', etcd, flags: v2Flags(wrong) });
      expect(await member.ended).toBe(1);
      expect(await member.log()).toContain(said);
      expect(await member.log()).toContain(`--discovery=${url}`);
    }
    const namesake = await startMember(it, { name: 'etcd0', etcd, flags });
    expect(await namesake.ended).toBe(1);
    expect(await namesake.log()).toContain('have the name etcd0');
    const size = await curl(`${url}/_config/size`, 'PUT', 'value=1');
    expect([size.status, size.text]).toEqual([412, expect.stringContaining('stays 3')]);
    expect(await look(it, url)).toMatchObject({ state: 'open', missing: 2, problems: [] });

    const others = ['etcd1', 'etcd2'].map((name) => startMember(it, { name, etcd, flags }));
    await areOneCluster([first, ...(await Promise.all(others))]);
  });

  test('a member that was wiped, or came with a used token, is refused as by etcd itself', async () => {
    const { it, service } = await open();
    const url = await tokenURL(service);
    const flags = v2Flags(url);
    const members = await Promise.all(NAMES.map((name) => startMember(it, { name, etcd, flags })));
    await areOneCluster(members);
    const [victim, ...others] = members;
    if (victim === undefined) throw new Error('three were started');
    await it.kill(victim.pid);
    await victim.ended;
    await wipe(victim);
    const again = await startMember(it, { ...victim, etcd, flags });
    expect(await again.ended).toBe(1);
    expect(await again.log()).toMatch(/found duplicate id|has previously registered/);
    const seen = await look(it, url);
    expect(seen.problems.map(({ code }) => code)).toEqual(['discovery-member-absent']);

    await Promise.all(others.map(({ pid }) => it.kill(pid)));
    const reused = await startMember(it, { name: 'fresh', etcd, flags });
    expect(await reused.ended).toBe(1);
    expect(await reused.log()).toMatch(/cluster is full/);
  });

  test('a registration whose member never ran is deleted with the secret, and the place is free again', async () => {
    const { it, service } = await open();
    const token = await newToken(it, ` --service ${service.url} --protocol v2 --size 1`);
    const url = token.url ?? '';
    const two = await newToken(it, ` --service ${service.url} --protocol v2 --size 2`);
    const lost = await startMember(it, { name: 'etcd0', etcd, flags: v2Flags(two.url ?? '') });
    await service.running.says(/etcd0 registered/);
    await it.kill(lost.pid);
    await lost.ended;
    await wipe(lost);
    const nodes = JSON.parse((await curl(two.url ?? '')).text) as {
      readonly node: { readonly nodes: readonly { readonly key: string }[] };
    };
    const id = nodes.node.nodes[0]?.key.split('/').at(-1) ?? '';
    expect((await curl(`${two.url}/${id}`, 'DELETE')).status).toBe(401);
    const authorization = `Bearer ${two.secret}`;
    const deleted = await curl(`${two.url}/${id}`, 'DELETE', undefined, { authorization });
    expect(deleted.status).toBe(200);
    const again = await startMember(it, { ...lost, etcd, flags: v2Flags(two.url ?? '') });
    const mate = await startMember(it, { name: 'etcd1', etcd, flags: v2Flags(two.url ?? '') });
    await areOneCluster([again, mate]);
    expect(await look(it, url)).toMatchObject({ state: 'open', missing: 1 });
  });
});

test('plain text on every address is refused before anything listens', async () => {
  const it = await lab({ version: '3.6' });
  const ran = await it.ends(
    EXIT.usage,
    'discovery serve --listen 0.0.0.0:0 --endpoints http://127.0.0.1:1',
  );
  expect(ran.stderr).toContain('[discovery-plain-text]');
});

test('what is printed for a minor is what its etcd takes', async () => {
  const { it } = await open();
  const token = await newToken(it, ' --size 1');
  const member = await startMember(it, {
    name: 'alone',
    etcd: '3.4',
    flags: flagsFor(token, '3.4'),
  });
  await areOneCluster([member]);
});
