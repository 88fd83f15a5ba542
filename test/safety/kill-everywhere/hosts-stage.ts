import { unsafeBrand } from '../../../src/base/index.js';
import type { HostName } from '../../../src/core/cluster/index.js';
import { type ClusterSpec, addMember } from '../../../src/core/spec/index.js';
import { hostPaths } from '../../../src/drivers/ssh/index.js';
import { hostsStoreLater } from '../../../src/main/hosts-store.js';
import { thisMachine } from '../../../src/main/machine.js';
import { seatFor } from '../../../src/main/seat-file.js';
import { closeShells } from '../../../src/main/shells.js';
import type { HostsLab, LabHost } from '../../lab/hosts/index.js';
import type { JournalLine } from '../../lab/journal.js';
import { type LabProcess, flagsOf } from '../../lab/processes.js';
import { until } from '../../lab/wait.js';
import { endProcesses } from '../real/scratch.js';
import { type Link, Stage, linksIn } from './stage.js';

/** So that the inodes of two hosts are never the same number; an inode of ext4 has 32 bits. */
const INODES = 2 ** 33;

/** A cluster on hosts with systemd: who acts on it is started here and killed here; its members are units there. */
export class HostsStage extends Stage {
  protected readonly machines: readonly LabHost[];
  protected readonly paths: ReturnType<typeof hostPaths>;
  #sparePort = 2390;

  constructor(base: string, spec: ClusterSpec, { hosts, sshConfigFile }: HostsLab) {
    const onHosts: ClusterSpec = {
      ...spec,
      driver: { kind: 'ssh', options: { configFile: sshConfigFile } },
      members: spec.members.map((member, index) => ({
        ...member,
        host: unsafeBrand<HostName>(hosts[index]?.address ?? ''),
      })),
    };
    const seat = seatFor(onHosts, undefined);
    if (seat === undefined) throw new Error('a spec for hosts has a seat');
    super(base, onHosts, hostsStoreLater(thisMachine(), { name: spec.name, seat: () => seat }));
    this.machines = hosts;
    this.paths = hostPaths(spec.name);
  }

  override resized(spec: ClusterSpec, size: number): ClusterSpec {
    if (size <= spec.members.length) return super.resized(spec, size);
    let resized = spec;
    for (let count = spec.members.length; count < size; count++) {
      const host = this.machines[count]?.address ?? '';
      const added = addMember(resized, { name: `m${count + 1}`, host });
      if (!added.ok) throw new Error(added.error.summary);
      resized = added.value;
    }
    return resized;
  }

  override async sparePeerURL(host: string): Promise<string> {
    return `http://${host}:${this.#sparePort++}`;
  }

  override async freeze(host: string): Promise<() => Promise<void>> {
    const signal = async (name: string) =>
      await this.machineOf(host).must(`systemctl kill -s ${name} ${this.paths.unit}`);
    await signal('STOP');
    // By then it may have been removed, and be gone.
    return async () => void (await signal('CONT').catch(() => undefined));
  }

  override async processes(): Promise<ReadonlyMap<string, LabProcess>> {
    const found = new Map<string, LabProcess>();
    for (const machine of this.machines) {
      const told = await machine.run(
        `pid=$(systemctl show -p MainPID --value ${this.paths.unit})
        [ "$pid" != 0 ] && echo "$pid" && tr '\\0' '\\n' < "/proc/$pid/cmdline"`,
      );
      const [pid, ...args] = told.stdout.trimEnd().split('\n');
      const flags = flagsOf(args);
      if (told.code !== 0 || flags['data-dir'] === undefined) continue;
      found.set(machine.address, { pid: Number(pid), kind: 'member', args, flags });
    }
    return found;
  }

  /** Stopped by hand: from a mere crash systemd alone would bring it back. */
  override async crash(host: string): Promise<void> {
    await this.machineOf(host).must(`systemctl stop ${this.paths.unit}`);
  }

  override async loseData(host: string): Promise<readonly number[]> {
    const logs = await this.logs();
    const machine = this.machineOf(host);
    const { unit, dataDir } = this.paths;
    await machine.must(`mv ${dataDir} /var/lib/etcd/lost
      systemctl kill -s KILL ${unit}; rm -r /var/lib/etcd/lost`);
    await until('systemd does not start it again', async () => {
      const result = await machine.must(`systemctl show -p AssertResult --value ${unit}`);
      return result.trim() === 'no' ? { done: true } : { seen: result };
    });
    const own = `${machine.name}:${dataDir}`;
    return [...logs].flatMap(([inode, path]) => (path === own ? [inode] : []));
  }

  override async journalSince(at: number): Promise<readonly JournalLine[]> {
    const texts = new Set<string>();
    for (const machine of this.machines) {
      const told = await machine.run(
        `cat ${this.paths.stateDir}/journal.1.jsonl ${this.paths.stateDir}/journal.jsonl 2> /dev/null || true`,
      );
      const whole = told.stdout.slice(0, told.stdout.lastIndexOf('\n') + 1).split('\n');
      for (const line of whole) if (line !== '') texts.add(line);
    }
    return [...texts]
      .map((text) => JSON.parse(text) as JournalLine)
      .filter((line) => line.at >= at)
      .sort((a, b) => a.at - b.at);
  }

  override async links(since: number): Promise<readonly Link[]> {
    const found: Link[] = [];
    for (const machine of this.machines) {
      const log = await machine.must(
        `timeout 3 journalctl --sync; journalctl -q -o cat _SYSTEMD_UNIT=${this.paths.unit}`,
      );
      found.push(...linksIn(log, machine.address, since));
    }
    return found.sort((a, b) => a.at - b.at);
  }

  override async logs(): Promise<ReadonlyMap<number, string>> {
    const found = new Map<number, string>();
    for (const [index, machine] of this.machines.entries()) {
      const dataDir = this.dataDirAt(index);
      const told = await machine.must(
        `for at in ${dataDir} ${dataDir}.aside/*; do
          [ ! -d "$at/member/wal" ] || echo "$(stat -c %i "$at/member/wal") $at"
        done`,
      );
      for (const line of told.split('\n').filter((each) => each !== '')) {
        const [inode, path = ''] = line.split(' ');
        found.set(index * INODES + Number(inode), `${machine.name}:${path}`);
      }
    }
    return found;
  }

  override async clearAside(): Promise<void> {
    await Promise.all(
      this.machines.map(
        async (machine, index) => await machine.must(`rm -rf ${this.dataDirAt(index)}.aside`),
      ),
    );
  }

  override async boot(): Promise<void> {
    await Promise.all(this.machines.map(async (machine) => await machine.reboot()));
  }

  /** What is left on the hosts is etcd's program alone. */
  override async close(): Promise<void> {
    await super.close();
    await closeShells();
    // Connections of controllers that were killed: they would be kept open for a minute, in case somebody came back.
    await endProcesses(this.home);
    const { unit, unitFile, stateDir, runDir, dataDir } = this.paths;
    await Promise.all(
      this.machines.map(
        async (machine) =>
          await machine.run(`systemctl kill -s KILL ${unit}; systemctl disable --now ${unit}
          rm -rf ${unitFile} ${stateDir} ${runDir} ${dataDir} ${dataDir}.aside
          systemctl daemon-reload; systemctl reset-failed`),
      ),
    );
  }

  /** Where the data of the member on this host are. */
  protected dataDirAt(_index: number): string {
    return this.paths.dataDir;
  }

  protected machineOf(host: string): LabHost {
    const found = this.machines.find(({ address }) => address === host);
    if (found === undefined) throw new Error(`no host ${host}`);
    return found;
  }
}
