import type { Answer } from './commands.js';
import type { Cgroups } from './cgroups.js';
import type { Disks } from './disks.js';
import { type Init, initOf, runInside } from './inside.js';
import { type Network, SEAT_ADDRESS } from './network.js';
import { Supply, type SupplyOptions } from './supply.js';
import { until } from '../wait.js';

/** Where a host can be cut off from: another host, or where the tests are. */
export type Peer = LabHost | 'seat';

export interface HostParts {
  readonly address: string;
  readonly supply: SupplyOptions;
  readonly cgroups: Cgroups;
  readonly disks: Disks;
  readonly network: Network;
}

/** systemd's own number for "power off", as glibc counts real-time signals. */
const SIGRTMIN_PLUS_4 = 38;

/** One machine with systemd and sshd, its power button, its cable, its disk, and what can happen to them. */
export class LabHost {
  readonly name: string;
  readonly address: string;
  readonly #parts: HostParts;
  #supply: Supply | undefined;

  constructor(parts: HostParts) {
    this.name = parts.supply.name;
    this.address = parts.address;
    this.#parts = parts;
  }

  get isOn(): boolean {
    return this.#supply?.isOn === true;
  }

  /** Runs a script as its root, without SSH and whatever its network does; throws when the host is off. */
  async run(script: string, stdin?: string | Uint8Array): Promise<Answer> {
    return await runInside(await this.#init(), script, stdin);
  }

  /** Runs a script that must succeed, and answers its output. */
  async must(script: string, stdin?: string | Uint8Array): Promise<string> {
    const { code, stdout, stderr } = await this.run(script, stdin);
    if (code === 0) return stdout;
    throw new Error(`On ${this.name}, "${script}" ended with ${code}.\n${stdout}${stderr}`);
  }

  /** Changes with every boot. */
  async bootId(): Promise<string> {
    return (await this.must('cat /proc/sys/kernel/random/boot_id')).trim();
  }

  /** Answers when it is up and takes SSH. */
  async powerOn(): Promise<void> {
    if (this.isOn) return;
    const { network, disks, supply } = this.#parts;
    await disks.released();
    await network.setLink(this.name, 'up');
    this.#supply = await Supply.start(supply);
    await this.#up();
  }

  /** Shuts it down in order, as its power button does; answers when it is off. */
  async powerOff(): Promise<void> {
    if (!this.isOn) return;
    process.kill((await this.#init()).pid, SIGRTMIN_PLUS_4);
    await this.untilOff();
  }

  /** Waits for a host that goes off by itself, say because somebody told it to over SSH. */
  async untilOff(): Promise<void> {
    await this.#supply?.off;
    await this.#parts.network.setLink(this.name, 'down');
    await this.#parts.disks.released();
  }

  /**
   * Nobody hears a good-bye, and what was not synced is gone. The cable goes first and stays out while the host is off:
   * a process that merely dies lets the kernel say so to its peers.
   */
  async powerCut(): Promise<void> {
    if (!this.isOn) return;
    const { cgroups, disks, network } = this.#parts;
    const { pid, supervisor } = await this.#init();
    await network.setLink(this.name, 'down');
    await cgroups.freeze(this.name);
    await disks.fail(supervisor, ['data', 'system']);
    process.kill(pid, 'SIGKILL');
    await cgroups.thaw(this.name);
    await this.untilOff();
  }

  /** Answers when it is up again. */
  async reboot(): Promise<void> {
    const { pid } = await this.#init();
    // It may go down before it has answered.
    await this.run('systemctl reboot');
    await until(`${this.name} goes down`, async () =>
      (await this.#look())?.pid === pid ? { seen: 'up' } : { done: true },
    );
    await this.#up();
  }

  /** Every process stands still; the kernel still takes connections for them. */
  async freeze(): Promise<void> {
    await this.#parts.cgroups.freeze(this.name);
  }

  async thaw(): Promise<void> {
    await this.#parts.cgroups.thaw(this.name);
  }

  /** Pulls the cable. */
  async linkDown(): Promise<void> {
    await this.#parts.network.setLink(this.name, 'down');
  }

  async linkUp(): Promise<void> {
    await this.#parts.network.setLink(this.name, 'up');
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
    await this.#parts.network.undrop(this.name, tableOf(other));
    if (other !== 'seat') await this.#parts.network.undrop(other.name, tableOf(this));
  }

  async #dropFrom(other: Peer, both: boolean): Promise<void> {
    const address = other === 'seat' ? SEAT_ADDRESS : other.address;
    await this.#parts.network.drop(this.name, tableOf(other), address, both);
  }

  /** What was in /var/lib/etcd is gone, as with a new disk; a host that is on is shut down before and is up after. */
  async wipeDisk(): Promise<void> {
    const wasOn = this.isOn;
    await this.powerOff();
    await this.#parts.disks.wipeData();
    if (wasOn) await this.powerOn();
  }

  /** The disk under /var/lib/etcd answers nothing but errors until the host has been off. */
  async failDisk(): Promise<void> {
    await this.#parts.disks.fail((await this.#init()).supervisor, ['data']);
  }

  /** Leaves no space at all under /var/lib/etcd. */
  async fillDisk(): Promise<void> {
    if (this.#parts.supply.disk === 'directory') {
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

  async #look(): Promise<Init | undefined> {
    return await initOf(this.#parts.cgroups, this.name);
  }

  async #init(): Promise<Init> {
    const found = this.isOn ? await this.#look() : undefined;
    if (found === undefined) throw new Error(`${this.name} is off.`);
    return found;
  }

  async #up(): Promise<void> {
    await until(
      `${this.name} is up`,
      async () => {
        if (!this.isOn) throw new Error(`${this.name} went off while it booted: see console.log.`);
        const init = await this.#look();
        if (init === undefined) return { seen: 'no init yet' };
        const asked = await runInside(init, UP);
        return asked.code === 0 ? { done: true } : { seen: asked };
      },
      { everyMs: 10 },
    );
  }
}

const tableOf = (peer: Peer): string => `cut_${peer === 'seat' ? peer : peer.name}`;

/** Both, because until the second is done only root may log in. Ends after a while, so that who waits can look. */
const UP = `for _ in $(seq 100); do
  if systemctl is-active --quiet ssh && systemctl is-active --quiet systemd-user-sessions; then exit 0; fi
  sleep 0.02
done 2> /dev/null; exit 1`;

const BALLAST = '/var/lib/etcd/ballast';
/** In one piece as far as there is room for its own bookkeeping, then byte by byte. */
const FILL = `fallocate -l "$(( $(df --output=avail -B1 /var/lib/etcd | tail -n 1) - 65536 ))" ${BALLAST} || true
dd if=/dev/zero bs=4096 >> ${BALLAST} 2> /dev/null || true
sync -f ${BALLAST}
[ "$(df --output=avail -B1 /var/lib/etcd | tail -n 1)" -lt 65536 ]`;
