import { type Outcome, applied, err, ok, refused, unsafeBrand } from '../../../src/base/index.js';
import type {
  ClientURL,
  DataSight,
  HostAddresses,
  HostName,
  MemberName,
  PeerURL,
  Target,
} from '../../../src/core/cluster/index.js';
import { type WorldHost, applyStep } from '../../../src/core/model/index.js';
import type { Launch, Step } from '../../../src/core/planner/index.js';
import type { HostDriver, HostFacts } from '../../../src/engine/ports/index.js';
import { travelMs } from './etcd.js';
import type { Life } from './life.js';
import type { Site } from './site.js';
import { trouble } from './trouble.js';

/** The hands and eyes of one controller's process on the hosts of its cluster. */
export function driverFor(site: Site, life: Life, targetOf: () => Target | undefined): HostDriver {
  const { run } = site;
  const { clock, dice } = run;

  /** A call that acts: it reaches the host or hangs; what it does, it does only while its caller lives and waits. */
  const act = <T>(
    step: Step,
    host: HostName,
    signal: AbortSignal,
    effect: (answer: (outcome: Outcome<T>) => void) => void,
  ): Promise<Outcome<T>> =>
    life.call<Outcome<T>>((answer) => {
      site.checks.acts(life, step);
      clock.after(travelMs(site), () => {
        if (!life.isAlive || signal.aborted || isDeaf(site, host)) return;
        if (site.disk.holder !== life) {
          // Where the lock is not a process's own it has a number, and a host obeys no older one than it has seen.
          answer(refused(trouble({ what: 'another controller acts here by now' })));
          return;
        }
        if (site.driverTrouble === 'refuses') {
          answer(refused(trouble({ what: `the driver cannot act on ${host}` })));
          return;
        }
        effect((outcome) => {
          const isHeard =
            run.phase === 'liveness' || !dice.chance(run.parameters.unansweredShare / 2);
          if (isHeard) clock.after(travelMs(site), () => answer(outcome));
          else run.count('driver: answer lost');
        });
      });
    });

  const gateway = (
    step: Extract<Step, { kind: 'start-gateway' | 'stop-gateway' }>,
    signal: AbortSignal,
  ) =>
    act<undefined>(step, step.host, signal, (answer) => {
      const result = applyStep(site.current(), step);
      if (result.outcome !== 'applied') {
        answer(refused(trouble({ what: result.reason ?? 'the gateway' })));
        return;
      }
      site.become(result.world);
      answer(applied());
    });

  return {
    kind: 'local',
    firstLife: run.parameters.firstLife,
    observe: (host) =>
      life.call<HostFacts>((answer) => {
        const early = factsOf(site, host);
        const isStale = run.phase === 'safety' && dice.chance(run.parameters.staleShare);
        clock.after(travelMs(site), () => {
          if (isDeaf(site, host) && dice.chance(0.5)) return;
          answer(isStale ? early : factsOf(site, host));
        });
      }),
    start: (host, launch, signal) =>
      act(
        { kind: 'start-member', host, name: nameIn(launch, host), launch },
        host,
        signal,
        (answer) => answer(start(site, host, launch, targetOf())),
      ),
    stop: (host, { graceMs }, signal) =>
      act({ kind: 'stop-member', host, name: nameAs(host) }, host, signal, (answer) =>
        stop(site, life, host, graceMs, signal, answer),
      ),
    startGateway: (host, launch, signal) =>
      gateway({ kind: 'start-gateway', host, name: nameAs(host), launch }, signal),
    stopGateway: (host, _options, signal) =>
      gateway({ kind: 'stop-gateway', host, name: nameAs(host) }, signal),
    setAsideData: (host, proof, signal) =>
      act({ kind: 'set-aside-data', host, proof }, host, signal, (answer) => {
        const result = applyStep(site.current(), { kind: 'set-aside-data', host, proof });
        const data = site.hostOf(host)?.data;
        if (result.outcome !== 'applied' || data?.kind !== 'present' || site.hung.has(host)) {
          answer(refused(trouble({ what: result.reason ?? 'not the data of the proof' })));
          return;
        }
        site.checks.setAside(host, data);
        site.become(result.world);
        answer(applied({ movedTo: `/aside/${host}` }));
      }),
    allocate: (wanted, existing) =>
      life.call((answer) => {
        clock.after(travelMs(site), () => {
          if (site.driverTrouble === 'refuses') {
            answer(err([trouble({ what: 'no addresses can be found' })]));
            return;
          }
          site.addHosts(wanted.map(({ host }) => host));
          const found = wanted.map((wish) => [wish.host, addressesOf(wish.host)] as const);
          answer(ok({ ...Object.fromEntries(found), ...existing }));
        });
      }),
    logTail: () => Promise.resolve([]),
    knownHosts: () =>
      life.call((answer) => {
        clock.after(travelMs(site), () =>
          answer(site.world.hosts.filter((host) => isKnown(site, host)).map(({ host }) => host)),
        );
      }),
  };
}

