import type {
  DiskTiming,
  EtcdProcess,
  EtcdTraces,
  HostFacts,
  Listener,
  Memory,
  Mount,
  NameSight,
  StorageSight,
} from './facts.js';
import { type Fields, readFields } from './scripts/common.js';

/** Undefined: it did not come to its end. */
export function readFacts(output: Uint8Array): HostFacts | undefined {
  const fields = readFields(output);
  if (fields === undefined) return undefined;
  const { one, all } = fields;
  return {
    system: one('system'),
    kernel: one('kernel'),
    machine: one('machine'),
    processors: numberOf(one('processors')),
    memory: readMemory(all('memory')),
    init: one('init'),
    systemdVersion: numberOf(/^systemd (\d+)/.exec(one('systemd.version') ?? '')?.[1]),
    missingTools: all('missing'),
    user: one('user'),
    selinux: selinuxOf(one('selinux')),
    appArmor: { enabled: one('apparmor') === 'Y', profiles: all('apparmor.profile') },
    active: all('active'),
    synchronized: yesOrNo(one('synchronized')),
    addresses: all('address'),
    names: all('name').map(readName),
    listeners: all('listener').flatMap((line) => readListener(line) ?? []),
    etcd: readTraces(fields),
    storage: readStorage(fields),
  };
}

const wordsOf = (line: string): readonly string[] =>
  line.split(/\s+/).filter((word) => word !== '');

function numberOf(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

const yesOrNo = (text: string | undefined): boolean | undefined =>
  text === 'yes' ? true : text === 'no' ? false : undefined;

const selinuxOf = (text: string | undefined): HostFacts['selinux'] =>
  text === '1' ? 'enforcing' : text === '0' ? 'permissive' : 'off';

/** Lines of /proc/meminfo. */
function readMemory(lines: readonly string[]): Memory {
  const of = (name: string): number | undefined => {
    const line = lines.find((each) => each.startsWith(`${name}:`)) ?? '';
    const kibibytes = numberOf(/(\d+) kB/.exec(line)?.[1]);
    return kibibytes === undefined ? undefined : kibibytes * 1024;
  };
  return {
    totalBytes: of('MemTotal'),
    availableBytes: of('MemAvailable'),
    swapTotalBytes: of('SwapTotal'),
    swapFreeBytes: of('SwapFree'),
  };
}

/** By the code that `timeout` ends with when it was too late. */
const LATE = new Set(['124', '137']);

function readName(line: string): NameSight {
  const [name = '', code = '', ...addresses] = wordsOf(line);
  return { name, addresses, isLate: LATE.has(code) };
}

/** `0100007F:0929 0 1234 etcd`: the socket as the kernel prints it, the user, the process and its name. */
function readListener(line: string): Listener | undefined {
  const [socket = '', , pid, program] = wordsOf(line);
  const [address = '', port = ''] = socket.split(':');
  const known = readKernelAddress(address);
  if (known === undefined) return undefined;
  return { address: known, port: Number.parseInt(port, 16), pid: numberOf(pid), program };
}

/** The kernel prints each word of four bytes as a number of this machine, nearly always with the last byte first. */
function readKernelAddress(hex: string): string | undefined {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/.test(hex)) return undefined;
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse(),
  );
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  if (groups.every((group) => group === '0')) return '::';
  // An IPv4 address in the dress of the other: what a socket for both is bound to.
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') return bytes.slice(12).join('.');
  return groups.join(':');
}

function readTraces({ one, all }: Fields): EtcdTraces {
  return {
    processes: readProcesses(
      all('etcd.process'),
      all('etcd.variables'),
      new Set(all('etcd.contained')),
    ),
    units: all('etcd.unit').map((line) => {
      const [unit = '', state = ''] = wordsOf(line);
      return { unit, state };
    }),
    packages: all('etcd.package'),
    dataDirs: all('etcd.data'),
    binary: one('etcd.binary'),
    manifest: one('etcd.manifest'),
  };
}

function readProcesses(
  commands: readonly string[],
  variables: readonly string[],
  contained: ReadonlySet<string>,
): readonly EtcdProcess[] {
  const restOf = (line: string) => line.replace(/^\d+ /, '').trim();
  return commands.map((line) => {
    const pid = Number(/^\d+/.exec(line)?.[0]);
    const commandLine = restOf(line);
    const environment = variables.find((each) => each.startsWith(`${pid} `)) ?? '';
    const dataDir =
      /(?:^| )--?data-dir[= ](\S+)/.exec(commandLine)?.[1] ??
      /(?:^| )ETCD_DATA_DIR=(\S+)/.exec(environment)?.[1];
    return { pid, commandLine, dataDir, isContained: contained.has(String(pid)) };
  });
}

function readStorage({ one, all }: Fields): StorageSight | undefined {
  const base = one('data.base');
  if (one('storage.hung') !== undefined && base === undefined) return { kind: 'hung' };
  if (base === undefined) return undefined;
  const isHung = one('storage.hung') !== undefined;
  // Those of df -P: file system, size, used, available, …
  const space = wordsOf(one('data.space') ?? '');
  const files = wordsOf(one('data.files') ?? '');
  const bytesOf = (kibibytes: string | undefined): number | undefined => {
    const value = numberOf(kibibytes);
    return value === undefined ? undefined : value * 1024;
  };
  const hasFileCount = (numberOf(files[1]) ?? 0) > 0;
  return {
    kind: 'seen',
    base,
    exists: one('data.exists') !== undefined,
    holds: all('data.holds'),
    strange: all('data.strange'),
    unmounted: all('data.unmounted'),
    totalBytes: bytesOf(space[1]),
    availableBytes: bytesOf(space[3]),
    availableFiles: hasFileCount ? numberOf(files[3]) : undefined,
    mount: readMount(all('data.mount').at(-1)),
    rotational: one('data.rotational') === undefined ? undefined : one('data.rotational') === '1',
    timing: isHung ? { kind: 'hung' } : readTiming({ one, all }),
  };
}

/** A line of mountinfo: id parent device root point options … - type source options. */
function readMount(line: string | undefined): Mount | undefined {
  const [before, after] = (line ?? '').split(' - ');
  const [, , , , point, options = ''] = wordsOf(before ?? '');
  const [fileSystem, device = '', ofFileSystem = ''] = wordsOf(after ?? '');
  if (point === undefined || fileSystem === undefined) return undefined;
  const every = [...options.split(','), ...ofFileSystem.split(',')];
  return { point, fileSystem, device, options: [...new Set(every)] };
}

function readTiming({ one }: Fields): DiskTiming {
  const failed = one('disk.failed');
  if (failed !== undefined) {
    const [, code = '', words = ''] = /^(\d+) ?(.*)$/.exec(failed) ?? [];
    if (LATE.has(code)) return { kind: 'hung' };
    return { kind: 'failed', words: code === '' ? failed : words.trim() };
  }
  const mean = wordsOf(one('disk.mean') ?? '');
  const seconds = numberOf(mean[0]);
  const writes = numberOf(mean[1]);
  if (seconds !== undefined && writes !== undefined) {
    return { kind: 'mean', meanMs: (seconds * 1000) / writes, writes };
  }
  const tookMs = wordsOf(one('disk.took') ?? '').map((microseconds) => Number(microseconds) / 1000);
  if (tookMs.length === 0) return { kind: 'failed', words: 'it said nothing' };
  return {
    kind: 'each',
    tookMs,
    isGentle: one('disk.gentle') !== undefined,
    isUnreserved: one('disk.unreserved') !== undefined,
  };
}
