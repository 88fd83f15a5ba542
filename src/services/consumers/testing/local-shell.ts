import { spawn } from 'node:child_process';
import type { HostShell, ShellEnd } from '../../../engine/ports/index.js';

export interface LocalShellOptions {
  /** What comes before `sh`, such as a program that enters a network of its own. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Looked at before each script; what it answers is the end instead of running it. */
  readonly instead?: (script: string) => ShellEnd | undefined;
}

/** Every host is this machine: scripts run in a real sh, with real files and processes. */
export function localShell({ prefix = [], env = {}, instead }: LocalShellOptions = {}): HostShell {
  return {
    run: (_host, { script, stdin }, signal) => {
      const end = instead?.(script);
      if (end !== undefined) return Promise.resolve(end);
      const [program, ...args] = [...prefix, 'sh', '-c', script];
      return new Promise((resolve, reject) => {
        const child = spawn(program, args, { env: { ...process.env, ...env }, signal });
        const stdout: Buffer[] = [];
        let stderr = '';
        child.stdout.on('data', (data: Buffer) => stdout.push(data));
        child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
        child.stdin.on('error', () => undefined);
        child.on('error', reject);
        child.on('close', (code) =>
          resolve({ kind: 'ended', code: code ?? 255, stdout: Buffer.concat(stdout), stderr }),
        );
        child.stdin.end(stdin ?? new Uint8Array());
      });
    },
  };
}
