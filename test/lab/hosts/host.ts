import { DNS_ADDRESS, SEAT_ADDRESS } from './network.js';
import { PoweredHost } from './powered-host.js';

/** Where a host can be cut off from: another host, or where the tests are. */
export type Peer = LabHost | 'seat';

/** A machine with everything that can happen to it. */
export class LabHost extends PoweredHost {
  /** Every process stands still; the kernel still takes connections for them. */
  async freeze(): Promise<void> {
    await this.parts.cgroups.freeze(this.name);
  }

  async thaw(): Promise<void> {
    await this.parts.cgroups.thaw(this.name);
  }

  /** Pulls the cable. */
  async linkDown(): Promise<void> {
    await this.parts.network.setLink(this.name, 'down');
  }

  async linkUp(): Promise<void> {
    await this.parts.network.setLink(this.name, 'up');
  }

  /** What it is reached at from now on: its address, its spare address, or both. Its key is known at either. */
  async setAddresses(...addresses: readonly string[]): Promise<void> {
    await this.parts.network.setAddresses(this.name, addresses);
  }

  /** Packets to and from the other vanish, both ways, until `mend`. */
  async cutFrom(other: Peer): Promise<void> {
    await this.#dropFrom(other, true);
    if (other !== 'seat') await other.#dropFrom(this, true);
  }

  /** Only what the other sends vanishes: it still hears this host. */
  async deafTo(other: Peer): Promise<void> {
    await this.#dropFrom(other, false);
  }

  /** Undoes `cutFrom` and `deafTo`. */
  async mend(other: Peer): Promise<void> {
    await this.parts.network.undrop(this.name, tableOf(other));
    if (other !== 'seat') await this.parts.network.undrop(other.name, tableOf(this));
  }

  async #dropFrom(other: Peer, both: boolean): Promise<void> {
    const addresses =
      other === 'seat' ? [SEAT_ADDRESS, DNS_ADDRESS] : [other.address, other.spareAddress];
    await this.parts.network.drop(this.name, tableOf(other), addresses, both);
  }

  /** What was in /var/lib/etcd is gone, as with a new disk; a host that is on is shut down before and is up after. */
  async wipeDisk(): Promise<void> {
    const wasOn = this.isOn;
    await this.powerOff();
    await this.parts.disks.wipeData();
    if (wasOn) await this.powerOn();
  }

  /** Another machine in its place, with the same name, address and host key and nothing else of it; it is on. */
  async replace(): Promise<void> {
    await this.powerCut();
    await this.parts.disks.make();
    await this.powerOn();
  }

  /** The disk under /var/lib/etcd answers nothing but errors until the host has been off. */
  async failDisk(): Promise<void> {
    await this.parts.disks.fail((await this.init()).supervisor, ['data']);
  }

  /** Leaves no space at all under /var/lib/etcd. */
  async fillDisk(): Promise<void> {
    if (this.parts.supply.disk === 'directory') {
      throw new Error(`${this.name} has no disk of its own: filling it would fill this machine’s.`);
    }
    await this.must(FILL);
  }

  async freeDisk(): Promise<void> {
    await this.must(`rm -f ${BALLAST}`);
  }

  /** Connections are taken, by the kernel, and nobody answers; sessions stand still too. */
  async hangSshd(): Promise<void> {
    await this.must('pkill -STOP -x sshd');
  }

  async resumeSshd(): Promise<void> {
    await this.must('pkill -CONT -x sshd');
  }

  /** Ends every SSH session in its middle; new ones are taken. Answers how many processes served them. */
  async dropSshSessions(): Promise<number> {
    return Number(await this.must(`pkill --count -KILL -f '^sshd: [a-z]' || [ $? = 1 ]`));
  }

  /** The disk under /var/lib/etcd takes so many writes a second from all services together; 0 for as many as it can. */
  async slowDisk(writesPerSecond: number): Promise<void> {
    const device = (await this.must('mountpoint -d /var/lib/etcd')).trim();
    await this.parts.cgroups.limitWrites(this.name, device, writesPerSecond);
  }

  /**
   * After so many more bytes from the seat, its SSH connections to this host break, and new ones are refused, until
   * `mendSsh`; what runs on the host runs on. `how`: with a reset, or in silence.
   */
  async breakSshAfter(bytes: number, how: 'reset' | 'silence' = 'reset'): Promise<void> {
    await this.parts.network.quota(this.name, SSH_TABLE, { port: SSH_PORT, bytes, how });
  }

  async mendSsh(): Promise<void> {
    await this.parts.network.undrop(this.name, SSH_TABLE);
  }

  /** How many bytes come from the seat over SSH while this goes on, as `breakSshAfter` counts them. */
  async sshBytesOf(act: () => Promise<unknown>): Promise<number> {
    const { network } = this.parts;
    await network.count(this.name, COUNT_TABLE, SSH_PORT);
    try {
      await act();
      return await network.counted(this.name, COUNT_TABLE);
    } finally {
      await network.undrop(this.name, COUNT_TABLE);
    }
  }
}

const SSH_PORT = 22;
const SSH_TABLE = 'break_ssh';
const COUNT_TABLE = 'count_ssh';
const tableOf = (peer: Peer): string => `cut_${peer === 'seat' ? peer : peer.name}`;

const BALLAST = '/var/lib/etcd/ballast';
/** In one piece as far as there is room for its own bookkeeping, then byte by byte. */
const FILL = `fallocate -l "$(( $(df --output=avail -B1 /var/lib/etcd | tail -n 1) - 65536 ))" ${BALLAST} || true
dd if=/dev/zero bs=4096 >> ${BALLAST} 2> /dev/null || true
sync -f ${BALLAST}
[ "$(df --output=avail -B1 /var/lib/etcd | tail -n 1)" -lt 65536 ]`;
