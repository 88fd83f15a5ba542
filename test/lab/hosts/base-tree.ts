import { createHash } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDir } from '../../../src/services/binaries/index.js';
import { answerOf } from './commands.js';
import { say } from './say.js';

/** The user of every host that is not root, and may become root without a password. */
export const DEPLOY = { name: 'deploy', uid: 1000 } as const;

const PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'libpam-systemd',
  'openssh-server',
  'sudo',
  'iproute2',
  'iputils-ping',
  'procps',
  'ca-certificates',
  'netbase',
];

/** Nothing here may wake up by itself, ask for a terminal or wait for devices that a host does not have. */
const MASKED = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'fstrim.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'console-getty.service',
  'getty.target',
  'systemd-pstore.service',
  'systemd-udev-trigger.service',
];

/** Made in the new tree ($1), once it is installed. */
const CUSTOMIZE = `set -e
rm -f "$1"/etc/ssh/ssh_host_*
for unit in ${MASKED.join(' ')}; do ln -sf /dev/null "$1/etc/systemd/system/$unit"; done
mkdir -p "$1/etc/systemd/journald.conf.d"
printf '[Journal]\\nStorage=volatile\\n' > "$1/etc/systemd/journald.conf.d/lab.conf"
printf 'MaxSessions 100\\nMaxStartups 100:30:200\\nUseDNS no\\n' > "$1/etc/ssh/sshd_config.d/lab.conf"
chroot "$1" useradd --create-home --uid ${DEPLOY.uid} --shell /bin/bash ${DEPLOY.name}
printf '${DEPLOY.name} ALL=(ALL) NOPASSWD: ALL\\n' > "$1/etc/sudoers.d/${DEPLOY.name}"
chmod 440 "$1/etc/sudoers.d/${DEPLOY.name}"
`;

const UNDOCUMENTED = ['man', 'doc', 'locale'].map(
  (what) => `--dpkgopt=path-exclude=/usr/share/${what}/*`,
);

/** The machine's own package source: its mirror is reachable, and its security updates come too. */
export const SOURCES = '/etc/apt/sources.list.d/debian.sources';

/**
 * The directory with a freshly installed small Debian, which hosts share as the lower layer of their root. It is made
 * once for this list of packages (half a minute of processor time) and kept in the user's cache; two who need it at
 * once make it once. Throws with the installer's words when it cannot be made.
 */
export async function baseTree(): Promise<string> {
  const suite = await suiteOfThisMachine();
  const sources = await readFile(SOURCES, 'utf8');
  const recipe = JSON.stringify([suite, sources, PACKAGES, CUSTOMIZE, UNDOCUMENTED]);
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 16);
  const cache = join(defaultCacheDir(process.env), 'lab-hosts');
  const tree = join(cache, hash);
  if (await exists(tree)) return tree;

  await mkdir(cache, { recursive: true });
  say('installing the base tree of the hosts, once (half a minute)');
  const installer = [
    'mmdebstrap',
    '--quiet',
    '--variant=apt',
    '--mode=root',
    `--include=${PACKAGES.join(',')}`,
    ...UNDOCUMENTED,
    `--customize-hook=${CUSTOMIZE}`,
    suite,
    `${tree}.partial`,
    SOURCES,
  ];
  const locked = ['flock', join(cache, 'lock'), 'sh', '-c', MAKE, 'sh', tree];
  const made = await answerOf([...locked, ...installer]);
  if (made.code !== 0) {
    throw new Error(`The base tree of the hosts cannot be made.\n${made.stderr.slice(-4_000)}`);
  }
  return tree;
}

/** Under the lock: somebody else may have made it while we waited, or may have died half-way. */
const MAKE = `set -e
tree=$1; shift
[ -d "$tree" ] && exit 0
rm -rf --one-file-system "$tree.partial"
"$@"
mv "$tree.partial" "$tree"
`;

async function suiteOfThisMachine(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8');
  return /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] ?? 'stable';
}

export const exists = async (path: string): Promise<boolean> =>
  await access(path).then(
    () => true,
    () => false,
  );
