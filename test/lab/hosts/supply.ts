import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskKind } from './disks.js';
import type { Keeper } from './keeper.js';

export interface SupplyOptions {
  readonly keeper: Keeper;
  readonly base: string;
  /** The host's own directory. */
  readonly directory: string;
  readonly name: string;
  readonly disk: DiskKind;
  readonly cgroups: readonly string[];
}

/**
 * A host's power supply: while it runs, the host is on. It runs in a mount namespace of its own: in the keeper's, every
 * host that is started later would hold this one's disks, and they would not be released when it goes off.
 */
export class Supply {
  readonly #child: ChildProcess;
  /** Settles when the host is off, by whoever's hand. */
  readonly off: Promise<void>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.off = once(child, 'exit').then(() => undefined);
  }

  /** Answers when the power is on, which is long before the host is up. */
  static async start(options: SupplyOptions): Promise<Supply> {
    const { keeper, base, directory, name, disk, cgroups } = options;
    const script = ['bash', '-c', RUN, 'bash', base, directory, name, disk, ...cgroups];
    const [program = '', ...args] = keeper.within(
      'unshare',
      '--mount',
      '--propagation',
      'private',
      ...script,
    );
    const console = await open(join(directory, 'console.log'), 'a');
    const child = spawn(program, args, {
      stdio: ['ignore', console.fd, console.fd],
      env: { PATH: process.env['PATH'], SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' },
      detached: true,
    });
    const supply = new Supply(child);
    await once(child, 'spawn');
    await console.close();
    return supply;
  }

  get isOn(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }
}

/**
 * The files that make a host this one are laid into its root before its first boot, and synced: a power cut must not
 * take them. 133 is how the container says that a reboot was asked for inside.
 */
const RUN = `set -e
base=$1 directory=$2 name=$3 disk=$4; shift 4
for group; do echo $$ > "$group/cgroup.procs"; done
cd "$directory"
if [ "$disk" = loop ]; then
  mount -o loop system.img system
  mount -o loop data.img data
fi
if ! [ -d system/upper ]; then
  mkdir system/new system/work
  cp -a files/. system/new
  mv system/new system/upper
  sync -f system
fi
mkdir -p root
mount -t overlay "$name" -o "lowerdir=$base,upperdir=system/upper,workdir=system/work" root
set +e
while :; do
  systemd-nspawn --quiet --register=no --keep-unit --boot --machine="$name" --directory="$directory/root" \\
    --network-namespace-path="/run/netns/$name" --capability=CAP_NET_ADMIN --resolv-conf=off --timezone=off \\
    --link-journal=no --console=pipe --kill-signal=SIGRTMIN+4 --bind="$directory/data:/var/lib/etcd" < /dev/null
  code=$?
  [ $code = 133 ] || exit $code
done
`;
