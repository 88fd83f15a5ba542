import { spawn } from 'node:child_process';

/** How a command ended; a signal that ended it counts as 128. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly stdin?: string | Uint8Array;
  /** Instead of this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command to its end; rejects only when it cannot be started. */
export async function answerOf(
  [program = '', ...args]: readonly string[],
  { stdin = '', env }: CommandOptions = {},
): Promise<Answer> {
  const child = spawn(program, args, env === undefined ? {} : { env });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A command that ends without reading what it was given is no error of ours.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 128, stdout, stderr }));
  });
}

/** Runs a command that must succeed, and answers its output; throws with all it said when it does not. */
export async function must(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await answerOf(command, options);
  if (code === 0) return stdout;
  throw new Error(`${command.join(' ')} ended with ${code}.\n${stdout}${stderr}`);
}
