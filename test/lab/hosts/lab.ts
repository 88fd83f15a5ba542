import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isAlive, processesOf } from '../processes.js';
import { until } from '../wait.js';
import { Access } from './access.js';
import { baseTree } from './base-tree.js';
import { Cgroups } from './cgroups.js';
import { type DiskKind, Disks, loopDevicesUnder } from './disks.js';
import { LabHost } from './host.js';
import { Keeper, type NetworkOf } from './keeper.js';
import { Network, addressOf, spareAddressOf } from './network.js';
import { isInsideNetwork } from './network-of-run.js';
import { say } from './say.js';

export interface HostsOptions {
  readonly hosts: number;
  /** Default `loop`, which every fault of a disk and a true power cut need. */
  readonly disk?: DiskKind;
  /** Of the disk under /var/lib/etcd; etcd takes 128 MiB for its log at once. */
  readonly dataMiB?: number;
  /** Default: this process's when it was made for tests, else one of its own, which nothing outside can dial. */
  readonly network?: NetworkOf;
}

/** Hosts that are up, and how to reach them. */
export interface HostsLab {
  readonly hosts: readonly LabHost[];
  /** For `ssh -F`: logs in as root by name or address; every host key is known. */
  readonly sshConfigFile: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** The process whose namespaces hold the lab; whoever dials a host must be in its network. */
  readonly keeperPid: number;
  /** Where the lab's files are, each host's `console.log` among them. */
  readonly directory: string;
  /** Takes everything away and answers when the kernel says so; throws when something is left. */
  dispose(): Promise<void>;
}

const PREFIX = 'quorate-hosts-';
const OWNER = 'owner.pid';
const DATA_MIB = 512;

/**
 * Makes hosts and answers when all take SSH. Needs what `whyNoHosts` asks for. One lab at a time has a network; labs in
 * networks of their own use the same addresses without meeting.
 */
export async function hostsLab(options: HostsOptions): Promise<HostsLab> {
  await sweep();
  const base = await baseTree();
  const directory = await realpath(await mkdtemp(join(tmpdir(), PREFIX)));
  await writeFile(join(directory, OWNER), String(process.pid));
  const cgroups = await Cgroups.of(basename(directory));
  const network =
    options.network ?? ((await isInsideNetwork()) ? ('this process' as const) : ('own' as const));
  let keeper: Keeper | undefined;
  let away: Promise<void> | undefined;
  const dispose = async () => await (away ??= takeAway(directory, cgroups, keeper));
  try {
    keeper = await Keeper.start(network);
    const { hosts, access } = await plugIn(options, directory, base, cgroups, keeper);
    await Promise.all(hosts.map((host) => host.powerOn()));
    const { sshConfigFile, identityFile, knownHostsFile } = access;
    const keeperPid = keeper.pid;
    return {
      hosts,
      sshConfigFile,
      identityFile,
      knownHostsFile,
      keeperPid,
      directory,
      dispose,
    };
  } catch (error) {
    const told = await tellConsoles(directory);
    await dispose();
    throw new Error(`The hosts did not come up.${told}`, { cause: error });
  }
}

async function plugIn(
  { hosts: count, disk = 'loop', dataMiB = DATA_MIB }: HostsOptions,
  labDirectory: string,
  base: string,
  cgroups: Cgroups,
  keeper: Keeper,
): Promise<{ readonly hosts: readonly LabHost[]; readonly access: Access }> {
  const places = Array.from({ length: count }, (_, index) => ({
    name: `h${index}`,
    address: addressOf(index),
    spareAddress: spareAddressOf(index),
    directory: join(labDirectory, `h${index}`),
  }));
  await Promise.all(places.map(({ directory }) => mkdir(directory)));
  const network = await Network.make(keeper);
  const [access, hosts] = await Promise.all([
    Access.make(labDirectory, places),
    Promise.all(
      places.map(async ({ name, address, spareAddress, directory }) => {
        const disks = new Disks(directory, disk, dataMiB);
        const [groups] = await Promise.all([
          cgroups.make(name),
          disks.make(),
          network.plug(name, address),
        ]);
        const supply = { keeper, base, directory, name, disk, cgroups: groups };
        return new LabHost({ address, spareAddress, supply, cgroups, disks, network });
      }),
    ),
  ]);
  return { hosts, access };
}

async function takeAway(
  directory: string,
  cgroups: Cgroups,
  keeper: Keeper | undefined,
): Promise<void> {
  if (keeper !== undefined) {
    await Network.remove(keeper);
    await keeper.end();
  }
  await until(
    `nothing of the lab in ${directory} is left`,
    async () => {
      const left = await leftOf(directory, cgroups);
      return left.length === 0 ? { done: true } : { seen: left };
    },
    { timeoutMs: 15_000, everyMs: 5 },
  );
  await cgroups.remove();
  await rm(directory, { recursive: true, force: true });
}

async function leftOf(directory: string, cgroups: Cgroups): Promise<readonly string[]> {
  const [pids, devices, processes, mounts] = await Promise.all([
    cgroups.pids(),
    loopDevicesUnder(directory),
    processesOf(directory),
    readFile('/proc/self/mounts', 'utf8'),
  ]);
  return [
    ...pids.map((pid) => `process ${pid} in its cgroups`),
    ...devices.map((device) => `device ${device}`),
    ...processes.map(({ pid, args }) => `process ${pid} ${args.join(' ')}`),
    ...mounts.split('\n').filter((line) => line.includes(` ${directory}/`)),
  ];
}

/** Files and empty cgroups of labs whose process was killed: all else went with it. */
async function sweep(): Promise<void> {
  const temporary = await realpath(tmpdir());
  const labs = new Set([
    ...(await readdir(temporary)).filter((name) => name.startsWith(PREFIX)),
    ...(await Cgroups.names(PREFIX)),
  ]);
  for (const lab of labs) {
    const directory = join(temporary, lab);
    const owner = await readFile(join(directory, OWNER), 'utf8').catch(() => undefined);
    // Without one, it is being made or was made elsewhere.
    if (owner === undefined || (await isAlive(Number(owner)))) continue;
    say(`an earlier run was killed; removing ${directory}`);
    await takeAway(directory, await Cgroups.of(lab), undefined);
  }
}

async function tellConsoles(directory: string): Promise<string> {
  const names = await readdir(directory).catch(() => []);
  const told = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(directory, name, 'console.log'), 'utf8').catch(() => '');
      return text === '' ? '' : `\n${name}: ${text.slice(-1_500)}`;
    }),
  );
  return told.join('');
}
