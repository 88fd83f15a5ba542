import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createClient, type EtcdClient } from '../../../src/etcd/index.js';
import { freeze, signalTo } from '../../lab/processes.js';
import { LabHost } from '../../lab/isolation.js';
import { freeURL } from '../../lab/ports.js';
import { until } from '../../lab/wait.js';

const PEER_PORT = 2380;
const CLIENT_PORT = 2379;
/** How soon a cluster without faults must be well again; a member that was cut off long needs some time. */
const WELL_MS = 60_000;

/** One member of a cluster under faults, on a host of its own where the machine can give it one. */
export interface Member {
  readonly name: string;
  readonly clientURL: string;
  readonly peerURL: string;
  /** Undefined: all members share this machine's network, and none can be cut off. */
  readonly host: LabHost | undefined;
  child: ChildProcess;
  /** Starts it on its data again. */
  restart(): void;
}

/** Real members that come and go. Everything about them is asked through an operator's client of its own. */
export class Members {
  readonly #etcd: string;
  readonly #directory: string;
  readonly #isIsolated: boolean;
  readonly #members = new Map<string, Member>();
  #made = 0;
  readonly operator: EtcdClient = createClient({ endpoints: [] });

  constructor(parts: {
    readonly etcd: string;
    readonly directory: string;
    readonly isIsolated: boolean;
  }) {
    this.#etcd = parts.etcd;
    this.#directory = parts.directory;
    this.#isIsolated = parts.isIsolated;
  }

  get endpoints(): readonly string[] {
    return this.list.map(({ clientURL }) => clientURL);
  }

  get list(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** A new cluster of so many. */
  async bear(count: number): Promise<void> {
    const places = [];
    for (let index = 0; index < count; index++) places.push(await this.#place());
    const all = places.map(({ name, peerURL }) => `${name}=${peerURL}`).join(',');
    for (const place of places) this.#start(place, all, 'new');
    await this.untilWell();
  }

  /** One more voter: registered as a learner, started, promoted. */
  async grow(): Promise<void> {
    const place = await this.#place();
    const added = await this.#ask(() =>
      this.operator.cluster.memberAdd({ peerURLs: [place.peerURL], isLearner: true }),
    );
    const all = [...this.list, place].map(({ name, peerURL }) => `${name}=${peerURL}`).join(',');
    this.#start(place, all, 'existing');
    await this.#ask(() => this.operator.cluster.memberPromote(added.member.id));
    await this.untilWell();
  }

  async remove(member: Member): Promise<void> {
    const listed = await this.#ask(() => this.operator.cluster.memberListLinearizable());
    const found = listed.members.find(({ name }) => name === member.name);
    if (found === undefined) throw new Error(`${member.name} is not listed`);
    // Its clients are told first, as consumers are.
    this.#members.delete(member.name);
    this.operator.setEndpoints(this.endpoints);
    await this.#ask(async () => {
      const removed = await this.operator.cluster.memberRemove(found.id);
      // An answer that was lost on the way: the second try finds nobody to remove.
      const isGone =
        !removed.ok &&
        removed.error.kind === 'refused' &&
        removed.error.reason === 'member-not-found';
      return isGone ? ({ ok: true, value: listed } as const) : removed;
    });
    signalTo(member.child.pid ?? 0, 'SIGKILL');
    await this.untilWell();
  }

  async leader(): Promise<Member> {
    return await until('some member leads', async () => {
      for (const member of this.list) {
        const status = await this.operator.maintenance.status({
          endpoint: member.clientURL,
          deadlineMs: 1_000,
        });
        if (status.ok && status.value.isLeader) return { done: member };
      }
      return { seen: 'nobody' };
    });
  }

  async followers(): Promise<readonly Member[]> {
    const leader = await this.leader();
    return this.list.filter((member) => member !== leader);
  }

  async moveLeader(): Promise<void> {
    const [target] = await this.followers();
    const leader = await this.leader();
    const status = await this.operator.maintenance.status({ endpoint: target?.clientURL });
    if (!status.ok) throw new Error(status.error.message);
    await this.operator.maintenance.moveLeader(status.value.header.memberID, {
      endpoint: leader.clientURL,
    });
  }

  /** Every member reads through quorum. */
  async untilWell(): Promise<void> {
    this.operator.setEndpoints(this.endpoints);
    for (const { name, clientURL } of this.list) {
      await until(
        `${name} is well`,
        async () => {
          const read = await this.operator.kv.get('well', {
            endpoint: clientURL,
            deadlineMs: 1_000,
          });
          return read.ok ? { done: true } : { seen: read.error.message };
        },
        { timeoutMs: WELL_MS },
      );
    }
  }

  async end(): Promise<void> {
    await this.operator.close();
    for (const { child } of this.#members.values()) signalTo(child.pid ?? 0, 'SIGKILL');
  }

  /** Asks again until it is done; what etcd refuses for a while (a learner that has not caught up) it does later. */
  async #ask<T>(
    call: () => Promise<{ ok: true; value: T } | { ok: false; error: { message: string } }>,
  ): Promise<T> {
    return await until('the members agree to a change', async () => {
      const answer = await call();
      return answer.ok ? { done: answer.value } : { seen: answer.error.message };
    });
  }

  async #place(): Promise<Omit<Member, 'child' | 'restart'>> {
    const index = this.#made++;
    const name = `m${index}`;
    if (!this.#isIsolated) {
      const [clientURL, peerURL] = [await freeURL(), await freeURL()];
      return { name, clientURL, peerURL, host: undefined };
    }
    const host = await LabHost.make();
    const url = (port: number) => `http://${host.address}:${port}`;
    return { name, clientURL: url(CLIENT_PORT), peerURL: url(PEER_PORT), host };
  }

  #start(
    place: Omit<Member, 'child' | 'restart'>,
    initialCluster: string,
    state: 'new' | 'existing',
  ): void {
    const { name, clientURL, peerURL, host } = place;
    const flags = [
      `--name=${name}`,
      `--data-dir=${join(this.#directory, name)}`,
      `--listen-client-urls=${clientURL}`,
      `--advertise-client-urls=${clientURL}`,
      `--listen-peer-urls=${peerURL}`,
      `--initial-advertise-peer-urls=${peerURL}`,
      `--initial-cluster=${initialCluster}`,
      `--initial-cluster-state=${state}`,
      '--logger=zap',
    ];
    const [program = '', ...before] = host?.command(this.#etcd) ?? [this.#etcd];
    const start = () => spawn(program, [...before, ...flags], { stdio: 'ignore', env: { PATH } });
    const member: Member = {
      ...place,
      child: start(),
      restart: () => {
        member.child = start();
      },
    };
    this.#members.set(name, member);
  }
}

const PATH = process.env['PATH'] ?? '';

/** Ends a member's process by force and waits until it is gone. */
export async function kill({ child }: Member): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await gone;
}

export const stop = async ({ child }: Member): Promise<void> => await freeze(child.pid ?? 0);
export const go = ({ child }: Member): void => signalTo(child.pid ?? 0, 'SIGCONT');
export const cutFromPeers = async ({ host }: Member): Promise<void> => await host?.cut(PEER_PORT);
export const cutFromClients = async ({ host }: Member): Promise<void> =>
  await host?.cut(CLIENT_PORT);
export const heal = async ({ host }: Member): Promise<void> => await host?.heal();
