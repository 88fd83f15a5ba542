import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** Runs a proof as a person does, and answers its document; throws with all it said when it ends other than well. */
export async function runProof<T>(script: string, args: readonly string[]): Promise<T> {
  const run = promisify(execFile)('npm', ['run', '-s', script, '--', ...args, '-o', 'json'], {
    cwd: ROOT,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  const { stdout } = await run.catch(
    (error: Error & { readonly stdout?: string; readonly stderr?: string }) => {
      throw new Error(
        `npm run ${script} -- ${args.join(' ')} did not end well.\n${error.stdout ?? ''}\n${error.stderr ?? ''}`,
      );
    },
  );
  return JSON.parse(stdout) as T;
}
