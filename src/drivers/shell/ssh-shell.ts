import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import {
  type Clock,
  type Logger,
  type Problem,
  type Random,
  type Result,
  Slots,
  err,
  withDeadline,
} from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { SSHOptions } from '../../core/spec/index.js';
import type { HostShell, ShellCommand, ShellEnd } from '../../engine/ports/index.js';
import { loginCommand } from './arguments.js';
import { HostConnection, type Way } from './connection.js';
import { ControlDirectory, type OwnKeeper } from './control-directory.js';
import { SESSIONS_PER_HOST_MAX } from './limits.js';
import {
  becomingRootProblem,
  connectingProblem,
  sshCancelled,
  sshCut,
  sshDeadline,
  sshInterrupted,
  sshNoAnswer,
} from './problems.js';
import { type SessionEnd, runSession } from './session.js';

export interface SSHShellOptions {
  readonly ssh: SSHOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The ssh program; absent: the one on the path. */
  readonly program?: string;
  /** What ssh is started with: it finds its agent and its configuration there. Absent: this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Who keeps the connections: what others left here that were killed is then removed. Absent: it stays. */
  readonly keeper?: OwnKeeper;
}

export interface SSHShell extends HostShell {
  /** The command by which a person logs in as we do: `ssh -l root 10.0.1.10`. */
  loginTo(host: HostName): string;
  /**
   * Makes a port of the host's loopback lead to the same port of this machine's, for as long as the connection lasts:
   * so a host reaches a service of this seat where no other way leads from it to us. Asked again it costs nothing.
   */
  forward(host: HostName, port: number, signal: AbortSignal): Promise<Result<void>>;
  /** Ends the connections. What runs on a host then is cut. */
  close(): Promise<void>;
}

/** ssh ends with this code when it is ssh that failed, not the command. */
const SSH_ITSELF = 255;
/** A connection that died is noticed by the first who uses it; a second failure is the host's. */
const TRIES_MAX = 2;

export function createSSHShell(options: SSHShellOptions): SSHShell {
  const env = options.env ?? process.env;
  const way: Way = {
    program: options.program ?? 'ssh',
    env,
    home: env['HOME'] ?? homedir(),
    ssh: options.ssh,
    clock: options.clock,
  };
  const directory = new ControlDirectory(env['XDG_RUNTIME_DIR'], options.keeper);
  const closing = new AbortController();
  // Every attempt to connect listens to it until its own deadline, and a host that refuses is tried again and again.
  setMaxListeners(0, closing.signal);
  const hosts = new Map<HostName, { readonly connection: HostConnection; readonly slots: Slots }>();
  const hostOf = (host: HostName) => {
    const known = hosts.get(host);
    if (known !== undefined) return known;
    const made = {
      connection: new HostConnection(way, host, directory, closing.signal),
      slots: new Slots(SESSIONS_PER_HOST_MAX),
    };
    hosts.set(host, made);
    return made;
  };

  const run = async (
    host: HostName,
    command: ShellCommand,
    parent: AbortSignal,
  ): Promise<ShellEnd> => {
    const { connection, slots } = hostOf(host);
    const { doing, deadlineMs } = command;
    const login = loginCommand(way.ssh, way.home, host);
    const unreached = (problem: Problem): ShellEnd => ({ kind: 'unreached', problem });
    const sinceMs = way.clock.monotonicMs();
    const silent = (ms: number): ShellEnd => {
      const waitedMs = Math.max(ms, Math.round(connection.silentMs / 100) * 100);
      const words = `No answer within ${waitedMs / 1000} s.`;
      return unreached(sshNoAnswer({ host, doing, login, words }));
    };
    // Until the script is sent, giving up is certain; from then on the session says how it ended.
    let session: Promise<SessionEnd> | undefined;

    const work = async (signal: AbortSignal): Promise<ShellEnd> => {
      const giveBack = await slots.take(signal);
      if (giveBack === undefined) return unreached(sshCancelled({ host, doing }));
      try {
        for (let tries = 1; ; tries++) {
          const patienceMs = Math.ceil(connection.patienceMs(deadlineMs));
          const there = await withDeadline(way.clock, patienceMs, signal, () => connection.get());
          if (there.late) {
            return signal.aborted ? unreached(sshCancelled({ host, doing })) : silent(patienceMs);
          }
          const found = there.value;
          if (!found.ok) return unreached(found.error(doing));
          if (signal.aborted) return unreached(sshCancelled({ host, doing }));
          session = runSession(way, host, found.value, command, options.random, signal);
          const end = await session;
          switch (end.kind) {
            case 'ended':
              connection.noteAnswer();
              return end;
            case 'cut':
              if (!parent.aborted) connection.forget(found.value);
              return { kind: 'cut', problem: sshCut({ host, doing, words: end.words }) };
            case 'not-begun': {
              const about = { host, doing, words: end.words, login };
              if (end.code !== undefined && end.code !== SSH_ITSELF) {
                return unreached(becomingRootProblem(about));
              }
              if (!parent.aborted) connection.forget(found.value);
              if (signal.aborted || tries === TRIES_MAX) return unreached(connectingProblem(about));
              options.logger.log('debug', 'a connection died and is made anew', { host });
            }
          }
        }
      } finally {
        giveBack();
      }
    };

    const done = await withDeadline(options.clock, deadlineMs, parent, work);
    if (!done.late) return done.value;
    const end = await session;
    if (end?.kind === 'ended') return end;
    const isCancelled = parent.aborted;
    if (end?.kind === 'cut') {
      const problem = isCancelled
        ? sshInterrupted({ host, doing })
        : sshDeadline({ host, doing, deadlineMs, words: end.words });
      return { kind: 'cut', problem };
    }
    if (isCancelled) return unreached(sshCancelled({ host, doing }));
    if (session !== undefined) connection.noteSilence(sinceMs);
    return silent(deadlineMs);
  };

  return {
    run,
    loginTo: (host) => loginCommand(way.ssh, way.home, host),
    forward: async (host, port, signal) => {
      const { connection } = hostOf(host);
      const found = await connection.get();
      if (!found.ok) return err(found.error('let it reach this seat'));
      return await connection.forward(found.value, port, signal);
    },
    close: async () => {
      closing.abort();
      await Promise.all([...hosts.values()].map(({ connection }) => connection.close()));
      hosts.clear();
      await directory.remove();
    },
  };
}
