import { spawn } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

import { formatDurationMs } from '../../base/index.js';

/** What is kept of each of a program's outputs; more is cut at the front, where the least matters. */
const OUTPUT_CHARS_MAX = 256 * 1024;
/** How long a program may take to end after SIGTERM before it is ended by force. */
const KILL_GRACE_MS = 1_000;
/** How much of a program's complaint goes into a Problem. */
const COMPLAINT_CHARS_MAX = 400;

export type Env = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  readonly env: Env;
  readonly cwd?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type RunEnd =
  | {
      readonly kind: 'exited';
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  /** It ran and did not end well; `reason` is a sentence. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly stdout: string;
      readonly stderr: string;
    };

/**
 * Runs a program by its path and waits for its end. It gets exactly `env`, no terminal and a process group of its own,
 * so that the deadline and the signal end it together with everything it started. Settles only when it is gone.
 */
export function run(path: string, args: readonly string[], options: RunOptions): Promise<RunEnd> {
  const { signal, timeoutMs } = options;
  return new Promise((resolve) => {
    let stdout = '';
    let stderr = '';
    if (signal.aborted) {
      resolve({ kind: 'failed', reason: 'it was cancelled before it started', stdout, stderr });
      return;
    }
    const child = spawn(path, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: definedOnly(options.env),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let ended: string | undefined;
    let force: ReturnType<typeof setTimeout> | undefined;
    const end = (reason: string) => {
      if (ended !== undefined) return;
      ended = reason;
      killGroup(child.pid, 'SIGTERM');
      force = setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_GRACE_MS);
    };
    const onAbort = () => end('it was cancelled');
    // A timer of its own, held by this closure: a signal made by AbortSignal.any may lose its time-out to the garbage
    // collector (seen on Node 20), and then the program would run for ever.
    const deadline = setTimeout(
      () => end(`it did not end within ${formatDurationMs(timeoutMs)}`),
      timeoutMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (result: RunEnd) => {
      clearTimeout(deadline);
      clearTimeout(force);
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    child.stdout
      .setEncoding('utf8')
      .on('data', (text: string) => (stdout = keepTail(stdout + text)));
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (stderr = keepTail(stderr + text)));
    child.on('error', (error) => settle({ kind: 'failed', reason: error.message, stdout, stderr }));
    child.on('close', (code, killedBy) => {
      if (ended === undefined && code !== null) {
        settle({ kind: 'exited', code, stdout, stderr });
        return;
      }
      const reason = ended ?? `it was ended by ${killedBy ?? 'a signal'}`;
      settle({ kind: 'failed', reason, stdout, stderr });
    });
  });
}

/** Why a run gave nothing, as one line: the reason, or the exit code and what the program complained about. */
export function complaint(end: RunEnd): string {
  const said = lastLines(end.stderr.trim() === '' ? end.stdout : end.stderr);
  const how = end.kind === 'exited' ? `exit code ${end.code}` : end.reason;
  return said === '' ? how : `${how}: ${said}`;
}

/** The program `name` on PATH, as an absolute path; undefined when there is none. */
export async function findTool(name: string, env: Env): Promise<string | undefined> {
  for (const dir of (env['PATH'] ?? '').split(delimiter)) {
    // An empty or relative entry means the working directory: what happens to lie there is nobody's choice.
    if (!isAbsolute(dir)) continue;
    const path = join(dir, name);
    if (await isExecutableFile(path)) return path;
  }
  return undefined;
}

export async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** What a download tool may know of the caller's environment: its home, its proxies, its certificates, its settings. */
const PASSED = new Set([
  'HOME', 'PATH', 'USER', 'LOGNAME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ',
  'XDG_CACHE_HOME', 'XDG_CONFIG_HOME',
  'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'FTP_PROXY',
  'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy', 'ftp_proxy',
  'SSL_CERT_FILE', 'SSL_CERT_DIR', 'CURL_CA_BUNDLE', 'NIX_SSL_CERT_FILE', 'GIT_SSL_CAINFO', 'SSH_AUTH_SOCK',
]); // prettier-ignore
/** GO… are Go's own settings (GOPROXY, GOPRIVATE, …); GOOGLE_… are credentials. */
const PASSED_PREFIX = /^(CARGO_|RUSTUP_|CGO_|GO(?!OGLE)[A-Z0-9]*$)/;

/** The caller's environment without everything that a download tool has no business with (ETCD_*, secrets). */
export function toolEnv(env: Env): Env {
  return Object.fromEntries(
    Object.entries(env).filter(([key]) => PASSED.has(key) || PASSED_PREFIX.test(key)),
  );
}

/** The least a program needs that is only asked for its version. */
export const bareEnv = (env: Env): Env => ({ PATH: env['PATH'], HOME: env['HOME'] });

const definedOnly = (env: Env): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

const keepTail = (text: string): string =>
  text.length > OUTPUT_CHARS_MAX ? text.slice(-OUTPUT_CHARS_MAX) : text;

function lastLines(text: string): string {
  const line = text
    .split('\n')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join('; ');
  return line.length > COMPLAINT_CHARS_MAX ? `…${line.slice(-COMPLAINT_CHARS_MAX)}` : line;
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
