import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { type Outcome, type Problem, applied, assertNever, refused } from '../../base/index.js';
import { type HostName, argumentsOf } from '../../core/cluster/index.js';
import type { Launch } from '../../core/planner/index.js';
import { type Context, unlessCancelled } from './context.js';
import { environment } from './environment.js';
import { lookAtData } from './data-sight.js';
import { makeDirectory } from '../../disk/index.js';
import { type MemberPaths, memberPaths } from './layout.js';
import { findProcess } from './member-process.js';
import { beginLog } from './member-log.js';
import { lastExitAt } from './observe.js';
import {
  alreadyRunning,
  binaryNotRunnable,
  cancelled,
  dataDirDiffers,
  dataMissing,
  dataPresent,
  dataUnreadable,
  directoryProblem,
  startedByHand,
} from './problems.js';
import { type Life, readLife, writeLife } from './process-file.js';

/** Starts the member and returns as soon as the process exists; whether it lives is for the next observation. */
export function startMember(
  context: Context,
  host: HostName,
  launch: Launch,
  signal: AbortSignal,
): Promise<Outcome> {
  const paths = memberPaths(context.stateDir, host);
  return unlessCancelled('starting the member', host, signal, async () => {
    const outside = flagOutside(host, paths, launch);
    if (outside !== undefined) return refused(outside);
    const binary = await context.binaryFor(launch.version, signal);
    if (!binary.ok) return refused(binary.error);
    try {
      const life = await readLife(paths.process, context.logger);
      const obstacle = await obstacleTo(context, host, paths, life, launch);
      if (obstacle !== undefined) return refused(obstacle);
      if (signal.aborted) return refused(cancelled({ doing: 'starting the member', host }));
      return await spawnMember(context, { host, paths, launch, binary: binary.value, life });
    } catch (error) {
      return refused(directoryProblem(`start the member on ${host}`, paths.directory, error));
    }
  });
}

/** The data directory decides which process and which log belong to a host, so it is not free. */
function flagOutside(host: HostName, paths: MemberPaths, launch: Launch): Problem | undefined {
  const dataDir = launch.flags['data-dir'] ?? '';
  if (dataDir !== paths.dataDir) {
    return dataDirDiffers({ host, flag: 'data-dir', found: dataDir, expected: paths.dataDir });
  }
  const walDir = launch.flags['wal-dir'] ?? '';
  return walDir === ''
    ? undefined
    : dataDirDiffers({ host, flag: 'wal-dir', found: walDir, expected: paths.dataDir });
}

async function obstacleTo(
  context: Context,
  host: HostName,
  paths: MemberPaths,
  life: Life | undefined,
  launch: Launch,
): Promise<Problem | undefined> {
  const { dataDir } = paths;
  const found = await findProcess(context.table, paths, life);
  if (found.kind === 'ours') return alreadyRunning({ host, pid: found.process.pid, dataDir });
  if (found.kind === 'by-hand') return startedByHand({ host, pid: found.process.pid, dataDir });
  const data = await lookAtData(paths, life);
  switch (data.kind) {
    case 'unreadable':
      return data.problem;
    case 'unseen':
      return dataUnreadable({ path: dataDir, because: data.because });
    case 'empty':
      return launch.purpose === 'restart' ? dataMissing({ host, dataDir }) : undefined;
    case 'present':
      return launch.purpose === 'restart'
        ? undefined
        : dataPresent({
            host,
            purpose: launch.purpose,
            dataDir,
            memberID: data.memberID,
            clusterID: data.clusterID,
          });
    default:
      return assertNever(data);
  }
}

interface Spawn {
  readonly host: HostName;
  readonly paths: MemberPaths;
  readonly launch: Launch;
  readonly binary: string;
  /** The life before this one. */
  readonly life: Life | undefined;
}

async function spawnMember(context: Context, spawning: Spawn): Promise<Outcome> {
  const { host, paths, launch, binary, life: before } = spawning;
  const hasLog = launch.purpose === 'restart';
  const shortLivesBefore = (await lastExitAt(context, host, paths, before, hasLog))?.inARow ?? 0;
  await makeDirectory(paths.dataDir);
  const life: Life = {
    launch,
    spawnedAt: context.clock.now(),
    logOffset: await beginLog(paths),
    shortLivesBefore,
  };
  const log = await open(paths.log, 'a', 0o600);
  try {
    await writeLife(paths.process, life);
    const child = spawn(binary, argumentsOf(launch.flags), {
      cwd: paths.directory,
      // Its own session: a signal to our terminal or process group does not reach it, and it outlives us.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: environment(process.env),
    });
    const pid = child.pid;
    if (pid === undefined) {
      const because = await spawnError(child);
      // Nothing ever ran: what is remembered is the life before, if there was one.
      if (before === undefined) await rm(paths.process, { force: true });
      else await writeLife(paths.process, before);
      return refused(binaryNotRunnable({ host, path: binary, because }));
    }
    child.unref();
    await recordPid(context, paths, life, pid);
    return applied();
  } finally {
    await log.close();
  }
}

/** Once the process exists the start has happened; what cannot be recorded is found again by its command line. */
async function recordPid(
  context: Context,
  paths: MemberPaths,
  life: Life,
  pid: number,
): Promise<void> {
  try {
    const seen = await context.table.look(pid);
    // It may have ended already; that it lived is recorded all the same.
    const mark = seen === undefined ? {} : { startMark: seen.startMark };
    await writeLife(paths.process, { ...life, pid, ...mark });
  } catch (error) {
    context.logger.log('warn', 'the pid of a started member could not be recorded', {
      path: paths.process,
      pid,
      because: String(error),
    });
  }
}

async function spawnError(child: ChildProcess): Promise<string> {
  const [error] = (await once(child, 'error').catch((thrown: unknown) => [thrown])) as [unknown];
  return error instanceof Error ? error.message : String(error);
}
