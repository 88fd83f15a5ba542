import type { Answer } from './commands.js';
import type { Cgroups } from './cgroups.js';
import type { Disks } from './disks.js';
import { type Init, initOf, runInside } from './inside.js';
import type { Network } from './network.js';
import { Supply, type SupplyOptions } from './supply.js';
import { until } from '../wait.js';

export interface HostParts {
  readonly address: string;
  readonly spareAddress: string;
  readonly supply: SupplyOptions;
  readonly cgroups: Cgroups;
  readonly disks: Disks;
  readonly network: Network;
}

/** systemd's own number for "power off", as glibc counts real-time signals. */
const SIGRTMIN_PLUS_4 = 38;

/** One machine with systemd and sshd, and its power button. */
export class PoweredHost {
  readonly name: string;
  readonly address: string;
  /** Free until the host is moved to it. */
  readonly spareAddress: string;
  protected readonly parts: HostParts;
  #supply: Supply | undefined;
  /** Settles when the host has gone off and its cable is out. */
  #silent: Promise<void> = Promise.resolve();

  constructor(parts: HostParts) {
    this.name = parts.supply.name;
    this.address = parts.address;
    this.spareAddress = parts.spareAddress;
    this.parts = parts;
  }

  get isOn(): boolean {
    return this.#supply?.isOn === true;
  }

  /** Runs a script as its root, without SSH and whatever its network does; throws when the host is off. */
  async run(script: string, stdin?: string | Uint8Array): Promise<Answer> {
    return await runInside(await this.init(), script, stdin);
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
    const { network, disks, supply } = this.parts;
    await disks.released();
    await network.setLink(this.name, 'up');
    const started = await Supply.start(supply);
    this.#supply = started;
    // Whoever put it off: a network without a host behind it would answer with resets. No matter if all is gone by then.
    this.#silent = started.off
      .then(() => network.setLink(this.name, 'down'))
      .catch(() => undefined);
    await this.#up();
  }

  /** Shuts it down in order, as its power button does; answers when it is off. */
  async powerOff(): Promise<void> {
    if (!this.isOn) return;
    process.kill((await this.init()).pid, SIGRTMIN_PLUS_4);
    await this.untilOff();
  }

  /** Waits for a host that goes off by itself, say because somebody told it to over SSH. */
  async untilOff(): Promise<void> {
    await this.#silent;
    await this.parts.disks.released();
  }

  /**
   * Nobody hears a good-bye, and what was not synced is gone. The cable goes first and stays out while the host is off:
   * a process that merely dies lets the kernel say so to its peers.
   */
  async powerCut(): Promise<void> {
    if (!this.isOn) return;
    const { cgroups, disks, network } = this.parts;
    const { pid, supervisor } = await this.init();
    await network.setLink(this.name, 'down');
    await cgroups.freeze(this.name);
    await disks.fail(supervisor, ['data', 'system']);
    process.kill(pid, 'SIGKILL');
    await cgroups.thaw(this.name);
    await this.untilOff();
  }

  /** Answers when it is up again. */
  async reboot(): Promise<void> {
    const { pid } = await this.init();
    // It may go down before it has answered.
    await this.run('systemctl reboot');
    await until(`${this.name} goes down`, async () =>
      (await this.#look())?.pid === pid ? { seen: 'up' } : { done: true },
    );
    await this.#up();
  }

  async #look(): Promise<Init | undefined> {
    return await initOf(this.parts.cgroups, this.name);
  }

  /** Its first process; throws when it is off. */
  protected async init(): Promise<Init> {
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

/** Both, because until the second is done only root may log in. Ends after a while, so that who waits can look. */
const UP = `for _ in $(seq 100); do
  if systemctl is-active --quiet ssh && systemctl is-active --quiet systemd-user-sessions; then exit 0; fi
  sleep 0.02
done 2> /dev/null; exit 1`;
