import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { etcdOf } from '../etcd.js';
import { until } from '../wait.js';
import { must } from './commands.js';
import type { LabHost } from './host.js';
import { hostsForAll } from './suite.js';

/** What the tests of products stand on: real etcd under real systemd, and a power cut that loses what it should. */
const lab = hostsForAll({ hosts: 2 });

test('etcd under systemd: a power cut loses no acknowledged write, but those of an etcd that does not sync', async () => {
  const [careful, careless] = lab().hosts;
  if (careful === undefined || careless === undefined) throw new Error('There are two hosts.');
  await Promise.all([install(careful, ''), install(careless, '--unsafe-no-fsync')]);
  const lost = await Promise.all([careful, careless].map(lostInPowerCut));
  expect(lost[0]).toBe(0);
  expect(lost[1]).toBeGreaterThan(0);
});

test('etcd under systemd comes back with its data after a reboot, and without on a disk that was wiped', async () => {
  const [host] = lab().hosts;
  if (host === undefined) throw new Error('There are two hosts.');
  await host.reboot();
  expect(await servesAgain(host)).toBe(true);
  expect((await keysOf(host)).size).toBeGreaterThan(0);
  await host.wipeDisk();
  expect(await servesAgain(host)).toBe(true);
  expect((await keysOf(host)).size).toBe(0);
});

const MEMBER = '/var/lib/etcd/data';

/** By SSH, as a person would. */
async function install(host: LabHost, flags: string): Promise<void> {
  const { path } = etcdOf('3.6');
  const ssh = ['ssh', '-F', lab().sshConfigFile, host.name];
  const copy = 'cat > /usr/local/bin/etcd && chmod 755 /usr/local/bin/etcd';
  await must([...ssh, copy], { stdin: await readFile(path) });
  const url = `http://${host.address}`;
  const unit = `[Service]
Type=notify
ExecStart=/usr/local/bin/etcd --name ${host.name} --data-dir ${MEMBER} ${flags} \\
  --listen-client-urls ${url}:2379 --advertise-client-urls ${url}:2379 --listen-peer-urls ${url}:2380 \\
  --initial-advertise-peer-urls ${url}:2380 --initial-cluster ${host.name}=${url}:2380
Restart=on-failure
[Install]
WantedBy=multi-user.target
`;
  await must([...ssh, 'cat > /etc/systemd/system/etcd.service'], { stdin: unit });
  await must([...ssh, 'systemctl enable --quiet --now etcd && sync -f /etc /var/lib/etcd']);
}

/** Writes until the host is off, brings it back, and answers how many acknowledged writes are not there. */
async function lostInPowerCut(host: LabHost): Promise<number> {
  const acknowledged = new Set<string>();
  let isOff = false;
  const writing = (async () => {
    for (let count = 0; !isOff; count++) {
      const key = `key${count}`;
      const answer = await call(host, 'put', { key: base64(key), value: base64('x') });
      if (answer !== undefined) acknowledged.add(key);
    }
  })();
  await until(`${host.name} acknowledges writes`, async () =>
    acknowledged.size >= 100 ? { done: true } : { seen: acknowledged.size },
  );
  await host.powerCut();
  isOff = true;
  await writing;
  await host.powerOn();
  // What does not sync may have lost so much that it does not start any more.
  const there = (await servesAgain(host)) ? await keysOf(host) : new Set<string>();
  return [...acknowledged].filter((key) => !there.has(key)).length;
}

async function servesAgain(host: LabHost): Promise<boolean> {
  return await until(`etcd on ${host.name} serves, or is given up`, async () => {
    if ((await call(host, 'range', { key: base64('key') })) !== undefined) return { done: true };
    const { stdout } = await host.run('systemctl show --property ActiveState --value etcd');
    return stdout.trim() === 'failed' ? { done: false } : { seen: stdout };
  });
}

async function keysOf(host: LabHost): Promise<ReadonlySet<string>> {
  // From the first key to the last; only keys.
  const all = base64('\0');
  const answer = await call(host, 'range', { key: all, range_end: all, keys_only: true });
  if (answer === undefined) throw new Error(`etcd on ${host.name} does not answer.`);
  return new Set(answer.kvs?.map(({ key }) => Buffer.from(key, 'base64').toString()));
}

interface Answered {
  readonly kvs?: readonly { readonly key: string }[];
}

/** etcd's own JSON gateway; undefined when there was no good answer in time. */
async function call(
  { address }: LabHost,
  method: 'put' | 'range',
  request: Readonly<Record<string, unknown>>,
): Promise<Answered | undefined> {
  const answer = await fetch(`http://${address}:2379/v3/kv/${method}`, {
    method: 'POST',
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(CALL_MS),
  }).catch(() => undefined);
  return answer?.ok === true ? ((await answer.json()) as Answered) : undefined;
}

/** Short, since nobody says that a host is gone. */
const CALL_MS = 1_000;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
