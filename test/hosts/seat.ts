import assert from 'node:assert/strict';
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HostsLab, LabHost } from '../lab/hosts/index.js';
import { type StatusJSON, clientURLs, contentOf } from '../lab/index.js';
import type { JournalLine } from '../lab/journal.js';
import { writeAndRead } from '../lab/keys.js';
import { Lab, type LabOptions } from '../lab/lab.js';
import type { Writer } from '../lab/writer.js';
import { journalOnHosts } from './journal-on-hosts.js';

/** What the spec says of one member. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * A machine from which somebody keeps a cluster on the lab's hosts: one QUORATE_HOME and the real command. At the test's
 * end every process of the home is ended; what is on the hosts goes with the hosts.
 */
export async function seatOf(hosts: HostsLab, options: LabOptions): Promise<Seat> {
  const base = process.env['QUORATE_LAB_BASE'] ?? tmpdir();
  const home = await realpath(await mkdtemp(join(base, 'seat-')));
  const it = new Seat(home, hosts, options);
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') await it.tell();
    await it.close();
  });
  return it;
}

export class Seat extends Lab {
  readonly hosts: HostsLab;

  constructor(home: string, hosts: HostsLab, options: LabOptions) {
    super(home, options);
    this.hosts = hosts;
  }

  /** The first hosts as members etcd0, etcd1, …, as the seed names them. */
  first(count: number): readonly Fields[] {
    return this.hosts.hosts.slice(0, count).map((host, index) => ({
      name: `etcd${index}`,
      host: host.address,
    }));
  }

  /** The machine of a member that is named by its number. */
  host(index: number): LabHost {
    const host = this.hosts.hosts[index];
    if (host === undefined) throw new Error(`The lab has no host ${index}.`);
    return host;
  }

  override async spec(members: readonly (string | Fields)[], more: Fields = {}): Promise<string> {
    const driver = { ssh: { configFile: this.hosts.sshConfigFile } };
    return await super.spec(members, { driver, ...more });
  }

  override journal(): Promise<readonly JournalLine[]> {
    return journalOnHosts(this.hosts, this.name);
  }

  /** A linearizable write, and what was written read from every member itself. Answers the ClusterID. */
  async takesWrites(status: StatusJSON): Promise<string> {
    const endpoints = clientURLs(status);
    const id = await writeAndRead(endpoints, 'lab/born', this.name);
    const content = await contentOf(endpoints);
    assert.equal(content.get('lab/born'), this.name);
    return id;
  }

  /** Ends the writer: no write failed, what was acknowledged is there, and every voter holds the same. */
  async nothingFailed(writer: Writer): Promise<void> {
    await this.nothingLost(writer);
    const { refused, unknown, reasons } = writer.tally();
    assert.deepEqual({ refused, unknown, reasons }, { refused: 0, unknown: 0, reasons: [] });
  }

  override async tell(): Promise<void> {
    await super.tell();
    for (const host of this.hosts.hosts) {
      if (!host.isOn) continue;
      const told = await host
        .run("journalctl -q -o cat -n 15 -u 'etcd-*' | cut -c -300")
        .catch((error: unknown) => ({ stdout: String(error) }));
      process.stderr.write(`--- ${host.name} ${host.address}:\n${told.stdout}\n`);
    }
  }
}