const nameAs = (text: string): MemberName => unsafeBrand<MemberName>(text);
const nameIn = ({ flags }: Launch, host: HostName): MemberName => nameAs(flags['name'] ?? host);

const isKnown = (site: Site, { host, process, data, gateway }: WorldHost): boolean =>
  site.hung.has(host) ||
  data.kind === 'present' ||
  gateway !== undefined ||
  process.kind === 'running' ||
  (process.kind === 'stopped' && process.lastExit !== undefined);

/** The driver does not reach it at all. */
const isDeaf = (site: Site, host: HostName): boolean =>
  site.blind.has(host) || site.hostOf(host)?.seen === false;

function factsOf(site: Site, host: HostName): HostFacts {
  const sight = site.sightOf(host);
  if (sight === undefined) return { process: { kind: 'stopped' }, data: { kind: 'empty' } };
  if (!site.blind.has(host)) {
    const { process, data, gateway } = sight;
    return { process, data, ...(gateway === undefined ? {} : { gateway }) };
  }
  const unseen = { kind: 'unseen', because: 'the driver does not reach it' } as const;
  return { process: unseen, data: unseen };
}

const numberOf = (host: string): number => Number(/\d+$/.exec(host)?.[0] ?? 99);

/** Every host has its own, for ever. */
export function addressesOf(host: string): HostAddresses {
  const base = `http://10.0.0.${numberOf(host)}`;
  const peerURLs = [unsafeBrand<PeerURL>(`${base}:2380`)];
  const clientURLs = [unsafeBrand<ClientURL>(`${base}:2379`)];
  return {
    peerURLs,
    clientURLs,
    listenPeerURLs: peerURLs,
    listenClientURLs: clientURLs,
    listenMetricsURLs: [],
    dataDir: `/data/${host}`,
  };
}

function start(site: Site, host: HostName, launch: Launch, target: Target | undefined): Outcome {
  const { run } = site;
  const { dice, clock } = run;
  const name = nameIn(launch, host);
  const step = { kind: 'start-member', host, name, launch } as const;
  if (site.hung.has(host)) return refused(trouble({ what: 'already-running' }));
  site.addHosts([host]);
  if (target !== undefined)
    site.aimAt(asLaunched(target, host, launch), launch.purpose === 'birth');
  const before = site.world;
  const result = applyStep(site.current(), step);
  const isFirst = launch.purpose !== 'restart';
  if (result.outcome !== 'applied') {
    const reason = result.reason ?? '';
    if (reason === 'already-running' || reason === 'wrong-data') {
      return refused(trouble({ what: reason }));
    }
    // etcd itself gives up, a little after its process was started.
    beginProcess(site, host, launch);
    site.starting.add(host);
    const end = reason === 'already-bootstrapped' ? reason : 'cannot-join';
    clock.after(dice.whole(50, 5000), () => endIfStill(site, host, launch, end));
    return applied();
  }
  site.checks.started(step, before);
  run.say(site.name, () => `${name} starts on ${host} (${launch.purpose})`);
  run.count(`start: ${launch.purpose}`);
  const data = result.world.hosts.find((other) => other.host === host)?.data;
  if (isFirst) {
    beginProcess(site, host, launch);
    site.starting.add(host);
    clock.after(dice.chance(0.8) ? dice.whole(5, 100) : dice.whole(100, 3000), () =>
      writeFirstLog(site, host, launch, data),
    );
  } else {
    // What the model writes into its own record is on the disk already, or it is not.
    site.become({ ...result.world, record: site.world.record });
  }
  if (site.driverTrouble === 'dies-at-once') {
    const reason = dice.oneOf(['port-taken', 'disk-full', 'other'] as const) ?? 'other';
    clock.after(dice.whole(0, 3000), () => {
      if (run.phase === 'safety') endIfStill(site, host, launch, reason);
    });
  }
  return applied();
}

