import { baseTree, SOURCES, exists } from './base-tree.js';
import { unifiedHierarchy } from './cgroups.js';
import { answerOf } from './commands.js';
import { say } from './say.js';

/** Programs that the lab starts, with the package of Debian that has them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'systemd-nspawn': 'systemd-container',
  mmdebstrap: 'mmdebstrap',
  nft: 'nftables',
  ip: 'iproute2',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  'mkfs.ext4': 'e2fsprogs',
  mount: 'mount',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  flock: 'util-linux',
  perl: 'perl-base',
};

/**
 * Why this machine cannot have hosts, or undefined when it can. Makes it ready on the way, which it says on stderr:
 * installs the packages that are missing and the base tree of the hosts, so that the first time takes a minute.
 */
export async function whyNoHosts(): Promise<string | undefined> {
  if (process.platform !== 'linux')
    return `hosts need Linux’s namespaces, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'making hosts needs root';
  if (!(await exists(SOURCES)))
    return `hosts are made from Debian’s packages, and there is no ${SOURCES} here`;
  if ((await unifiedHierarchy()) === undefined) return 'there is no cgroup hierarchy of version 2';
  const refused = (await whyNoPackages()) ?? (await whyNoNamespaces());
  if (refused !== undefined) return refused;
  return await baseTree().then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );
}

async function whyNoPackages(): Promise<string | undefined> {
  const found = await answerOf(['sh', '-c', LACKING, 'sh', ...Object.keys(PROGRAMS)]);
  const lacking = found.stdout.split('\n').filter(Boolean);
  if (lacking.length === 0) return undefined;
  const packages = [...new Set(lacking.flatMap((program) => PROGRAMS[program] ?? []))];
  say(`installing ${packages.join(', ')}`);
  const installed = await answerOf(['sh', '-c', INSTALL, 'sh', ...packages]);
  if (installed.code === 0) return undefined;
  return `${packages.join(', ')} cannot be installed: ${installed.stderr.trim().slice(-2_000)}`;
}

const LACKING = 'for program; do command -v "$program" > /dev/null || echo "$program"; done';

const INSTALL = `export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"`;

async function whyNoNamespaces(): Promise<string | undefined> {
  const namespaces = ['--mount', '--net', '--pid', '--fork', '--mount-proc'];
  const tried = await answerOf(['unshare', ...namespaces, 'sh', '-e', '-c', TRIAL]);
  return tried.code === 0 ? undefined : `a host cannot be made here: ${tried.stderr.trim()}`;
}

/** One of each thing that a lab needs of the kernel. */
const TRIAL = `mount -t tmpfs lab /mnt
mkdir /mnt/lower /mnt/upper /mnt/work /mnt/root /mnt/disk
mount -t overlay lab -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
truncate --size 8M /mnt/disk.img
mkfs.ext4 -q /mnt/disk.img
mount -o loop /mnt/disk.img /mnt/disk
ip link add lab0 type bridge
ip link add lab1 type veth peer name lab2
nft 'add table inet t; add chain inet t in { type filter hook input priority -300; }'`;
