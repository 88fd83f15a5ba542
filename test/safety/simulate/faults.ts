import type { HostName } from '../../../src/core/cluster/index.js';
import {
  type World,
  catchUp,
  cut,
  disarmAlarms,
  fallBehind,
  heal,
  hide,
  loseData,
  raiseAlarm,
  show,
} from '../../../src/core/model/index.js';
import type { Controllers } from './controllers.js';
import { losePower } from './disk.js';
import type { FaultKind } from './parameters.js';
import type { Site } from './site.js';

/** What goes wrong in one site, and what makes it well again. */
export class Faults {
  #lossesLeft: number;

  readonly site: Site;
  readonly controllers: Controllers;

  constructor(site: Site, controllers: Controllers) {
    this.site = site;
    this.controllers = controllers;
    this.#lossesLeft = site.run.parameters.dataLosses;
    // The lock file is gone, or the lease has ended, while its holder goes on; whoever waits takes it.
    site.stealLock = () => {
      site.disk.holder = undefined;
      if (controllers.living.length < 3) controllers.begin();
    };
  }

  /** Lets every kind of fault that this seed has happen again and again until the safety phase is over. */
  begin(): void {
    const { run } = this.site;
    for (const [kind, meanMs] of Object.entries(run.parameters.faults)) {
      const again = () => {
        if (run.phase !== 'safety') return;
        this.strike(kind as FaultKind);
        run.clock.after(run.dice.wait(meanMs) + 1, again);
      };
      run.clock.after(run.dice.wait(meanMs) + 1, again);
    }
  }

  strike(kind: FaultKind): void {
    const { site, controllers } = this;
    const { run, disk } = site;
    const { dice } = run;
    const host = dice.oneOf(site.world.hosts)?.host;
    if (host === undefined) return;
    const happens = (text: string) => {
      run.count(`fault: ${kind}`);
      run.say('fault', () => `${site.name} ${kind}: ${text}`);
    };
    const forMs = dice.chance(0.8) ? dice.whole(200, 8000) : dice.whole(8000, 30_000);
    const later = (then: () => void) =>
      run.clock.after(forMs, () => run.phase === 'safety' && then());
    switch (kind) {
      case 'crash-member':
        if (this.#isDown(host)) return;
        happens(host);
        return site.ends(host, 'killed');
      case 'crash-several': {
        const share = dice.between(0.3, 1);
        const hosts = site.world.hosts.filter(() => dice.chance(share)).map((other) => other.host);
        happens(hosts.join(' '));
        for (const each of hosts) if (!this.#isDown(each)) site.ends(each, 'killed');
        return;
      }
      case 'lose-data':
        if (this.#lossesLeft <= 0 || site.hostOf(host)?.data.kind !== 'present') return;
        this.#lossesLeft--;
        happens(host);
        if (!this.#isDown(host)) site.ends(host, 'killed');
        site.become(loseData(site.world, host));
        return site.forgetStillborn();
      case 'hide-host': {
        const isBlind = dice.chance(0.3);
        happens(`${host} for ${forMs} ms${isBlind ? ', for the driver alone' : ''}`);
        if (isBlind) {
          site.blind.add(host);
          return void later(() => site.blind.delete(host));
        }
        site.become(hide(site.world, host));
        return void later(() => site.become(show(site.world, host)));
      }
      case 'cut-network': {
        const others = site.world.hosts.filter(() => dice.chance(0.4)).map((other) => other.host);
        happens(`${others.join(' ')} for ${forMs} ms`);
        site.become(cut(site.current(), others));
        return void later(() => site.become(heal(site.current())));
      }
      case 'hang-member':
        if (this.#isDown(host)) return;
        happens(`${host} for ${forMs} ms`);
        this.#hang(host);
        return void later(() => this.#resume(host));
      case 'lag-member':
        happens(`${host} for ${forMs} ms`);
        site.become(fallBehind(site.world, host));
        return void later(() => site.become(catchUp(site.world, host)));
      case 'raise-alarm':
        happens(host);
        site.become(raiseAlarm(site.world, host, 'NOSPACE'));
        return void later(() => site.become(disarmAlarms(site.world)));
      case 'kill-controller':
        for (const life of controllers.living) life.end('killed');
        return happens('');
      case 'cut-power':
        for (const life of controllers.living) life.end('the machine lost its power');
        losePower(disk, () => dice.chance(0.6));
        return happens('');
      case 'stop-controller':
        for (const life of controllers.living) controllers.interrupt(life);
        return happens('');
      case 'steal-lock':
        happens('');
        return site.stealLock();
      case 'rival':
        if (controllers.living.length < 3) controllers.begin();
        return happens('');
      case 'bad-disk':
        disk.trouble =
          dice.oneOf(['full', 'unreadable', 'journal-unreadable', 'slow'] as const) ?? 'slow';
        happens(`${disk.trouble} for ${forMs} ms`);
        return void later(() => {
          disk.trouble = 'none';
        });
      case 'bad-driver':
        site.driverTrouble = dice.oneOf(['refuses', 'dies-at-once'] as const) ?? 'refuses';
        happens(`${site.driverTrouble} for ${forMs} ms`);
        return void later(() => {
          site.driverTrouble = 'none';
        });
    }
  }

  /** Nothing goes wrong any more, and what was wrong is put right, except what is gone for ever. */
  end(): void {
    const { site } = this;
    const { disk } = site;
    disk.trouble = 'none';
    site.driverTrouble = 'none';
    site.blind.clear();
    for (const { host } of site.world.hosts) this.#resume(host);
    let world: World = disarmAlarms(heal(site.current()));
    for (const { host } of world.hosts) world = show(catchUp(world, host), host);
    site.become(world);
    for (const life of this.controllers.living) life.spare();
    if (this.controllers.living.length === 0) this.controllers.begin();
  }

  #isDown(host: HostName): boolean {
    return !this.site.hung.has(host) && this.site.hostOf(host)?.process.kind !== 'running';
  }

  /** SIGSTOP, or a disk that does not answer: for the driver it runs, for everybody else it is gone. */
  #hang(host: HostName): void {
    const { site } = this;
    const process = site.hostOf(host)?.process;
    if (process?.kind !== 'running') return;
    site.hung.set(host, process);
    site.change(host, (was) => ({ ...was, process: { kind: 'stopped' } }));
  }

  #resume(host: HostName): void {
    const { site } = this;
    const process = site.hung.get(host);
    if (process === undefined) return;
    site.hung.delete(host);
    site.change(host, (was) => ({ ...was, process, rejoinedAt: site.now() }));
  }
}
