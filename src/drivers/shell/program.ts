import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { STDERR_LENGTH_MAX } from './limits.js';

/** How ssh is started: in a session of its own, so that Ctrl-C at our terminal ends no step in the middle. */
export function startSSH(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcessWithoutNullStreams {
  const child = spawn(program, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  // Whoever ends without reading what it is given is told by its end, not by its pipe.
  child.stdin.on('error', () => undefined);
  return child;
}

export interface ProgramEnd {
  /** Absent: it could not be started, or a signal ended it. */
  readonly code?: number;
  readonly stderr: string;
  /** Why it could not be started. */
  readonly notStarted?: string;
}

/** How long the rest of what it said may take to arrive once a process has ended; somebody else may hold the pipe. */
const LAST_WORDS_MS = 200;

/** Runs ssh to its end with nothing to read; a signal that aborts kills it. */
export async function runSSH(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ProgramEnd> {
  const child = startSSH(program, args, env);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LENGTH_MAX);
  });
  child.stdout.resume();
  child.stdin.end();
  const kill = () => void child.kill('SIGKILL');
  if (signal.aborted) kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    const heard = once(child.stderr, 'end').catch(() => undefined);
    const [code] = (await once(child, 'exit')) as [number | null];
    // A timer that is left over would keep this process from its end.
    await Promise.race([heard, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    return { ...(code === null ? {} : { code }), stderr };
  } catch (error) {
    return { stderr, notStarted: error instanceof Error ? error.message : String(error) };
  } finally {
    signal.removeEventListener('abort', kill);
    child.stderr.destroy();
    child.stdout.destroy();
  }
}
