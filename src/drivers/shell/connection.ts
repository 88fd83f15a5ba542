import { type Problem, type Result, deadlineSignal, err, ok } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { SSHOptions } from '../../core/spec/index.js';
import { controlArguments, loginCommand, masterArguments } from './arguments.js';
import type { ControlDirectory } from './control-directory.js';
import { CONNECT_TIMEOUT_MS, LOGIN_TIMEOUT_MS } from './limits.js';
import { connectingProblem, sshMissing, sshNoAnswer } from './problems.js';
import { runSSH } from './program.js';

export interface Way {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly ssh: SSHOptions;
}

/** A connection that is there, or was when it was last used. */
export interface Connection {
  readonly controlPath: string;
}

/** A problem that still lacks what somebody wanted to do. */
export type WhyNot = (doing: string) => Problem;

/** Asking a process of this machine takes no time, unless it is dead or stopped. */
const CONTROL_MS = 2_000;

/** The one connection to a host, made when somebody needs it and shared by all who do. */
export class HostConnection {
  readonly #way: Way;
  readonly #host: HostName;
  readonly #directory: ControlDirectory;
  readonly #closed: AbortSignal;
  #current: Promise<Result<Connection, WhyNot>> | undefined;
  /** What `current` came to. */
  #open: Connection | undefined;
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
    const made = this.#make().then((result) => {
      if (this.#current === made) {
        if (result.ok) this.#open = result.value;
        else this.#current = undefined;
      }
      return result;
    });
    this.#current = made;
    return made;
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
    if (end.code === 0) return ok({ controlPath: path.value });
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
