import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, expect, test } from 'vitest';
import { ANY_MINOR, EXIT, type ProblemJSON, etcdOf, until } from '../lab/index.js';
import { hostsFor } from '../lab/hosts/suite.js';
import {
  FORMER_UNIT,
  HOST_KEY,
  WAYS,
  certificateByHand,
  dataDirOf,
  makeByHand,
} from './made-by-hand.js';
import { type Seat, seatOf } from './seat.js';

/** A cluster that a person made on the first three hosts, one in each way, and a machine that does not know it. */
async function handMade(
  context: TestContext,
  hosts: number,
  more: readonly Readonly<Record<string, string>>[] = [],
): Promise<Seat> {
  const seat = await seatOf(await hostsFor(context, { hosts }), { version: ANY_MINOR });
  await makeByHand(
    ANY_MINOR,
    WAYS.map((way, i) => ({ host: seat.host(i), way, more: more[i] ?? {} })),
  );
  return seat;
}

const endpoint = (seat: Seat): string => `http://${seat.host(0).address}:2379`;
const adopting = (seat: Seat, file: string, more = ''): string =>
  `adopt --endpoints ${endpoint(seat)} --config ${seat.hosts.sshConfigFile} --out ${file}${more}`;

/** Members infra0, infra1, … on as many hosts. */
const infra = (seat: Seat, count: number) =>
  seat.hosts.hosts.slice(0, count).map(({ address }, i) => ({ name: `infra${i}`, host: address }));

/** What must not change by an adoption: the processes, their units, and that they start at boot. */
const untouched = (seat: Seat): Promise<readonly string[]> =>
  Promise.all(
    WAYS.map((_, i) =>
      seat
        .host(i)
        .must(
          `systemctl show -p MainPID,InvocationID,UnitFileState,FragmentPath,NeedDaemonReload ${FORMER_UNIT}; sha256sum /etc/systemd/system/${FORMER_UNIT}; stat -c '%n %U %a' /var/lib/etcd/*`,
        ),
    ),
  );

/** Our unit runs the member, on the data that was there, and the person's is out of the way for good. */
async function isTakenOver(seat: Seat, index: number): Promise<void> {
  const host = seat.host(index);
  const way = WAYS[index] ?? 'flags';
  const ours = `etcd-${seat.name}.service`;
  const standing = await host.run(
    `systemctl is-enabled ${FORMER_UNIT}; systemctl is-active ${FORMER_UNIT}; systemctl is-enabled ${ours}; systemctl is-active ${ours}`,
  );
  expect(standing.stdout.trim().split('\n')).toEqual(['masked', 'inactive', 'enabled', 'active']);
  const words = await host.must(
    `tr '\\0' '\\n' < /proc/$(systemctl show -p MainPID --value ${ours})/cmdline`,
  );
  expect(words.split('\n')).toContain(`--data-dir=${dataDirOf(index, way)}`);
  expect(await host.must('pgrep -c -x etcd')).toBe('1\n');
  const kept = `/var/lib/quorate/${seat.name}/former/${FORMER_UNIT}`;
  expect(await host.must(`cat ${kept}`)).toContain('Description=etcd\n');
}

