import {
  type Clock,
  type Logger,
  type Outcome,
  type Random,
  type Result,
  refused,
} from '../../base/index.js';
import type { ClusterName, EtcdVersion, HostName } from '../../core/cluster/index.js';
import type { HostDriver, HostShell } from '../../engine/ports/index.js';
import { shellQuoted as q } from '../shell/index.js';
import { type Scheme, allocateAddresses } from './addresses.js';
import { bringerTo, hasBinary } from './binary.js';
import { BinaryDigests } from './digests.js';
import { BootTimes } from './boot-times.js';
import {
  type ArchiveFor,
  type Context,
  LOOK_MS,
  SHORT_MS,
  textOf,
  unlessCancelled,
} from './context.js';
import { startGateway, stopGateway } from './gateway.js';
import { type AdoptedMember, hostPaths } from './layout.js';
import { moveAway } from './move-away.js';
import { observeHost } from './observe.js';
import { setAside } from './set-aside.js';
import { startMember } from './start.js';
import { stopMember } from './stop.js';
import { type HostFile, writeFiles } from './write-files.js';

export interface SSHDriverOptions {
  readonly cluster: ClusterName;
  readonly shell: HostShell;
  /** Runs the looks that every turn begins with, which may share a round trip with other questions. Default: `shell`. */
  readonly lookShell?: HostShell;
  /** The command by which a person logs in to a host as the shell does, for hints. */
  readonly loginTo: (host: HostName) => string;
  /** Hosts that may hold something of the cluster: those of spec and record. */
  readonly candidates: () => readonly HostName[];
  /** Where the etcd of a version is on this seat; a proven path, or the problem why there is none. */
  readonly binaryFor: (version: EtcdVersion, signal: AbortSignal) => Promise<Result<string>>;
  /** Each host fetches its own by this. Absent: this seat's is copied. */
  readonly archiveFor?: ArchiveFor;
  /** A gateway is etcd's own, of the cluster's version. */
  readonly gatewayVersion: () => EtcdVersion;
  readonly scheme: Scheme;
  /** What a person ran before we did, by the record; absent: none of the hosts has such a member. */
  readonly adopted?: (host: HostName) => AdoptedMember | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface SSHDriver extends HostDriver {
  /** The cluster is to be no more: all that it has on this host goes out of the way. Refused while anything runs. */
  moveAway(
    host: HostName,
    options: { readonly stamp: string; readonly deleteData: boolean },
    signal: AbortSignal,
  ): Promise<Outcome>;
  /**
   * Brings etcd to a host before it is needed: over a slow line a start alone would take longer than a step may. Calls
   * `copying` when it has to; a host that has one is asked once, and what it has is proven when it is started.
   */
  prepare(
    host: HostName,
    version: EtcdVersion,
    signal: AbortSignal,
    copying?: () => void,
  ): Promise<Outcome>;
  /** Writes files as a whole and durably; secrets are never seen on the way. */
  writeFiles(host: HostName, files: readonly HostFile[], signal: AbortSignal): Promise<Outcome>;
}

/** Members as systemd units of Linux hosts that are reached over a shell. */
export function createSSHDriver(options: SSHDriverOptions): SSHDriver {
  const paths = hostPaths(options.cluster);
  const context: Context = {
    ...options,
    lookShell: options.lookShell ?? options.shell,
    paths,
    digests: new BinaryDigests(),
    bootTimes: new BootTimes(),
  };
  /** As this host has it: a member that a person made keeps its place. */
  const on = (host: HostName): Context => {
    const adopted = options.adopted?.(host);
    return adopted === undefined
      ? context
      : { ...context, paths: hostPaths(options.cluster, adopted) };
  };
  return {
    kind: 'ssh',
    firstLife: 'plain',
    observe: (host, signal, more) => observeHost(on(host), host, signal, more),
    start: (host, launch, signal) => startMember(on(host), host, launch, signal),
    stop: (host, stopping, signal) => stopMember(on(host), host, stopping, signal),
    startGateway: (host, launch, signal) =>
      startGateway(on(host), host, launch, options.gatewayVersion(), signal),
    stopGateway: (host, stopping, signal) => stopGateway(on(host), host, stopping, signal),
    setAsideData: (host, proof, signal) => setAside(on(host), host, proof, signal),
    allocate: (wanted, existing) =>
      Promise.resolve(
        allocateAddresses(wanted, existing, { scheme: options.scheme, dataDir: paths.dataDir }),
      ),
    logTail: (host, lineCount, signal) => logTail(on(host), host, lineCount, signal),
    knownHosts: (signal, besides = []) => {
      const asked = options.candidates().filter((host) => !besides.includes(host));
      return knownHosts(context, asked, signal);
    },
    prepare: (host, version, signal, copying) =>
      unlessCancelled('bringing etcd to the host', host, signal, async () => {
        const there = await hasBinary(context, host, version, signal);
        if (there.kind !== 'lacks') return there;
        copying?.();
        const found = await bringerTo(context, host, version, signal);
        return found.ok ? await found.value.bring(signal) : refused(found.error);
      }),
    moveAway: (host, away, signal) => moveAway(on(host), host, away, signal),
    writeFiles: (host, files, signal) => writeFiles(context, host, files, signal),
  };
}

/** What the member itself wrote; systemd's words about it are in the journal too, and not here. */
async function logTail(
  { shell, paths }: Context,
  host: HostName,
  lineCount: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (lineCount <= 0) return [];
  const { former } = paths;
  const units = [paths.unit, ...(former?.unit === undefined ? [] : [former.unit.name])];
  const script = `timeout 3 journalctl --sync
journalctl -q -o cat -n ${Math.floor(lineCount)} ${units.map((unit) => `_SYSTEMD_UNIT=${unit}`).join(' + ')}`;
  const command = { doing: 'read the log of the member', script, deadlineMs: SHORT_MS };
  const end = await shell.run(host, command, signal);
  if (end.kind !== 'ended') return [];
  const lines = textOf(end).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

async function knownHosts(
  { lookShell, paths }: Context,
  candidates: readonly HostName[],
  signal: AbortSignal,
): Promise<readonly HostName[]> {
  const script = `[ -d ${q(paths.stateDir)} ]`;
  const command = { doing: 'look for the cluster', script, deadlineMs: LOOK_MS };
  const found = await Promise.all(
    [...new Set(candidates)].sort().map(async (host) => {
      const end = await lookShell.run(host, command, signal);
      return end.kind === 'ended' && end.code === 0 ? [host] : [];
    }),
  );
  return found.flat();
}
