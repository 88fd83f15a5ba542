import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from './wait.js';

/** The built command, as a user has it. */
export const QUORATE = fileURLToPath(new URL('../../dist/main/quorate.js', import.meta.url));

/** A command that does not end within this is broken; it is ended and the test fails. */
const COMMAND_MS = 120_000;

export interface RunOptions {
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Words before the command, say to put it into a namespace. */
  readonly within?: readonly string[];
  readonly timeoutMs?: number;
}

/** How a command ended. */
export interface Ran {
  readonly args: readonly string[];
  /** Absent when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The result as JSON; throws with both outputs when it is none. */
  json<T>(): T;
}

/** A command that still runs. */
export interface Running {
  readonly pid: number;
  readonly done: Promise<Ran>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until its stdout or stderr matches. */
  says(pattern: RegExp, timeoutMs?: number): Promise<void>;
}

/** Variables of the person who runs the tests that the command may see; everything else is left out. */
const KEPT = ['PATH', 'HOME', 'XDG_CACHE_HOME', 'QUORATE_CACHE', 'LANG', 'TMPDIR'] as const;

/** Starts the real command as a child with its own home. */
export function start(args: readonly string[], options: RunOptions): Running {
  const [program = process.execPath, ...rest] = [
    ...(options.within ?? []),
    process.execPath,
    QUORATE,
    ...args,
  ];
  const child = spawn(program, rest, {
    env: environment(options),
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: options.home,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`Could not start ${QUORATE}`);
  let stdout = '';
  let stderr = '';
  let ended = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  const timeoutMs = options.timeoutMs ?? COMMAND_MS;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  // `exit` and not `close`: what stays behind on purpose must not be able to hold the command's end back.
  const done = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      ended = true;
      // One turn of the loop more, so that what is in the pipes has been read.
      setTimeout(() => {
        if (late) {
          reject(
            new Error(
              `quorate ${args.join(' ')} ran longer than ${timeoutMs} ms\n${stdout}\n${stderr}`,
            ),
          );
          return;
        }
        resolve(ran(args, code ?? undefined, signal ?? undefined, stdout, stderr));
      }, 20);
    });
  });
  done.catch(() => undefined);
  return {
    pid,
    done,
    kill: (signal) => void child.kill(signal),
    says: (pattern, waitMs = COMMAND_MS) =>
      until(
        `quorate ${args.join(' ')} says ${pattern}`,
        async () => {
          if (pattern.test(stdout) || pattern.test(stderr)) return { done: undefined };
          if (ended) throw new Error(`It ended without saying ${pattern}:\n${stdout}\n${stderr}`);
          return { seen: `${stdout}\n${stderr}` };
        },
        { timeoutMs: waitMs, everyMs: 10 },
      ),
  };
}

/** Runs the real command to its end. */
export const quorate = (args: readonly string[], options: RunOptions): Promise<Ran> =>
  start(args, options).done;

function ran(
  args: readonly string[],
  code: number | undefined,
  signal: NodeJS.Signals | undefined,
  stdout: string,
  stderr: string,
): Ran {
  return {
    args,
    code,
    signal,
    stdout,
    stderr,
    json: <T>() => {
      try {
        return JSON.parse(stdout) as T;
      } catch {
        throw new Error(
          `quorate ${args.join(' ')} (exit ${code}) gave no JSON.\nstdout: ${stdout}\nstderr: ${stderr}`,
        );
      }
    },
  };
}

function environment({ home, env }: RunOptions): Record<string, string> {
  const kept: Record<string, string> = { QUORATE_HOME: home, NO_COLOR: '1' };
  for (const name of KEPT) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return { ...kept, ...env };
}
