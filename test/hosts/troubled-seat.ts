import assert from 'node:assert/strict';
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HostsLab, LabHost } from '../lab/hosts/index.js';
import {
  type JournalLine,
  Lab,
  type MemberJSON,
  type ProblemJSON,
  type Running,
  type StatusJSON,
  clientURLs,
  until,
} from '../lab/index.js';
import type { Writer } from '../lab/writer.js';
import { journalOnHosts } from './journal-on-hosts.js';

/** Where something happens on purpose, etcd or a host refuses on purpose: what must hold is said by the test itself. */
const AUDIT = false;

/** The seat of a cluster on hosts to which something happens: one home, the real command, and the hosts' machines. */
export async function troubledSeat(
  hosts: HostsLab,
  version: string,
  name?: string,
): Promise<TroubledSeat> {
  const base = process.env['QUORATE_LAB_BASE'] ?? tmpdir();
  const home = await realpath(await mkdtemp(join(base, 'seat-')));
  const it = new TroubledSeat(home, hosts, version, name);
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') await it.tell();
    await it.close();
  });
  return it;
}

export class TroubledSeat extends Lab {
  readonly hosts: HostsLab;
  /** Since when the members' lives count: the cluster that was before was given up. Seconds since the epoch. */
  #bornAfter = 0;

  constructor(home: string, hosts: HostsLab, version: string, name: string | undefined) {
    super(home, { version, audit: AUDIT, ...(name === undefined ? {} : { name }) });
    this.hosts = hosts;
  }

  get unit(): string {
    return `etcd-${this.name}.service`;
  }

  get data(): string {
    return `/var/lib/etcd/${this.name}`;
  }

  host(index: number): LabHost {
    const host = this.hosts.hosts[index];
    if (host === undefined) throw new Error(`The lab has no host ${index}.`);
    return host;
  }

  /** The machine that a member is on. */
  machineOf({ host }: Pick<MemberJSON, 'host'>): LabHost {
    const machine = this.hosts.hosts.find(({ address }) => address === host);
    if (machine === undefined) throw new Error(`The lab has no host ${host}.`);
    return machine;
  }

  /** A spec file for members m0, m1, … on the first hosts. */
  async specFor(count: number, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const members = this.hosts.hosts
      .slice(0, count)
      .map(({ address }, index) => ({ name: `m${index}`, host: address }));
    const driver = { ssh: { configFile: this.hosts.sshConfigFile } };
    return await this.spec(members, { driver, ...more });
  }

  /** So many members on the first hosts, born and healthy. Nobody keeps them. */
  async born(count = 3): Promise<{ readonly file: string; readonly before: StatusJSON }> {
    const file = await this.specFor(count);
    await this.must(`apply -f ${file}`);
    return { file, before: await this.settled(count) };
  }

  /**
   * The way that is told for a birth that cannot be finished: it is given up, its data moved aside, and another cluster
   * is born of the same spec. From now on the other one counts.
   */
  async bearAgain(file: string): Promise<void> {
    await this.must(`destroy ${this.name} --yes=${this.name}`);
    // In the hosts' own time, which is this machine's.
    const seconds = Math.floor(Date.now() / 1_000);
    await until('a second in which none of the former members lived', async () =>
      Date.now() / 1_000 > seconds + 1 ? { done: true } : { seen: 'the same' },
    );
    this.#bornAfter = seconds + 1;
    await this.must(`apply -f ${file}`);
  }

  override journal(): Promise<readonly JournalLine[]> {
    return journalOnHosts(this.hosts, this.name);
  }

  /** The controller in the foreground, which acts when this answers. */
  async keeper(): Promise<Running> {
    const running = this.start(`run ${this.name}`, { timeoutMs: KEEPER_MS });
    await until('the controller acts', async () => {
      const lines = await this.journal();
      const acts = lines.some(
        ({ kind, pid }) => kind === 'controller-started' && pid === running.pid,
      );
      return acts ? { done: true } : { seen: lines.length };
    });
    return running;
  }

  /** The unit of the member as systemd sees it. */
  async property(machine: LabHost, name: string): Promise<string> {
    return (await machine.must(`systemctl show -p ${name} --value ${this.unit}`)).trim();
  }