/** Who joins is looked up by the addresses that its flags say; the spec may have others for it by now. */
function asLaunched(target: Target, host: HostName, { purpose, flags }: Launch): Target {
  const said = flags['initial-advertise-peer-urls'];
  if (purpose !== 'join' || said === undefined) return target;
  const peerURLs = said.split(',').map((url) => unsafeBrand<PeerURL>(url));
  const members = target.members.map((member) =>
    member.host === host ? { ...member, peerURLs } : member,
  );
  return { ...target, members };
}

function beginProcess(site: Site, host: HostName, launch: Launch): void {
  site.change(host, (was) => ({
    ...was,
    process: {
      kind: 'running',
      startedAt: site.now(),
      flags: launch.flags,
      version: launch.version,
    },
  }));
}

/** It is still the same process, and it runs. */
function isStill(site: Site, host: HostName, launch: Launch): boolean {
  const process = site.hung.get(host) ?? site.hostOf(host)?.process;
  return process?.kind === 'running' && process.flags === launch.flags;
}

function endIfStill(
  site: Site,
  host: HostName,
  launch: Launch,
  reason: Parameters<Site['ends']>[1],
): void {
  if (!isStill(site, host, launch)) return;
  site.run.say(site.name, () => `the process on ${host} ends: ${reason}`);
  site.run.count(`exits: ${reason}`);
  site.ends(host, reason);
}

/** The first start comes as far as its log; from now on the host has an identity. */
function writeFirstLog(
  site: Site,
  host: HostName,
  launch: Launch,
  data: DataSight | undefined,
): void {
  if (!isStill(site, host, launch) || data?.kind !== 'present') return;
  site.starting.delete(host);
  const isListed =
    launch.purpose === 'birth' || site.world.members.some(({ id }) => id === data.memberID);
  if (!isListed) {
    site.starting.add(host);
    endIfStill(site, host, launch, 'cannot-join');
    return;
  }
  site.checks.firstLog(host, data);
  site.change(host, (was) => ({ ...was, data }));
}

function stop(
  site: Site,
  life: Life,
  host: HostName,
  graceMs: number,
  signal: AbortSignal,
  answer: (outcome: Outcome) => void,
): void {
  const { clock, dice } = site.run;
  const running = site.hung.get(host) ?? site.hostOf(host)?.process;
  if (running?.kind !== 'running') {
    answer(applied());
    return;
  }
  const isSame = () => {
    const now = site.hung.get(host) ?? site.hostOf(host)?.process;
    return now?.kind === 'running' && now.startedAt === running.startedAt;
  };
  const end = () => {
    if (isSame()) {
      site.checks.stopped(life, host);
      site.run.say(site.name, () => `the process on ${host} ends as asked`);
      site.ends(host, 'asked');
    }
    answer(applied());
  };
  // SIGTERM is delivered whatever becomes of the sender. One that does not listen is killed by whoever still waits
  // when the grace ends.
  clock.after(dice.whole(20, 1500), () => {
    if (!site.hung.has(host)) return end();
    clock.after(graceMs, () => {
      if (life.isAlive && !signal.aborted) end();
    });
  });
}
