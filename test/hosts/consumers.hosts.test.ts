import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { seededRandom, silentLogger, systemClock, unsafeBrand } from '../../src/base/index.js';
import type { Consumer, HostName } from '../../src/core/cluster/index.js';
import { createSSHShell } from '../../src/drivers/shell/index.js';
import { createConsumers } from '../../src/services/consumers/index.js';
import { etcdOf } from '../lab/etcd.js';
import { must } from '../lab/hosts/commands.js';
import type { LabHost } from '../lab/hosts/index.js';
import { hostsFor } from '../lab/hosts/suite.js';
import { kubePrograms } from '../lab/kube/programs.js';
import { until } from '../lab/wait.js';

const NEVER = new AbortController().signal;
const ENVIRONMENT = '/etc/default/flanneld';
const UNIT = `[Unit]
Description=flannel
[Service]
Type=notify
EnvironmentFile=${ENVIRONMENT}
ExecStart=/usr/local/bin/flanneld --iface=eth0 --ip-masq=false
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

test('a real flanneld under systemd is told over SSH, and put back when it does not come back', async (context) => {
  const programs = await kubePrograms();
  if (typeof programs === 'string') return context.skip(programs);
  const lab = await hostsFor(context, { hosts: 3 });
  const [first, second, node] = lab.hosts;
  if (first === undefined || second === undefined || node === undefined) throw new Error('three');
  const ssh = (host: LabHost) => ['ssh', '-F', lab.sshConfigFile, host.name];
  const write = async (host: LabHost, path: string, content: string | Buffer, mode = '644') =>
    await must([...ssh(host), `cat > ${path} && chmod ${mode} ${path}`], { stdin: content });

  const urlOf = (host: LabHost, port = 2379) => `http://${host.address}:${port}`;
  const members = [first, second];
  const all = members.map((host) => `${host.name}=${urlOf(host, 2380)}`).join(',');
  const etcd = await readFile(etcdOf('3.6').path);
  for (const host of members) {
    await write(host, '/usr/local/bin/etcd', etcd, '755');
    await must([
      ...ssh(host),
      `systemd-run --quiet --unit=etcd /usr/local/bin/etcd --name ${host.name} --data-dir /var/lib/etcd/data \\
        --listen-client-urls ${urlOf(host)} --advertise-client-urls ${urlOf(host)} --listen-peer-urls ${urlOf(host, 2380)} \\
        --initial-advertise-peer-urls ${urlOf(host, 2380)} --initial-cluster ${all}`,
    ]);
  }
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const network = { Network: '10.244.0.0/16', SubnetLen: 24, Backend: { Type: 'host-gw' } };
  const put = JSON.stringify({
    key: base64('/coreos.com/network/config'),
    value: base64(JSON.stringify(network)),
  });
  await until('the members take a write', async () => {
    const answer = await fetch(`${urlOf(first)}/v3/kv/put`, { method: 'POST', body: put }).catch(
      (error: Error) => error,
    );
    return answer instanceof Error || !answer.ok ? { seen: String(answer) } : { done: true };
  });

  const environment = (endpoints: string) =>
    `# where the members are\nFLANNELD_ETCD_ENDPOINTS="${endpoints}"\n`;
  await write(node, '/usr/local/bin/flanneld', await readFile(programs.flanneld), '755');
  await write(node, '/etc/systemd/system/flanneld.service', UNIT);
  await write(node, ENVIRONMENT, environment(urlOf(first)), '640');
  await must([...ssh(node), 'systemctl daemon-reload && systemctl enable --quiet flanneld']);
  await must([...ssh(node), 'systemctl start --no-block flanneld']);

  const shell = createSSHShell({
    ssh: { configFile: lab.sshConfigFile },
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  try {
    const consumers = (gateMs: number) =>
      createConsumers({
        shell,
        clock: systemClock,
        stateDir: '/var/lib/quorate/lab',
        timings: { gateMs },
      });
    const flannel: Consumer = {
      host: unsafeBrand<HostName>(node.name),
      endpoints: 'members',
      program: { kind: 'flannel', at: { kind: 'unit', unit: 'flanneld.service' } },
    };
    const sight = () => consumers(30_000).observe(flannel, NEVER);
    await until('flanneld is connected to the first member', async () => {
      const seen = await sight();
      return seen.kind === 'seen' && seen.link.kind === 'connected' && seen.link.to.length > 0
        ? { done: true }
        : { seen };
    });

    expect(await consumers(30_000).update(flannel, [urlOf(second)], NEVER)).toEqual({
      kind: 'applied',
    });
    expect(await sight()).toMatchObject({
      names: [urlOf(second)],
      runsWith: [urlOf(second)],
      link: { kind: 'connected', to: [urlOf(second)] },
    });
    const read = async (path: string) => await must([...ssh(node), `cat ${path}`]);
    expect(await read(ENVIRONMENT)).toBe(environment(urlOf(second)));
    expect(await must([...ssh(node), `stat -c %a ${ENVIRONMENT}`])).toBe('640\n');
    const kept = `/var/lib/quorate/lab/consumers/flannel@${node.name}/kept`;
    expect(await read(kept)).toBe(environment(urlOf(first)));

    const nobody = 'http://10.0.1.99:2379';
    expect(await consumers(8000).update(flannel, [nobody], NEVER)).toMatchObject({
      kind: 'refused',
      problem: { code: 'consumer-put-back', data: { isBack: true } },
    });
    expect(await read(ENVIRONMENT)).toBe(environment(urlOf(second)));

    // Nothing of it is lost in a reboot: the unit starts with what its file says.
    await node.reboot();
    await until('flanneld is connected again', async () => {
      const seen = await sight();
      return seen.kind === 'seen' && seen.link.kind === 'connected' && seen.link.to.length > 0
        ? { done: true }
        : { seen };
    });
    expect(await sight()).toMatchObject({ lastTry: { endpoints: [nobody], inARow: 1 } });
  } finally {
    await shell.close();
  }
});