  /** The member runs again without anybody of Quorate: systemd's own word. */
  async runsOn(machine: LabHost): Promise<void> {
    await until(`etcd runs on ${machine.name}`, async () => {
      const state = await this.property(machine, 'ActiveState');
      return state === 'active' ? { done: true } : { seen: state };
    });
  }

  /** systemd was asked to start it since the boot, and did not, and does not try again. */
  async staysDownOn(machine: LabHost): Promise<void> {
    const words = await until(`systemd has refused to start etcd on ${machine.name}`, async () => {
      const result = await this.property(machine, 'AssertResult');
      const state = await this.property(machine, 'ActiveState');
      return result === 'no' && state !== 'active' && state !== 'activating'
        ? { done: `${state} ${result}` }
        : { seen: `${state} ${result}` };
    });
    assert.equal(await this.property(machine, 'MainPID'), '0', words);
    // Neither did it found anything.
    assert.equal((await machine.run(`[ -e ${this.data}/member ]`)).code, 1, 'there is data');
  }

  /** Judged by the members' own answers: the same cluster, the same members but for these, nothing lost. */
  async sameCluster(
    before: StatusJSON,
    after: StatusJSON,
    replaced: readonly string[] = [],
  ): Promise<void> {
    assert.equal(after.cluster.id, before.cluster.id, 'the ClusterID');
    const ids = ({ members }: StatusJSON) =>
      members.filter(({ name }) => !replaced.includes(name)).map(({ name, id }) => `${name} ${id}`);
    assert.deepEqual(ids(after), ids(before));
    for (const name of replaced) {
      const idIn = ({ members }: StatusJSON) => members.find((member) => member.name === name)?.id;
      assert.notEqual(idIn(after), idIn(before), `${name} has its old identity`);
    }
  }

  /**
   * No second cluster and no amnesia, by what the members wrote into their hosts' journals: every host that etcd runs on
   * is in one cluster, and a MemberID was never begun twice on an empty directory.
   */
  async oneLifeEach(): Promise<void> {
    const first: string[] = [];
    const clusters = new Set<string>();
    for (const machine of this.hosts.hosts) {
      if (!machine.isOn) continue;
      const log = await machine.must(
        `timeout 3 journalctl --sync; journalctl -q -o cat --since=@${this.#bornAfter} _SYSTEMD_UNIT=${this.unit} | grep -E '"msg":"(re)?starting local member"' || true`,
      );
      for (const line of log.split('\n')) {
        const member = /"local-member-id":"([0-9a-f]+)"/.exec(line)?.[1];
        const cluster = /"cluster-id":"([0-9a-f]+)"/.exec(line)?.[1];
        if (cluster !== undefined && cluster !== '0') clusters.add(cluster);
        if (member !== undefined && line.includes('"starting local member"')) {
          first.push(`${member} on ${machine.name}`);
        }
      }
    }
    assert.equal(new Set(first).size, first.length, `begun twice: ${first.join(', ')}`);
    assert.equal(clusters.size, 1, `clusters: ${[...clusters].join(', ')}`);
  }

  /** Whatever became of the hosts, the writes are there. With quorum left, the writer went on all the time. */
  async nothingWasLost(writer: Writer, status: StatusJSON): Promise<void> {
    const { lost, hashes, acknowledged } = await writer.verify(clientURLs(status));
    assert.ok(acknowledged > 0, 'no write was acknowledged');
    assert.deepEqual(lost, [], 'acknowledged writes that are lost');
    assert.equal(
      new Set(Object.values(hashes)).size,
      1,
      `members differ: ${JSON.stringify(hashes)}`,
    );
  }

  override async tell(): Promise<void> {
    await super.tell();
    for (const host of this.hosts.hosts) {
      if (!host.isOn) continue;
      const told = await host
        .run(`systemctl status --no-pager -n 12 '${this.unit}' | cut -c -260`)
        .catch((error: unknown) => ({ stdout: String(error) }));
      process.stderr.write(`--- ${host.name} ${host.address}:\n${told.stdout}\n`);
    }
  }
}

/** Longer than a test: it is ended with the test. */
const KEEPER_MS = 300_000;

/** Everything that a status or a blocked command says is wrong. */
export const problemsIn = (status: StatusJSON): readonly ProblemJSON[] => [
  ...status.members.flatMap(({ problems }) => [...problems]),
  ...(status.plan.problem === undefined ? [] : [status.plan.problem]),
];
