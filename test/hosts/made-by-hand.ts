import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LabHost } from '../lab/hosts/index.js';
import { etcdOf } from '../lab/etcd.js';
import { until } from '../lab/wait.js';

/** How a person has etcd started by a unit: the seed's flags, a file of variables, a configuration file. */
export const WAYS = ['flags', 'environment', 'file'] as const;
const TYPED_LOG = '/var/log/etcd.log';
/** The last one: the seed's command lines, typed. */
export type Way = (typeof WAYS)[number] | 'typed';

/** The unit of all of them. */
export const FORMER_UNIT = 'etcd.service';

export interface HandMade {
  readonly host: LabHost;
  readonly way: Way;
  /** Beyond the seed's. */
  readonly more?: Readonly<Record<string, string>>;
}

/** Where the data of a member is, by how it is started. */
export const dataDirOf = (index: number, way: Way): string =>
  // Said by nobody: etcd makes it where the unit starts it.
  way === 'flags' || way === 'typed'
    ? `/var/lib/etcd/infra${index}.etcd`
    : `/var/lib/etcd/infra${index}`;

/** A cluster as the seed makes one, infra0 to infra2, each by a unit that a person wrote; in plain text, or with one certificate. */
export async function makeByHand(
  minor: string,
  members: readonly HandMade[],
  files?: CertificateFiles,
): Promise<void> {
  const binary = await readFile(etcdOf(minor).path);
  const scheme = files === undefined ? 'http' : 'https';
  const cluster = members
    .map(({ host }, i) => `infra${i}=${scheme}://${host.address}:2380`)
    .join(',');
  await Promise.all(
    members.map(async ({ host, way, more = {} }, i) => {
      const at = `${scheme}://${host.address}`;
      const flags = {
        name: `infra${i}`,
        'initial-advertise-peer-urls': `${at}:2380`,
        'listen-peer-urls': `${at}:2380`,
        'listen-client-urls': `${at}:2379,${scheme}://127.0.0.1:2379`,
        'advertise-client-urls': `${at}:2379`,
        'initial-cluster-token': 'etcd-cluster-1',
        'initial-cluster': cluster,
        'initial-cluster-state': 'new',
        ...(files === undefined ? {} : await certified(host, files)),
        ...more,
      };
      await host.must('cat > /usr/local/bin/etcd && chmod 755 /usr/local/bin/etcd', binary);
      await host.must('mkdir -p /etc/etcd');
      await started(host, way, flags, dataDirOf(i, way));
    }),
  );
  await Promise.all(
    members.map(({ host, way }) =>
      until(`the member on ${host.address} serves`, async () => {
        // Its port says nothing: etcd opens it before there is a quorum, and shakes no hand on it until then.
        const { stdout } = await host.run(
          way === 'typed'
            ? `grep -c 'ready to serve client requests' ${TYPED_LOG}`
            : `systemctl is-active ${FORMER_UNIT}`,
        );
        const seen = stdout.trim();
        const serves = way === 'typed' ? Number(seen) > 0 : seen === 'active';
        return serves ? { done: true } : { seen };
      }),
    ),
  );
}

/** On this machine: a certificate for every member and client of a cluster, its key, and who issued it. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Made as a person would, valid at these addresses. */
export async function certificateByHand(
  directory: string,
  addresses: readonly string[],
): Promise<CertificateFiles> {
  const names = ['127.0.0.1', ...addresses].map((address) => `IP:${address}`).join(',');
  const script = `set -e; cd "$1"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=byhand-ca -keyout ca.key -out ca.crt
openssl req -newkey rsa:2048 -nodes -subj /CN=byhand -keyout one.key -out one.csr
printf 'subjectAltName=${names}\\nextendedKeyUsage=serverAuth,clientAuth\\n' > one.ext
openssl x509 -req -days 2 -in one.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile one.ext -out one.crt`;
  await promisify(execFile)('sh', ['-c', script, 'sh', directory]);
  const file = (name: string): string => join(directory, name);
  return { cert: file('one.crt'), key: file('one.key'), ca: file('ca.crt') };
}

const HOST_FILES = { cert: '/etc/etcd/one.crt', key: '/etc/etcd/one.key', ca: '/etc/etcd/ca.crt' };
export const HOST_KEY = HOST_FILES.key;

/** The same files on a host, the key for root alone, and the flags for them. */
async function certified(
  host: LabHost,
  files: CertificateFiles,
): Promise<Readonly<Record<string, string>>> {
  await host.must('mkdir -p /etc/etcd');
  for (const part of ['cert', 'key', 'ca'] as const) {
    const path = HOST_FILES[part];
    await host.must(`umask 077; cat > ${path}`, await readFile(files[part]));
    if (part !== 'key') await host.must(`chmod 644 ${path}`);
  }
  return Object.fromEntries(
    ['', 'peer-'].flatMap((plane) => [
      [`${plane}cert-file`, HOST_FILES.cert],
      [`${plane}key-file`, HOST_FILES.key],
      [`${plane}trusted-ca-file`, HOST_FILES.ca],
      [`${plane}client-cert-auth`, 'true'],
    ]),
  );
}

async function started(
  host: LabHost,
  way: Way,
  flags: Readonly<Record<string, string>>,
  dataDir: string,
): Promise<void> {
  const entries = Object.entries(flags);
  if (way === 'typed') {
    const line = entries.map(([name, value]) => `-${name} ${value}`).join(' ');
    await host.must(
      `cd /var/lib/etcd && setsid nohup /usr/local/bin/etcd ${line} < /dev/null > ${TYPED_LOG} 2>&1 &`,
    );
    return;
  }
  const service = {
    // As the seed has it: one dash, and no place for the data.
    flags: async () => [
      `WorkingDirectory=/var/lib/etcd`,
      `ExecStart=/usr/local/bin/etcd ${entries.map(([name, value]) => (value === 'true' ? `-${name}` : `-${name} ${value}`)).join(' ')}`,
    ],
    environment: async () => {
      const variables = [...entries, ['data-dir', dataDir] as const].map(
        ([name, value]) => `ETCD_${name.toUpperCase().replaceAll('-', '_')}=${value}\n`,
      );
      await host.must('cat > /etc/etcd/etcd.env', variables.join(''));
      await host.must(
        `getent passwd etcd || useradd --system --user-group etcd; install -d -m 700 -o etcd -g etcd ${dataDir}`,
      );
      return ['User=etcd', 'EnvironmentFile=-/etc/etcd/etcd.env', 'ExecStart=/usr/local/bin/etcd'];
    },
    file: async () => {
      const lines = [...entries, ['data-dir', dataDir] as const].map(
        ([name, value]) => `${name}: ${/^\d+$/.test(value) ? value : JSON.stringify(value)}\n`,
      );
      await host.must('cat > /etc/etcd/etcd.yaml', lines.join(''));
      return ['ExecStart=/usr/local/bin/etcd --config-file /etc/etcd/etcd.yaml'];
    },
  };
  const lines = [
    '[Unit]',
    'Description=etcd',
    '[Service]',
    'Type=notify',
    ...(await service[way]()),
    'Restart=always',
    'RestartSec=1',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ];
  await host.must(`cat > /etc/systemd/system/${FORMER_UNIT}`, lines.join('\n'));
  await host.must(
    `systemctl daemon-reload && systemctl enable --quiet ${FORMER_UNIT} && systemctl start --no-block ${FORMER_UNIT}`,
  );
}
