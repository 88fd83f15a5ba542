import { type Instant, instantOf } from '../../base/index.js';
import type { DataSight, HostName, LastExit, ProcessSight } from '../../core/cluster/index.js';
import type { Launch } from '../../core/planner/index.js';
import type { HostFacts } from '../../engine/ports/index.js';
import {
  type End,
  type LifeLog,
  binaryNotRunnable,
  dataUnreadable,
  gatewayEnded,
  lastExitOf,
  logIdentityOf,
  neverReachedRaft,
} from '../evidence/index.js';
import { driftOf } from './drift.js';
import type { HostPaths } from './layout.js';
import { type EndedLook, type Look, purposeOf } from './look.js';
import { dataNotMounted } from './problems.js';
import { walOf } from './unit.js';

/** What a look is judged with. */
export interface Judging {
  readonly host: HostName;
  readonly paths: HostPaths;
  /** When the host booted: all times are told by this seat's clock, whatever the host's says. */
  readonly bootedAt: Instant;
  /** `ssh -l root 10.0.1.10`. */
  readonly login: string;
}

export function factsOf(look: Look, judging: Judging): HostFacts {
  const data = dataOf(look, judging);
  const gateway = gatewayOf(look, judging);
  const drift = driftOf(look, judging);
  return {
    process: processOf(look, judging, data),
    data,
    ...(gateway === undefined ? {} : { gateway }),
    ...(drift.length === 0 ? {} : { drift }),
  };
}

/** A moment after the host's boot, in this seat's time. */
const atSeat = ({ bootedAt }: Judging, secondsAfterBoot: number): Instant =>
  instantOf(Math.round(bootedAt + secondsAfterBoot * 1000));

function processOf(look: Look, judging: Judging, data: DataSight): ProcessSight {
  const { running, file } = look.member;
  if (running !== undefined) {
    // One that is being killed has no command line any more; it is still the one that we launched.
    const flags = Object.keys(running.flags).length > 0 ? running.flags : file?.launch.flags;
    return {
      kind: 'running',
      startedAt: atSeat(judging, running.startedSeconds ?? look.uptimeSeconds),
      flags: flags ?? {},
      ...(running.version === undefined ? {} : { version: running.version }),
    };
  }
  if (look.others.length > 0) return { kind: 'by-hand' };
  const lastExit = lastExitIn(look, judging, data.kind === 'present');
  return { kind: 'stopped', ...(lastExit === undefined ? {} : { lastExit }) };
}

/** How the last life ended; undefined when there was none of ours. */
function lastExitIn(look: Look, judging: Judging, hasLog: boolean): LastExit | undefined {
  const { file, ended } = look.member;
  if (file === undefined) return undefined;
  const { launch } = file;
  if (ended === undefined || ended.bootID !== look.bootID) {
    // In this boot nothing has ended yet: we were interrupted before this start, and before it nothing ran.
    if (file.bootID === look.bootID) return undefined;
    const life = { launch, spawnedAt: instantOf(file.askedAtMs), shortLivesBefore: 0 };
    return lastExitOf(life, { ...endOf(look, judging, hasLog), rebooted: true });
  }
  const exitedAt = atSeat(judging, ended.exitedSeconds);
  const life = {
    launch: { ...launch, purpose: purposeOf(look, ended.invocation) },
    spawnedAt: atSeat(judging, ended.startedSeconds),
    shortLivesBefore: Math.max(0, ended.inARow - 1),
    ...(ended.asked ? { askedAt: exitedAt } : {}),
    endedAt: exitedAt,
  };
  const exit = { ...lastExitOf(life, endOf(look, judging, hasLog)), inARow: ended.inARow };
  const notRun = ended.asked ? undefined : whyNotRun(ended, look);
  if (notRun === undefined) return exit;
  const { flags, version } = launch;
  const path = `etcd ${version} as ${flags['name'] ?? ''}`;
  return {
    ...exit,
    reason: 'other',
    problem: binaryNotRunnable({ host: judging.host, path, because: notRun }),
  };
}

