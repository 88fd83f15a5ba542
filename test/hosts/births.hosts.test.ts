import { describe, expect, test } from 'vitest';
import { ANY_MINOR, EXIT, MINORS, askingOnly } from '../lab/index.js';
import { DNS_ADDRESS, SEAT_ADDRESS } from '../lab/hosts/index.js';
import { hostsFor } from '../lab/hosts/suite.js';
import { type Seat, seatOf } from './seat.js';

/** What every birth must have come to, whichever way its members found each other. */
async function isBorn(seat: Seat): Promise<void> {
  const status = await seat.settled(3);
  expect(await seat.takesWrites(status)).toBe(status.cluster.id);
  expect(status.members.map(({ name, host }) => `${name} ${host}`)).toEqual([
    'etcd0 10.0.1.10',
    'etcd1 10.0.1.11',
    'etcd2 10.0.1.12',
  ]);
}

/** The flags with which the members were told to be born. */
async function birthFlags(seat: Seat): Promise<readonly Readonly<Record<string, string>>[]> {
  return (await seat.deeds()).flatMap(({ step }) =>
    step.launch?.purpose === 'birth' ? [step.launch.flags ?? {}] : [],
  );
}

describe.each(MINORS)('static, etcd %s', (version) => {
  test('three hosts with nothing on them become a cluster by one apply', async (context) => {
    const seat = await seatOf(await hostsFor(context, { hosts: 3 }), { version });
    const file = await seat.spec(seat.first(3));

    await seat.ends(EXIT.changes, `plan -f ${file}`);
    await seat.must(`apply -f ${file}`);

    await isBorn(seat);
    const { members } = await seat.status();
    expect(members.flatMap(({ peerURLs }) => [...peerURLs])).toEqual([
      'http://10.0.1.10:2380',
      'http://10.0.1.11:2380',
      'http://10.0.1.12:2380',
    ]);
    await seat.ends(EXIT.done, `plan -f ${file}`);
  });
});

describe.each([
  ['3.5', 'discovery'],
  ['3.6', 'discovery-token'],
])('discovery, etcd %s', (version, flag) => {
  test('the hosts meet at the seat, which listens on its loopback only', async (context) => {
    const seat = await seatOf(await hostsFor(context, { hosts: 3 }), { version });
    const bootstrap = { discovery: { serve: true } };

    await seat.must(`apply -f ${await seat.spec(seat.first(3), { bootstrap })}`);

    await isBorn(seat);
    const flags = await birthFlags(seat);
    expect(flags).toHaveLength(3);
    for (const each of flags) {
      expect(each).toHaveProperty(flag);
      expect(each).not.toHaveProperty('initial-cluster');
      expect(each['discovery'] ?? each['discovery-endpoints']).toMatch(/^http:\/\/127\.0\.0\.1:/);
    }
    // The way to the seat was the connection's, and went with it.
    const left = await seat.host(0).must(`ss -ltnpH | grep sshd | grep -v ':22 ' || true`);
    expect(left).toBe('');
  });
});

test('discovery, etcd 3.5: the hosts meet at a service that they reach by its address', async (context) => {
  const seat = await seatOf(await hostsFor(context, { hosts: 3 }), { version: '3.5' });
  const service = `${SEAT_ADDRESS}:8087`;
  const serving = seat.start(`discovery serve --listen ${service} --insecure`);
  await serving.says(/http:/);
  const made = await seat.must(`discovery new --size 3 --service http://${service} -o json`);
  const { url } = made.json<{ url: string }>();

  await seat.must(
    `apply -f ${await seat.spec(seat.first(3), { bootstrap: { discovery: { url } } })}`,
  );

  await isBorn(seat);
  for (const flags of await birthFlags(seat)) expect(flags['discovery']).toBe(url);
});

test('DNS: the hosts find each other by the records that the seat serves', async (context) => {
  const seat = await seatOf(await hostsFor(context, { hosts: 3 }), { version: ANY_MINOR });
  const bootstrap = { dns: { domain: 'lab.test' } };
  const file = await seat.spec(seat.first(3), { bootstrap });
  const within = await askingOnly(seat.home, DNS_ADDRESS);
  const serving = seat.start(`dns serve -f ${file} --listen ${DNS_ADDRESS}`);
  await serving.says(/listening on/);

  await seat.ends(EXIT.done, `apply -f ${file}`, { within });

  await isBorn(seat);
  const flags = await birthFlags(seat);
  expect(flags).toHaveLength(3);
  for (const each of flags) expect(each['discovery-srv']).toBe('lab.test');
  const { members } = await seat.status();
  expect(members.flatMap(({ peerURLs }) => [...peerURLs])).toEqual([
    'http://etcd0.lab.test:2380',
    'http://etcd1.lab.test:2380',
    'http://etcd2.lab.test:2380',
  ]);
});
