import { once } from 'node:events';
import type { Random } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { ShellCommand } from '../../engine/ports/index.js';
import { sessionArguments } from './arguments.js';
import type { Connection, Way } from './connection.js';
import { MarkedOutput, framedScript, remoteCommand } from './framing.js';
import { startSSH } from './program.js';

export type SessionEnd =
  | {
      readonly kind: 'ended';
      readonly code: number;
      readonly stdout: Uint8Array;
      readonly stderr: string;
    }
  /** The host was never ready, so that nothing was sent. `code` is ssh's: 255 when it is ssh itself that failed. */
  | { readonly kind: 'not-begun'; readonly code: number | undefined; readonly words: string }
  | { readonly kind: 'cut'; readonly words: string };

const MARK_BYTES = 12;

/** One script over a connection. The signal ends it here, whatever the other side does. */
export function runSession(
  way: Way,
  host: HostName,
  connection: Connection,
  command: ShellCommand,
  random: Random,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const mark = random.hex(MARK_BYTES);
  const script = framedScript(command.script, mark);
  const child = startSSH(
    way.program,
    sessionArguments(
      way.ssh,
      way.home,
      host,
      connection.controlPath,
      remoteCommand(mark, script.length),
    ),
    way.env,
  );
  const stdout = new MarkedOutput(mark);
  const stderr = new MarkedOutput(mark);
  let isSent = false;

  return new Promise((resolve) => {
    const settle = (end: SessionEnd) => {
      signal.removeEventListener('abort', giveUp);
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(end);
    };
    const broken = (code: number | undefined) => {
      const words = (stderr.ended?.content.toString('utf8') ?? stderr.text).trim();
      settle(isSent ? { kind: 'cut', words } : { kind: 'not-begun', code, words });
    };
    const giveUp = () => broken(undefined);
    const look = () => {
      if (stdout.hasBegun && !isSent) {
        isSent = true;
        child.stdin.write(script);
        child.stdin.end(command.stdin);
      }
      if (isSent) command.onOutput?.({ stdout: stdout.soFar, stderr: stderr.soFar });
      // Both, so that none of the host's words is lost; whoever still holds a pipe there is not waited for.
      if (stdout.ended === undefined || stderr.ended === undefined) return;
      const { code, content } = stdout.ended;
      const said = stderr.ended.content.toString('utf8');
      settle({ kind: 'ended', code, stdout: content, stderr: said });
    };
    if (signal.aborted) {
      giveUp();
      return;
    }
    signal.addEventListener('abort', giveUp, { once: true });
    child.stdout.on('data', (piece: Buffer) => {
      stdout.take(piece);
      look();
    });
    child.stderr.on('data', (piece: Buffer) => {
      stderr.take(piece);
      look();
    });
    once(child, 'close').then(
      ([code]: unknown[]) => broken(typeof code === 'number' ? code : undefined),
      () => broken(undefined),
    );
  });
}