/** systemd's own exit codes, and those by which \`env\` says that it found no program: etcd was never there. */
function whyNotRun({ code, status }: EndedLook, { member }: Look): string | undefined {
  const number = Number(status);
  const isNotEtcd = number === 126 || number === 127 || (number >= 200 && number <= 245);
  if (code !== 'exited' || !isNotEtcd) return undefined;
  const lines = (member.log?.tail ?? '').split('\n').filter((line) => line !== '');
  return (
    lines.find((line) => /^\/usr\/bin\/env:|Failed (to|at)/.test(line)) ?? `ended with ${status}`
  );
}

const endOf = (look: Look, { host, paths, login }: Judging, hasLog: boolean): End => ({
  host,
  dataDir: paths.dataDir,
  there: `${login} `,
  seeLog: `${login} journalctl -n 50 -u ${paths.unit}`,
  log: logOf(look),
  seenMs: undefined,
  rebooted: false,
  hasLog,
});

const logOf = ({ member }: Look): LifeLog | undefined =>
  // The end of the life is known better than by its last line.
  member.log === undefined ? undefined : { ...member.log, lastWriteMs: 0 };

function dataOf(look: Look, { host, paths, login }: Judging): DataSight {
  const { data } = look;
  const member = `${paths.dataDir}/member`;
  switch (data.kind) {
    case 'trouble':
      return unreadable(host, member, data.words);
    case 'unmounted': {
      const problem = dataNotMounted({ host, mountPoint: data.mountPoint, login });
      return { kind: 'unreadable', problem };
    }
    case 'log': {
      const identity = logIdentityOf(data.head);
      return identity === undefined
        ? unreadable(
            host,
            `${walOf(paths)}/${data.file}`,
            'It does not begin like a write-ahead log',
          )
        : { kind: 'present', ...identity };
    }
    case 'no-log': {
      if (!data.hasDatabase) return { kind: 'empty' };
      // That life added no more than the database of a failed bootstrap, to a directory that was empty.
      const launch = lastLaunch(look);
      if (launch !== undefined && neverReachedRaft({ launch }, logOf(look)))
        return { kind: 'empty' };
      return unreadable(host, member, 'There is a database (snap) and no write-ahead log (wal)');
    }
  }
}

/** The launch of the life whose log was read: the one that runs, else the last one. */
function lastLaunch(look: Look): Launch | undefined {
  const { file, running, ended } = look.member;
  const invocation = running?.invocation ?? ended?.invocation ?? look.firstLife ?? '';
  return file === undefined ? undefined : { ...file.launch, purpose: purposeOf(look, invocation) };
}

const unreadable = (host: HostName, path: string, because: string): DataSight => ({
  kind: 'unreadable',
  problem: dataUnreadable({ path: `${host}:${path}`, because }),
});

/** Undefined when there never was one. */
function gatewayOf(look: Look, judging: Judging): ProcessSight | undefined {
  const { host, paths, login } = judging;
  const { file, running, ended, log } = look.gateway;
  if (file === undefined) return undefined;
  if (running !== undefined) {
    return {
      kind: 'running',
      startedAt: atSeat(judging, running.startedSeconds ?? look.uptimeSeconds),
      flags: { listen: file.listen.join(','), endpoints: file.endpoints.join(',') },
    };
  }
  if (ended === undefined || ended.bootID !== look.bootID) return { kind: 'stopped' };
  const said = (log?.tail ?? '').split('\n');
  // systemd's own lines name the unit.
  const words = said.findLast((line) => line !== '' && !line.includes(paths.gatewayUnit)) ?? '';
  const isPortTaken = said.some((line) => line.includes('address already in use'));
  const seeLog = `${login} journalctl -u ${paths.gatewayUnit}`;
  return {
    kind: 'stopped',
    lastExit: {
      at: atSeat(judging, ended.exitedSeconds),
      reason: ended.asked ? 'asked' : isPortTaken ? 'port-taken' : 'other',
      inARow: ended.inARow,
      beforeRaft: false,
      problem: gatewayEnded({ host, words, seeLog }),
    },
  };
}
