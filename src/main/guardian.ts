import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * The guardian is a shell loop: it starts the supervisor and starts it again when it ends other than by itself (0).
 * It knows nothing and can do nothing else, so there is little in it that could fail. The supervisor watches it in
 * turn (supervisor.ts). Bounded: a supervisor that dies ten thousand times will not live the next time either.
 */
const LOOP = `n=0
while [ $n -lt 10000 ]; do
  "$@" --guardian $$ && exit 0
  n=$((n+1))
  sleep 1
done`;

/** Leaves a guardian behind, in a session of its own; answers its pid. */
export function startGuardian(stateDir: string): number | undefined {
  const supervisor = fileURLToPath(new URL('./supervisor.js', import.meta.url));
  const command = [process.execPath, supervisor, '--state-dir', stateDir];
  const guardian = spawn('/bin/sh', ['-c', LOOP, 'quorate-guardian', ...command], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
    env: scrubbed(process.env),
  });
  // Without a shell there is no guardian; the caller sees that nobody takes the lock.
  guardian.on('error', () => undefined);
  guardian.unref();
  return guardian.pid;
}

/** What the supervisor needs to find its state, its binaries and the registries; nothing of etcd's own. */
const scrubbed = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('ETCD')));