test('made by hand in three ways, adopted untouched, grown to five and turned to TLS; a boot brings ours', async (context) => {
  const seat = await handMade(context, 5);
  const file = join(seat.home, 'adopted.yaml');
  const before = await untouched(seat);

  const adopted = await seat.must(`${adopting(seat, file)} -o json`);
  expect(adopted.json()).toMatchObject({
    cluster: { name: seat.name, version: etcdOf(ANY_MINOR).version },
    members: WAYS.map((way, i) => ({
      name: `infra${i}`,
      host: seat.host(i).address,
      unit: FORMER_UNIT,
      dataDir: dataDirOf(i, way),
    })),
  });
  await seat.must(`plan -f ${file}`);
  await seat.must(`apply -f ${file}`);
  expect(await seat.deeds()).toEqual([]);
  expect(await untouched(seat)).toEqual(before);

  // A person's unit that comes with the boot is still the member.
  await seat.host(2).reboot();
  const { cluster } = await seat.settled(3);

  const pki = join(seat.directory, 'pki', 'seat');
  const own = join(pki, 'client.pem');
  const writer = await seat.writer();
  await seat.must(`apply -f ${await seat.spec(infra(seat, 5))}`);
  await seat.settled(5);
  await seat.nothingFailed(writer);

  const tls = { caFile: join(pki, 'client-trust.pem'), certFile: own, keyFile: own };
  const secured = await seat.writer(tls);
  await seat.must(`apply -f ${await seat.spec(infra(seat, 5), { tls: { auto: {} } })}`);
  const after = await seat.settled(5);
  expect(after.cluster.id).toBe(cluster.id);
  for (const { clientURLs, peerURLs } of after.members) {
    for (const url of [...clientURLs, ...peerURLs]) expect(url).toMatch(/^https:/);
  }
  for (const i of WAYS.keys()) await isTakenOver(seat, i);

  await seat.host(0).reboot();
  await seat.settled(5);
  await isTakenOver(seat, 0);
  // Each member stopped once in plain text: what it was just asked may be without an answer, and is never lost.
  await seat.nothingLost(secured);
});

test('cut in the middle of taking over, with the host started again: it goes on, and one of the two units runs', async (context) => {
  const seat = await handMade(context, 3);
  const file = join(seat.home, 'adopted.yaml');
  await seat.must(adopting(seat, file));
  const changed = await seat.spec(infra(seat, 3), {
    etcd: { 'heartbeat-interval': '200ms', 'election-timeout': '2s' },
  });

  const applying = seat.start(`apply -f ${changed}`);
  const stopped = await until('a member is stopped for the change', async () => {
    const deed = (await seat.deeds()).find(
      ({ kind, outcome }) => kind === 'stop-member' && outcome === 'applied',
    );
    return deed === undefined ? { seen: 'none yet' } : { done: deed };
  });
  await seat.kill(applying.pid);
  await applying.done.catch(() => undefined);
  const index = infra(seat, 3).findIndex(({ host }) => host === stopped.step.host);
  await seat.host(index).reboot();

  await seat.must(`apply -f ${changed} --timeout 3m`);
  await seat.settled(3);
  for (const i of WAYS.keys()) await isTakenOver(seat, i);
});

test('a member goes for another on a new host, and the whole is destroyed: data are moved, and no boot brings a person’s unit back', async (context) => {
  const seat = await handMade(context, 4);
  await seat.must(adopting(seat, join(seat.home, 'adopted.yaml')));
  const before = await seat.settled(3);
  const old = before.members.find(({ name }) => name === 'infra1');

  const left = infra(seat, 4).filter(({ name }) => name !== 'infra1');
  await seat.must(`apply -f ${await seat.spec(left)} --yes=${seat.name}`);
  const after = await seat.settled(3);
  expect(after.members.map(({ name }) => name)).toEqual(['infra0', 'infra2', 'infra3']);
  const dataDir = dataDirOf(1, 'environment');
  expect(await seat.host(1).must(`ls ${dataDir}.aside`)).toContain(old?.id);
  await seat.host(1).reboot();
  expect((await seat.host(1).run('pgrep -x etcd')).code).toBe(1);

  await seat.must(`destroy ${seat.name} --yes=${seat.name}`);
  for (const i of [0, 2]) {
    const host = seat.host(i);
    const data = dataDirOf(i, WAYS[i] ?? 'flags');
    expect((await host.run(`pgrep -x etcd || ls -d ${data}`)).code).not.toBe(0);
    await host.must(`ls -d ${data}.destroyed-*/*/member`);
    await host.reboot();
    expect((await host.run('pgrep -x etcd')).code).toBe(1);
  }
});

