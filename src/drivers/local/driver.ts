import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock, Logger, Random, Result } from '../../base/index.js';
import { type EtcdVersion, type HostName, parseHostName } from '../../core/cluster/index.js';
import type { HostDriver } from '../../engine/ports/index.js';
import { allocateAddresses } from './addresses.js';
import { type Context, createSightings, settleOnAbort } from './context.js';
import { startGateway, stopGateway } from './gateway.js';
import { memberPaths, membersDirectory } from './layout.js';
import { lastLines } from './member-log.js';
import { observeHost, unseen } from './observe.js';
import { setAside } from './set-aside.js';
import { startMember } from './start.js';
import { stopMember } from './stop.js';
import { createProcessTable } from './this-machine.js';
import { writeHostFiles } from './write-files.js';

export interface LocalDriverOptions {
  /** The state directory of this one cluster: `<home>/clusters/<name>`. */
  readonly stateDir: string;
  /** Where the etcd of a version is; a proven path, or the problem why there is none. */
  readonly binaryFor: (version: EtcdVersion, signal: AbortSignal) => Promise<Result<string>>;
  /** Program and first words of the command that is a gateway; flags are added. */
  readonly gatewayCommand: readonly string[];
  /** What a gateway shows to members with TLS, certificate and key in one file, and whom it trusts. */
  readonly gatewayTLS?: { readonly own: string; readonly trust: string };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Members as processes of this machine, that outlive the controller. */
export function createLocalDriver(options: LocalDriverOptions): HostDriver {
  const context: Context = {
    ...options,
    stateDir: resolve(options.stateDir),
    table: createProcessTable(options.clock),
    sightings: createSightings(),
  };
  const oneAtATime = createTurns();
  return {
    kind: 'local',
    firstLife: 'fast',
    observe: (host, signal, more) =>
      settleOnAbort(observeHost(context, host, more), signal, () =>
        unseen('looking took too long'),
      ),
    start: (host, launch, signal) =>
      oneAtATime(host, () => startMember(context, host, launch, signal)),
    stop: (host, stopping, signal) =>
      oneAtATime(host, () => stopMember(context, host, stopping, signal)),
    startGateway: (host, launch, signal) =>
      oneAtATime(host, () => startGateway(context, host, launch, signal)),
    stopGateway: (host, stopping, signal) =>
      oneAtATime(host, () => stopGateway(context, host, stopping, signal)),
    setAsideData: (host, proof, signal) =>
      oneAtATime(host, () => setAside(context, host, proof, signal)),
    writeFiles: (host, files, signal) =>
      oneAtATime(host, () => writeHostFiles(context, host, files, signal)),
    allocate: (wanted, existing, signal) => allocateAddresses(context, wanted, existing, signal),
    logTail: (host, lineCount, signal) =>
      settleOnAbort(
        lastLines(memberPaths(context.stateDir, host).log, lineCount).catch(() => []),
        signal,
        () => [],
      ),
    knownHosts: (signal) => settleOnAbort(knownHosts(context), signal, () => []),
  };
}

async function knownHosts(context: Context): Promise<readonly HostName[]> {
  const names = await readdir(membersDirectory(context.stateDir)).catch(() => []);
  return names.sort().flatMap((name) => {
    const host = parseHostName(name);
    return host.ok ? [host.value] : [];
  });
}

/** Changes to one host take turns: between a check and its act nothing of ours comes in between. */
function createTurns(): <T>(host: HostName, work: () => Promise<T>) => Promise<T> {
  const last = new Map<HostName, Promise<unknown>>();
  return (host, work) => {
    const turn = (last.get(host) ?? Promise.resolve()).then(work, work);
    last.set(host, turn);
    return turn;
  };
}
