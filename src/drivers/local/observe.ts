import { errnoOf } from '../../disk/index.js';
import { access, constants } from 'node:fs/promises';
import type { HostName, LastExit } from '../../core/cluster/index.js';
import type { HostFacts, LookFor } from '../../engine/ports/index.js';
import { lastExitOf } from '../evidence/index.js';
import { readCertificateFiles } from './certificate-files.js';
import type { Context } from './context.js';
import { observeGateway } from './gateway.js';
import { lookAtData } from './data-sight.js';
import { type MemberPaths, memberPaths } from './layout.js';
import { findProcess } from './member-process.js';
import { readLifeLog } from './member-log.js';
import { directoryProblem } from './problems.js';
import { type Life, readLife } from './process-file.js';

/** One look at one host. Changes nothing on disk. What cannot be seen is `unseen` with the reason. */
export async function observeHost(
  context: Context,
  host: HostName,
  more?: LookFor,
): Promise<HostFacts> {
  const paths = memberPaths(context.stateDir, host);
  try {
    await expectReachable(paths);
    const life = await readLife(paths.process, context.logger);
    const [found, data, gatewaySight, files] = await Promise.all([
      findProcess(context.table, paths, life),
      lookAtData(paths, life),
      observeGateway(context, host),
      more === undefined ? undefined : readCertificateFiles(more.certificates),
    ]);
    const beside = {
      ...(gatewaySight === undefined ? {} : { gateway: gatewaySight }),
      ...(files === undefined ? {} : { certificates: files }),
    };
    switch (found.kind) {
      case 'ours':
        context.sightings.alive(host, found.process, context.clock.now());
        return {
          process: {
            kind: 'running',
            startedAt: found.process.startedAt,
            flags: found.flags,
            ...(life?.pid === found.process.pid ? { version: life.launch.version } : {}),
          },
          data,
          ...beside,
        };
      case 'by-hand':
        return { process: { kind: 'by-hand' }, data, ...beside };
      case 'none': {
        const lastExit = await lastExitAt(context, host, paths, life, data.kind === 'present');
        return {
          process: { kind: 'stopped', ...(lastExit === undefined ? {} : { lastExit }) },
          data,
          ...beside,
        };
      }
    }
  } catch (error) {
    return unseen(directoryProblem('look at the host', paths.directory, error).detail);
  }
}

export function unseen(because: string): HostFacts {
  return { process: { kind: 'unseen', because }, data: { kind: 'unseen', because } };
}

/** How the last life ended, or undefined when there was none. Only while nothing runs. */
export async function lastExitAt(
  context: Context,
  host: HostName,
  paths: MemberPaths,
  life: Life | undefined,
  hasLog: boolean,
): Promise<LastExit | undefined> {
  if (life === undefined) return undefined;
  const { startMark } = life;
  const log = await readLifeLog(paths.log, life.logOffset);
  // We died before the spawn: this life never was.
  if (life.pid === undefined && (log === undefined || log.head === '')) return undefined;
  return lastExitOf(life, {
    host,
    dataDir: paths.dataDir,
    seeLog: `tail -n 50 ${paths.log}`,
    there: '',
    log,
    seenMs: context.sightings.lastSeen(host, startMark),
    rebooted: startMark !== undefined && !(await context.table.isOfThisBoot(startMark)),
    hasLog,
  });
}

/** A member's directory that is not there yet is fine; one that cannot be entered tells nothing about what is in it. */
async function expectReachable(paths: MemberPaths): Promise<void> {
  try {
    await access(paths.directory, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