test('etcd 3.4 with certificates of one’s own: they stay its own, before and after it is taken over', async (context) => {
  const version = '3.4';
  const seat = await seatOf(await hostsFor(context, { hosts: 3 }), { version });
  const addresses = seat.hosts.hosts.map(({ address }) => address);
  const files = await certificateByHand(seat.home, addresses);
  // Flags alone: a configuration file says certificates in sections.
  const members = WAYS.map((_, i) => ({ host: seat.host(i), way: 'flags' as const }));
  await makeByHand(version, members, files);
  const file = join(seat.home, 'adopted.yaml');
  const { ca, cert, key } = files;
  const line = adopting(seat, file, ` --cacert ${ca} --cert ${cert} --key ${key}`).replace(
    'http:',
    'https:',
  );

  const refused = await seat.ends(EXIT.failed, `${line} -o json`);
  const { problems } = refused.json<{ problems: ProblemJSON[] }>();
  expect(
    problems.map(({ code }) => code),
    refused.stdout,
  ).toEqual(WAYS.map(() => 'adopt-file-closed'));
  await Promise.all(members.map(({ host }) => host.must(`chmod 644 ${HOST_KEY}`)));

  await seat.must(line);
  await seat.must(`plan -f ${file}`);
  await seat.must(`apply -f ${file}`);
  expect(await seat.deeds()).toEqual([]);
  const { cluster } = await seat.settled(3);

  const text = await readFile(file, 'utf8');
  await writeFile(file, `${text}  etcd: { snapshot-count: 5000 }\n`);
  await seat.must(`apply -f ${file}`);
  const after = await seat.settled(3);
  expect(after.cluster.id).toBe(cluster.id);
  for (const { host } of members) {
    const words = await host.must(`tr '\\0' '\\n' < /proc/$(pgrep -x etcd)/cmdline`);
    expect(words.split('\n')).toEqual(
      expect.arrayContaining(['--snapshot-count=5000', `--peer-key-file=${HOST_KEY}`]),
    );
    expect((await host.run(`systemctl is-enabled ${FORMER_UNIT}`)).stdout).toBe('masked\n');
  }
});

test('the seed’s command lines as somebody typed them: adopted, taken over, and from then on back after a boot', async (context) => {
  const seat = await seatOf(await hostsFor(context, { hosts: 3 }), { version: '3.5' });
  const members = WAYS.map((_, i) => ({ host: seat.host(i), way: 'typed' as const }));
  await makeByHand('3.5', members);
  const file = join(seat.home, 'adopted.yaml');
  const adopted = await seat.must(`${adopting(seat, file)} -o json`);
  expect(adopted.json<{ members: unknown[] }>().members).toEqual(
    members.map(({ host }, i) => ({
      name: `infra${i}`,
      host: host.address,
      unit: null,
      dataDir: dataDirOf(i, 'typed'),
    })),
  );
  await seat.must(`plan -f ${file}`);
  const writer = await seat.writer();

  await seat.must(
    `apply -f ${await seat.spec(infra(seat, 3), { etcd: { 'snapshot-count': 5000 } })}`,
  );
  await seat.settled(3);
  await seat.host(1).reboot();
  await seat.settled(3);
  for (const { host } of members) {
    const unit = `etcd-${seat.name}.service`;
    expect(await host.must('pgrep -x etcd')).toBe(
      await host.must(`systemctl show -p MainPID --value ${unit}`),
    );
  }
  await seat.nothingLost(writer);
});

test('what a spec cannot say is told all at once, and nothing is written', async (context) => {
  const seat = await handMade(context, 3, [
    { 'heartbeat-interval': '150' },
    { 'strict-reconfig-check': 'false' },
  ]);
  const file = join(seat.home, 'adopted.yaml');
  const hosts = ` --hosts ${seat.host(0).address},${seat.host(1).address}`;

  const refused = await seat.ends(EXIT.failed, `${adopting(seat, file, hosts)} -o json`);

  const { problems } = refused.json<{ problems: ProblemJSON[] }>();
  expect(problems.map(({ code }) => code).sort()).toEqual([
    'adopt-flag',
    'adopt-host-missing',
    'adopt-members-unlike',
  ]);
  for (const i of WAYS.keys()) {
    expect((await seat.host(i).run('ls /var/lib/quorate')).code).not.toBe(0);
  }
});
