import {
  type Clock,
  type Problem,
  type Result,
  deadlineSignal,
  err,
  ok,
} from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { SSHOptions } from '../../core/spec/index.js';
import { controlArguments, forwardArguments, loginCommand, masterArguments } from './arguments.js';
import type { ControlDirectory } from './control-directory.js';
import { CONNECT_TIMEOUT_MS, IMPATIENT_MS, LOGIN_TIMEOUT_MS } from './limits.js';
import { connectingProblem, sshMissing, sshNoAnswer, sshNotForwarded } from './problems.js';
import { runSSH } from './program.js';

export interface Way {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly ssh: SSHOptions;
  readonly clock: Clock;
}

/** A connection that is there, or was when it was last used. */
export interface Connection {
  readonly controlPath: string;
  /** Ports that lead from the host to us over it. */
  readonly forwarded: Set<number>;
}

/** A problem that still lacks what somebody wanted to do. */
export type WhyNot = (doing: string) => Problem;

/** Asking a process of this machine takes no time, unless it is dead or stopped. */
const CONTROL_MS = 2_000;
/** The host is asked too. */
const FORWARD_MS = 10_000;
const CONTROL_DEAD = /Control socket connect|master is dead/i;

/** The one connection to a host, made when somebody needs it and shared by all who do. */
export class HostConnection {
  readonly #way: Way;
  readonly #host: HostName;
  readonly #directory: ControlDirectory;
  readonly #closed: AbortSignal;
  #current: Promise<Result<Connection, WhyNot>> | undefined;
  /** What `current` came to. */
  #open: Connection | undefined;
  /** Since when somebody waits for an answer of the host, and none has come. */
  #silentSinceMs: number | undefined;
  readonly #telling = new Set<Promise<unknown>>();

  constructor(way: Way, host: HostName, directory: ControlDirectory, closed: AbortSignal) {
    this.#way = way;
    this.#host = host;
    this.#directory = directory;
    this.#closed = closed;
  }

  /** The connection that is there, or a new one; several who ask at once get the same. A failure is not kept. */
  get(): Promise<Result<Connection, WhyNot>> {
    if (this.#current !== undefined) return this.#current;
    this.#silentSinceMs ??= this.#way.clock.monotonicMs();
    const made = this.#make().then((result) => {
      if (result.ok || !sshNoAnswer.is(result.error(''))) this.#silentSinceMs = undefined;
      if (this.#current === made) {
        if (result.ok) this.#open = result.value;
        else this.#current = undefined;
      }
      return result;
    });
    this.#current = made;
    return made;
  }

  /**
   * How long a question with this deadline waits for the connection. A host that has been silent for a while costs no
   * question the whole of its deadline again; meanwhile it is tried on, so that whoever asks later finds it when it is back.
   */
  patienceMs(deadlineMs: number): number {
    return Math.min(deadlineMs, Math.max(IMPATIENT_MS, deadlineMs - this.silentMs));
  }

  /** How long somebody has been waiting for an answer of the host; 0: nobody is. */
  get silentMs(): number {
    const sinceMs = this.#silentSinceMs;
    return sinceMs === undefined ? 0 : this.#way.clock.monotonicMs() - sinceMs;
  }

  /** A question that was sent then over a connection that was there has had no answer. */
  noteSilence(sinceMs: number): void {
    this.#silentSinceMs ??= sinceMs;
  }

  noteAnswer(): void {
    this.#silentSinceMs = undefined;
  }

  /** A port of the host's loopback leads to ours over this connection; asked of ssh once. */
  async forward(connection: Connection, port: number, signal: AbortSignal): Promise<Result<void>> {
    if (connection.forwarded.has(port)) return ok(undefined);
    const { program, env, ssh, home } = this.#way;
    const host = this.#host;
    const args = forwardArguments(host, connection.controlPath, port);
    const end = await runSSH(program, args, env, deadlineSignal(FORWARD_MS, signal));
    if (end.code !== 0) {
      const login = loginCommand(ssh, home, host);
      // Where the connection itself has died, the next who asks gets another one.
      if (end.code === undefined || CONTROL_DEAD.test(end.stderr)) this.forget(connection);
      return err(sshNotForwarded({ host, port, login, words: end.stderr.trim() }));
    }
    connection.forwarded.add(port);
    return ok(undefined);
  }

  /** This one is dead, or hangs: the next who asks gets another. Sessions that it still carries may end in peace. */
  forget(connection: Connection): void {
    if (this.#open !== connection) return;
    this.#open = undefined;
    this.#current = undefined;
    void this.#tell('stop', connection);
  }

  async close(): Promise<void> {
    await this.#current;
    const open = this.#open;
    this.#open = undefined;
    this.#current = undefined;
    if (open !== undefined) void this.#tell('exit', open);
    await Promise.all(this.#telling);
  }

  async #make(): Promise<Result<Connection, WhyNot>> {
    const path = await this.#directory.next();
    if (!path.ok) return err(() => path.error);
    const { program, env, ssh, home } = this.#way;
    const host = this.#host;
    const limitMs = CONNECT_TIMEOUT_MS + LOGIN_TIMEOUT_MS;
    const limit = deadlineSignal(limitMs, this.#closed);
    const end = await runSSH(program, masterArguments(ssh, home, host, path.value), env, limit);
    if (end.code === 0) return ok({ controlPath: path.value, forwarded: new Set() });
    const login = loginCommand(ssh, home, host);
    const { notStarted } = end;
    if (notStarted !== undefined) return err(() => sshMissing({ program, because: notStarted }));
    const words = end.stderr.trim();
    return err((doing) =>
      end.code === undefined
        ? sshNoAnswer({
            host,
            doing,
            login,
            words: words || `No login within ${limitMs / 1000} s.`,
          })
        : connectingProblem({ host, doing, login, words }),
    );
  }

  async #tell(request: 'stop' | 'exit', { controlPath }: Connection): Promise<void> {
    const { program, env } = this.#way;
    const args = controlArguments(request, this.#host, controlPath);
    const told = runSSH(program, args, env, deadlineSignal(CONTROL_MS));
    this.#telling.add(told);
    await told;
    this.#telling.delete(told);
  }
}
