import { renderProblem, unsafeBrand } from '../../../src/base/index.js';
import type { HostName } from '../../../src/core/cluster/index.js';
import type { ClusterSpec } from '../../../src/core/spec/index.js';
import { adoptionPorts } from '../../../src/main/adoption.js';
import { keepingOf } from '../../../src/main/keepings.js';
import { thisMachine } from '../../../src/main/machine.js';
import { managedCluster } from '../../../src/main/managed-cluster.js';
import { closeShells } from '../../../src/main/shells.js';
import { FORMER_UNIT, WAYS, dataDirOf, makeByHand } from '../../hosts/made-by-hand.js';
import type { HostsLab } from '../../lab/hosts/index.js';
import type { LabProcess } from '../../lab/processes.js';
import { HostsStage } from './hosts-stage.js';
import { survey } from './survey.js';

const wayOf = (index: number) => WAYS[index] ?? 'flags';

/** A cluster that a person made on three hosts, in three ways, and that was adopted: nothing of it is changed yet. */
export class AdoptedStage extends HostsStage {
  readonly #spec: ClusterSpec;
  readonly #sshConfigFile: string;

  constructor(base: string, spec: ClusterSpec, hosts: HostsLab) {
    super(base, spec, hosts);
    this.#spec = spec;
    this.#sshConfigFile = hosts.sshConfigFile;
  }

  override async prepare(): Promise<void> {
    await super.prepare();
    const { name, version } = this.#spec;
    await makeByHand(
      version,
      this.machines.map((host, index) => ({ host, way: wayOf(index) })),
    );
    const machine = thisMachine();
    const hosts = this.machines.map(({ address }) => unsafeBrand<HostName>(address));
    try {
      const read = await adoptionPorts(machine).read({
        name,
        hosts,
        endpoints: hosts.map((host) => `http://${host}:2379`),
        ssh: { configFile: this.#sshConfigFile },
        seat: undefined,
        signal: new AbortController().signal,
      });
      if (!read.ok) throw new Error(read.error.map(renderProblem).join('\n'));
      const { spec, record } = read.value;
      const cluster = managedCluster(machine, name, keepingOf(machine, this.home, name, spec));
      const adopted = await cluster.adopt(spec, record);
      if (!adopted.ok) throw new Error(renderProblem(adopted.error));
    } finally {
      await closeShells();
    }
  }

  /** Ours, and the person's as long as it runs: what that was started with is in a file or in variables as well. */
  override async processes(): Promise<ReadonlyMap<string, LabProcess>> {
    const found = new Map(await super.processes());
    for (const [index, machine] of this.machines.entries()) {
      const pid = Number(
        (await machine.must(`systemctl show -p MainPID --value ${FORMER_UNIT}`)).trim(),
      );
      if (pid === 0) continue;
      if (found.has(machine.address)) throw new Error(`two units run on ${machine.name}`);
      const flags = {
        'advertise-client-urls': `http://${machine.address}:2379`,
        'data-dir': this.dataDirAt(index),
      };
      found.set(machine.address, { pid, kind: 'member', args: [], flags });
    }
    return found;
  }

  override async halfway(): Promise<readonly string[]> {
    return await this.#faultsOfUnits('half');
  }

  /** Our unit alone runs each member, and alone comes with a boot; the person's is kept, and out of the way. */
  override async standing(): Promise<readonly string[]> {
    const before = await this.#faultsOfUnits('wholly');
    if (before.length > 0) return before;
    const { clusterID } = await survey(this);
    await this.boot();
    const after = await survey(this);
    return [
      ...(after.clusterID === clusterID ? [] : [`after a boot it is ${after.clusterID}`]),
      ...(await this.#faultsOfUnits('wholly')).map((fault) => `after a boot: ${fault}`),
    ];
  }

  /** `half`: at most one of the two units has a process, and at most one comes with a boot, whichever. */
  async #faultsOfUnits(taken: 'half' | 'wholly'): Promise<readonly string[]> {
    const ours = this.paths.unit;
    const faults = await Promise.all(
      this.machines.map(async (machine, index): Promise<readonly string[]> => {
        const told = await machine.run(
          `systemctl is-enabled ${FORMER_UNIT}; systemctl is-active ${FORMER_UNIT}
          systemctl is-enabled ${ours}; systemctl is-active ${ours}`,
        );
        const standing = told.stdout.trim().split('\n').join(', ');
        const etcds = (await machine.run('pgrep -c -x etcd')).stdout.trim();
        if (taken === 'half') {
          const areBoth = /^enabled, [a-z]+, enabled,/.test(standing);
          return Number(etcds) <= 1 && !areBoth
            ? []
            : [`${machine.name} runs ${etcds} etcds, and the units are ${standing}`];
        }
        const words = await machine.run(
          `tr '\\0' '\\n' < /proc/$(systemctl show -p MainPID --value ${ours})/cmdline`,
        );
        const kept = await machine.run(`cat ${this.paths.stateDir}/former/${FORMER_UNIT}`);
        return [
          ...(standing === 'masked, inactive, enabled, active'
            ? []
            : [`the units on ${machine.name} are ${standing}`]),
          ...(etcds === '1' ? [] : [`${machine.name} runs ${etcds} etcds`]),
          ...(words.stdout.split('\n').includes(`--data-dir=${this.dataDirAt(index)}`)
            ? []
            : [`${machine.name} has not its data: ${words.stdout}`]),
          ...(kept.stdout.startsWith('[Unit]\nDescription=etcd\n')
            ? []
            : [`the former unit of ${machine.name} is not kept`]),
        ];
      }),
    );
    return faults.flat();
  }

  protected override dataDirAt(index: number): string {
    return dataDirOf(index, wayOf(index));
  }

  override async close(): Promise<void> {
    await super.close();
    await Promise.all(
      this.machines.map(
        async (machine, index) =>
          await machine.run(`systemctl kill -s KILL ${FORMER_UNIT}; systemctl disable --now ${FORMER_UNIT}
          rm -rf /etc/systemd/system/${FORMER_UNIT} /etc/etcd ${this.dataDirAt(index)} ${this.dataDirAt(index)}.aside
          systemctl daemon-reload; systemctl reset-failed`),
      ),
    );
  }
}
