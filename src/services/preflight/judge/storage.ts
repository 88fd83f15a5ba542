import { formatSizeBytes } from '../../../base/index.js';
import type { HostFacts, Storage } from '../facts.js';
import type { PreflightHost, PreflightWish } from '../hosts.js';
import { FILES_TO_START, SPACE_TO_START_BYTES } from '../thresholds.js';
import { type Verdict, judgeOf } from '../verdict.js';
import type { HostName } from '../../../core/cluster/index.js';
import { isOwn } from '../handshakes.js';
import { judgeDiskLatency } from './disk-latency.js';

/** The place of the data: what is there, on what, how much room, how fast. */
export function judgeStorage(
  wish: PreflightWish,
  host: PreflightHost,
  { storage, etcd }: HostFacts,
): readonly Verdict[] {
  const [dataDir] = host.dataDirs;
  if (dataDir === undefined || storage === undefined) return [];
  if (storage.kind === 'hung') {
    return [
      judgeOf('file-system', host.host).problem(`The disk of ${dataDir} does not answer`, {
        hint: 'See what its kernel says:\n  dmesg | tail',
      }),
    ];
  }
  return [
    judgeDirectory(wish, host.host, dataDir, {
      ...storage,
      isUsed: etcd.processes.some((each) => isOwn(host, each)),
    }),
    judgeFileSystem(wish, host.host, storage),
    judgeSpace(wish, host.host, storage),
    judgeDiskLatency(host.host, storage),
  ];
}

function judgeDirectory(
  { isBorn }: PreflightWish,
  host: HostName,
  dataDir: string,
  { exists, holds, strange, unmounted, isUsed }: Storage & { readonly isUsed: boolean },
): Verdict {
  const says = judgeOf('data-directory', host);
  const [held] = holds;
  const [other] = strange;
  const [disk] = unmounted;
  if (disk !== undefined) {
    return says.problem(`The disk for the data is not mounted: /etc/fstab has ${disk}`, {
      hint: `Mount it; there may be data on it:\n  mount ${disk}`,
    });
  }
  if (held !== undefined) {
    if (isBorn) return says.ok(`${held} holds a member's data`);
    // Its members are there to be asked who they are: a record that was lost is made again by what they say.
    if (isUsed) {
      return says.warning(`${held} is a running member's, and nothing is known of its cluster`, {
        hint: 'Was its record lost? Then it is made again by what the members say.',
      });
    }
    return says.problem(`${held} holds a member's data, and the cluster is not born yet`, {
      hint: `Whose is it? A birth never uses it. If nobody needs it, move it away there:\n  mv ${held} ${held}.before`,
    });
  }
  if (other !== undefined) {
    return says.warning(`${other} holds something that is not a member's data`, {
      hint: 'Give etcd a directory of its own: move that away.',
    });
  }
  return says.ok(exists ? `${dataDir} is empty` : `${dataDir} will be made`);
}

/** What forgets, and what does not keep the promise of a sync as a disk does. */
const IN_MEMORY = new Set(['tmpfs', 'ramfs']);
const LAYERED = new Set(['overlay', 'aufs', 'squashfs']);
const OVER_NETWORK = /^(nfs4?|cifs|smb3?|smbfs|9p|virtiofs|ceph|glusterfs|lustre|afs|fuse(\..*)?)$/;
const UNSAFE_OPTIONS = new Set(['nobarrier', 'barrier=0']);

function judgeFileSystem(
  { keptBy }: PreflightWish,
  host: string,
  { base, mount }: Storage,
): Verdict {
  const says = judgeOf('file-system', host);
  if (mount === undefined) return says.unseen(`What ${base} is on was not seen`);
  const { point, fileSystem, device, options } = mount;
  const on = `${base} is on ${fileSystem} (${device} at ${point})`;
  if (options.includes('ro')) {
    return says.problem(`${on}, which is mounted read-only`, {
      hint: `If its disk is well, mount it for writing:\n  mount -o remount,rw ${point}`,
    });
  }
  if (IN_MEMORY.has(fileSystem)) {
    return says.warning(`${on}: in memory, so that a reboot takes the member's data`, {
      hint: 'A member that lost its data has to be replaced. Put it on a disk.',
    });
  }
  if (LAYERED.has(fileSystem)) {
    return says.warning(`${on}: a layer, which goes when the container or image is renewed`, {
      hint: 'Mount a disk there.',
    });
  }
  if (OVER_NETWORK.test(fileSystem)) {
    return says.warning(
      `${on}: shared or reached over something, where a sync may promise little`,
      {
        hint: 'etcd wants a local disk.',
      },
    );
  }
  const unsafe = options.find((option) => UNSAFE_OPTIONS.has(option));
  if (unsafe !== undefined) {
    return says.warning(
      `${on} with ${unsafe}: a power cut can take writes that were acknowledged`,
      {
        hint: 'Mount it without that option.',
      },
    );
  }
  if (keptBy === 'systemd' && point === '/') {
    return says.warning(`${on}: shared with the system, whose logs can fill it and slow it`, {
      hint: 'A disk of its own at /var/lib/etcd is better.',
    });
  }
  return says.ok(on);
}

function judgeSpace(
  { quotaBytes }: PreflightWish,
  host: string,
  { base, availableBytes, totalBytes, availableFiles }: Storage,
): Verdict {
  const says = judgeOf('free-space', host);
  if (availableBytes === undefined || totalBytes === undefined) {
    return says.unseen(`How much is free at ${base} was not seen`);
  }
  const sizes = `${formatSizeBytes(availableBytes)} free of ${formatSizeBytes(totalBytes)}`;
  if (availableBytes < SPACE_TO_START_BYTES) {
    const needed = formatSizeBytes(SPACE_TO_START_BYTES);
    return says.problem(`Only ${sizes}: a member needs ${needed} to begin with`, {
      hint: `Make room at ${base}.`,
    });
  }
  if (availableFiles !== undefined && availableFiles < FILES_TO_START) {
    return says.problem(`${sizes}, but room for ${availableFiles} more files only`, {
      hint: `Remove files at ${base}: its file system has no more inodes to give.`,
    });
  }
  if (availableBytes < quotaBytes + SPACE_TO_START_BYTES) {
    return says.warning(
      `${sizes}: less than the database may grow to (${formatSizeBytes(quotaBytes)})`,
      {
        hint: 'A larger disk, or a smaller quota in the spec:\n  etcd: { quota-backend-bytes: 1GiB }',
      },
    );
  }
  return says.ok(sizes);
}
