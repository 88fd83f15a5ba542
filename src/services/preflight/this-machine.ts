import { spawn } from 'node:child_process';
import { deadlineSignal } from '../../base/index.js';
import type { HostShell, ShellEnd } from '../../engine/ports/index.js';
import { shellHere } from './problems.js';

const LEFT_BEHIND_MS = 500;

/** This machine in the place of every host, as the user who runs this. */
export function shellOfThisMachine(): HostShell {
  return {
    run: (_host, { doing, script, stdin, deadlineMs }, signal) =>
      new Promise<ShellEnd>((resolve) => {
        // A group of its own, so that what a script started ends with it.
        const child = spawn('/bin/sh', ['-s'], { cwd: '/', detached: true });
        const stdout: Buffer[] = [];
        const stderr: Buffer[] = [];
        let isSettled = false;
        const deadline = deadlineSignal(deadlineMs, signal);
        const settle = (end: ShellEnd) => {
          if (isSettled) return;
          isSettled = true;
          deadline.removeEventListener('abort', cut);
          resolve(end);
        };
        const cut = () => {
          endGroup(child.pid);
          for (const pipe of child.stdio) pipe?.destroy();
          const because = signal.aborted ? 'It was cancelled.' : `It took over ${deadlineMs} ms.`;
          settle({ kind: 'cut', problem: shellHere({ doing, because }) });
        };
        child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
        child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
        child.on('error', ({ message }) =>
          settle({ kind: 'unreached', problem: shellHere({ doing, because: message }) }),
        );
        const ended = (code: number | null) =>
          settle({
            kind: 'ended',
            code: code ?? 255,
            stdout: Buffer.concat(stdout),
            stderr: Buffer.concat(stderr).toString('utf8'),
          });
        // Whoever it left behind with its outputs is not waited for.
        child.on('exit', (code) => setTimeout(() => ended(code), LEFT_BEHIND_MS).unref());
        child.on('close', ended);
        child.stdin.on('error', () => undefined);
        child.stdin.end(
          Buffer.concat([Buffer.from(`{ ${script}\n}\n`), stdin ?? new Uint8Array()]),
        );
        if (deadline.aborted) cut();
        else deadline.addEventListener('abort', cut, { once: true });
      }),
  };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}
