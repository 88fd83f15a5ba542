import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { type Instant, type Outcome, applied, instantOf, refused } from '../../base/index.js';
import type { HostName, LastExit, ProcessSight } from '../../core/cluster/index.js';
import type { GatewayLaunch } from '../../core/planner/index.js';
import { SHORT_LIFE_MS } from '../evidence/index.js';
import { type Context, unlessCancelled } from './context.js';
import { environment } from './environment.js';
import { makeDirectory, readIfPresent, writeWhole } from '../../disk/index.js';
import { type MemberPaths, gatewayPaths, memberPaths } from './layout.js';
import { beginLog, readLifeLog } from './member-log.js';
import { findProcess } from './member-process.js';
import { alreadyRunning, binaryNotRunnable, directoryProblem, gatewayEnded } from './problems.js';
import { readLife } from './process-file.js';
import type { SeenProcess } from './process-table.js';
import { ShapeError, fields, list, optional, text, wholeNumber } from '../records/index.js';
import { endProcess } from './stop.js';

/** What we know of the last life of a gateway. Written before the spawn, without pid, and after it. */
interface GatewayLife {
  readonly listen: readonly string[];
  readonly spawnedAt: Instant;
  readonly logOffset: number;
  readonly shortLivesBefore: number;
  readonly pid?: number;
  readonly startMark?: string;
  readonly askedAt?: Instant;
}

/** What is seen of the host's gateway; undefined when there never was one. */
export async function observeGateway(
  context: Context,
  host: HostName,
): Promise<ProcessSight | undefined> {
  const paths = gatewayPaths(context.stateDir, host);
  const life = await readGatewayLife(context, paths);
  if (life === undefined) return undefined;
  const running = await findGateway(context, paths, life);
  if (running !== undefined) {
    return {
      kind: 'running',
      startedAt: running.startedAt,
      flags: { listen: life.listen.join(',') },
    };
  }
  const lastExit = await lastExitOf(host, paths, life);
  return { kind: 'stopped', ...(lastExit === undefined ? {} : { lastExit }) };
}

/** Starts it and returns as soon as the process exists; whether it lives is for the next observation. */
export function startGateway(
  context: Context,
  host: HostName,
  launch: GatewayLaunch,
  signal: AbortSignal,
): Promise<Outcome> {
  const paths = gatewayPaths(context.stateDir, host);
  return unlessCancelled('starting the gateway', host, signal, async () => {
    try {
      const life = await readGatewayLife(context, paths);
      const found = await obstacle(context, host, paths, life);
      if (found !== undefined) {
        return refused(alreadyRunning({ host, pid: found.pid, dataDir: found.dataDir }));
      }
      return await spawnGateway(context, host, paths, launch, life);
    } catch (error) {
      return refused(directoryProblem(`start the gateway on ${host}`, paths.directory, error));
    }
  });
}

/** SIGTERM, on which it ends its connections in good order; SIGKILL only after the grace. */
export function stopGateway(
  context: Context,
  host: HostName,
  { graceMs }: { readonly graceMs: number },
  signal: AbortSignal,
): Promise<Outcome> {
  const paths = gatewayPaths(context.stateDir, host);
  return unlessCancelled('stopping the gateway', host, signal, async () => {
    try {
      const life = await readGatewayLife(context, paths);
      if (life === undefined) return applied();
      const running = await findGateway(context, paths, life);
      if (running === undefined) return applied();
      await writeGatewayLife(paths, { ...life, askedAt: context.clock.now() });
      return await endProcess(context, host, running, graceMs, signal, () => Promise.resolve());
    } catch (error) {
      return refused(directoryProblem(`stop the gateway on ${host}`, paths.directory, error));
    }
  });
}

/** The recorded process by pid and start mark; when we died before it was recorded, by its directory. */
async function findGateway(
  { table }: Context,
  { dataDir }: MemberPaths,
  life: GatewayLife,
): Promise<SeenProcess | undefined> {
  if (life.pid !== undefined) {
    const seen = await table.look(life.pid);
    return seen !== undefined && seen.startMark === life.startMark ? seen : undefined;
  }
  return (await table.withDataDir()).find((seen) => seen.dataDir === dataDir);
}

async function obstacle(
  context: Context,
  host: HostName,
  paths: MemberPaths,
  life: GatewayLife | undefined,
): Promise<SeenProcess | undefined> {
  const gateway = life === undefined ? undefined : await findGateway(context, paths, life);
  if (gateway !== undefined) return gateway;
  const member = memberPaths(context.stateDir, host);
  const memberLife = await readLife(member.process, context.logger);
  const found = await findProcess(context.table, member, memberLife);
  return found.kind === 'none' ? undefined : found.process;
}

