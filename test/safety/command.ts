import { cpus, release } from 'node:os';

/** What a proof or a measurement says at its end: a screen for people, one document for programs, and a verdict. */
export interface Verdict {
  readonly json: object;
  readonly text: string;
  readonly ok: boolean;
}

/** Prints a verdict in the form that `-o` asks for; the exit code is 0 when it holds and 1 when it does not. */
export function conclude({ json, text, ok }: Verdict, output: string): void {
  process.stdout.write(output === 'json' ? `${JSON.stringify(json)}\n` : `${text.trimEnd()}\n`);
  process.exitCode = ok ? 0 : 1;
}

/** Progress goes to stderr, so that stdout holds the result alone. */
export const progress = (line: string): void => void process.stderr.write(`${line}\n`);

export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Linux ${release()}, Node ${process.versions.node}`;