/** It passes bytes; to look into members with TLS it shows what we do. */
function tlsFlags({ gatewayTLS }: Context, endpoints: readonly string[]): readonly string[] {
  if (gatewayTLS === undefined || !endpoints.some((url) => url.startsWith('https:'))) return [];
  const { own, trust } = gatewayTLS;
  return [`--cacert=${trust}`, `--cert=${own}`, `--key=${own}`];
}

async function spawnGateway(
  context: Context,
  host: HostName,
  paths: MemberPaths,
  { listen, endpoints }: GatewayLaunch,
  before: GatewayLife | undefined,
): Promise<Outcome> {
  const [program = '', ...words] = context.gatewayCommand;
  const lastExit = before === undefined ? undefined : await lastExitOf(host, paths, before);
  await makeDirectory(paths.dataDir);
  const life: GatewayLife = {
    listen,
    spawnedAt: context.clock.now(),
    logOffset: await beginLog(paths),
    shortLivesBefore: lastExit?.inARow ?? 0,
  };
  const log = await open(paths.log, 'a', 0o600);
  try {
    await writeGatewayLife(paths, life);
    const child = spawn(
      program,
      [
        ...words,
        `--data-dir=${paths.dataDir}`,
        ...listen.map((url) => `--listen=${new URL(url).host}`),
        `--endpoints=${endpoints.join(',')}`,
        ...tlsFlags(context, endpoints),
        '--follow',
      ],
      {
        cwd: paths.directory,
        // Its own session, as a member: it outlives us.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: environment(process.env),
      },
    );
    const { pid } = child;
    if (pid === undefined) {
      const [because] = (await once(child, 'error')) as [Error];
      return refused(binaryNotRunnable({ host, path: program, because: because.message }));
    }
    child.unref();
    const seen = await context.table.look(pid);
    const mark = seen === undefined ? {} : { startMark: seen.startMark };
    await writeGatewayLife(paths, { ...life, pid, ...mark });
    return applied();
  } finally {
    await log.close();
  }
}

async function lastExitOf(
  host: HostName,
  paths: MemberPaths,
  life: GatewayLife,
): Promise<LastExit | undefined> {
  const log = await readLifeLog(paths.log, life.logOffset);
  // We died before the spawn: this life never was.
  if (life.pid === undefined && (log === undefined || log.tail === '')) return undefined;
  const at = instantOf(Math.round(Math.max(life.spawnedAt, log?.lastWriteMs ?? 0)));
  const isShort = life.askedAt === undefined && at - life.spawnedAt < SHORT_LIFE_MS;
  const words = (log?.tail ?? '').trimEnd().split('\n').at(-1) ?? '';
  return {
    at: life.askedAt ?? at,
    reason: life.askedAt !== undefined ? 'asked' : portTaken(log?.tail) ? 'port-taken' : 'other',
    inARow: isShort ? life.shortLivesBefore + 1 : 0,
    beforeRaft: false,
    problem: gatewayEnded({ host, words, seeLog: `tail ${paths.log}` }),
  };
}

const portTaken = (tail: string | undefined): boolean =>
  /EADDRINUSE|address already in use/i.test(tail ?? '');

async function readGatewayLife(
  { logger }: Context,
  paths: MemberPaths,
): Promise<GatewayLife | undefined> {
  const content = await readIfPresent(paths.process);
  if (content === undefined) return undefined;
  try {
    const data = fields(JSON.parse(content), 'the file');
    const instant = (value: unknown, where: string): Instant =>
      instantOf(wholeNumber(value, where));
    return {
      listen: list(data['listen'], 'listen', text),
      spawnedAt: instant(data['spawnedAt'], 'spawnedAt'),
      logOffset: wholeNumber(data['logOffset'], 'logOffset'),
      shortLivesBefore: wholeNumber(data['shortLivesBefore'], 'shortLivesBefore'),
      ...optional(data, 'pid', wholeNumber),
      ...optional(data, 'startMark', text),
      ...optional(data, 'askedAt', instant),
    };
  } catch (error) {
    if (!(error instanceof ShapeError) && !(error instanceof SyntaxError)) throw error;
    logger.log('warn', 'a damaged file of a gateway is ignored', { path: paths.process });
    return undefined;
  }
}

const writeGatewayLife = (paths: MemberPaths, life: GatewayLife): Promise<void> =>
  writeWhole(paths.process, `${JSON.stringify(life, undefined, 2)}\n`, { durable: false });
