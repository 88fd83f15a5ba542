import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A program that behaves like ssh where the shell can see it, with this machine as every host: a master makes the file
 * of its control path, a session runs its command only while that file is there. Files in `directory` tell it to fail.
 */
const PROGRAM = `#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/calls"
for word in "$@"; do
  case $word in
    ControlPath=*) path=\${word#ControlPath=} ;;
    -f) role=master ;;
    -O) role=control ;;
  esac
  last=$word
done
case $role in
  master)
    [ -e "$here/hang-connect" ] && exec sleep 600
    if [ -e "$here/refuse" ]; then cat "$here/refuse" >&2; exit 255; fi
    touch "$path"; exit 0 ;;
  control)
    rm -f "$path"; exit 0 ;;
esac
if [ ! -e "$path" ]; then echo "Connection closed by UNKNOWN port 65535" >&2; exit 255; fi
[ -e "$here/hang-session" ] && exec sleep 600
if [ -e "$here/session-ends" ]; then . "$here/session-ends"; fi
PATH="$here/bin:$PATH" exec sh -c "$last"
`;

export interface FakeSSH {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
  /** What masters say while they fail; undefined: they succeed again. */
  refuse(words: string | undefined): Promise<void>;
  /** Makes or removes a file that tells the program what to do. */
  tell(name: 'hang-connect' | 'hang-session' | 'session-ends', script?: string): Promise<void>;
  untell(name: 'hang-connect' | 'hang-session' | 'session-ends'): Promise<void>;
  /** A program that the host has before its own. */
  addProgram(name: string, script: string): Promise<void>;
  /** The command lines so far, by what they were for. */
  calls(): Promise<{ readonly masters: number; readonly sessions: number; readonly all: string }>;
  dispose(): Promise<void>;
}

export async function makeFakeSSH(): Promise<FakeSSH> {
  const directory = await mkdtemp(join(tmpdir(), 'quorate-fake-ssh-'));
  const program = join(directory, 'ssh');
  await writeFile(program, PROGRAM);
  await chmod(program, 0o755);
  await mkdir(join(directory, 'run'));
  await mkdir(join(directory, 'bin'));
  return {
    program,
    directory,
    env: { PATH: process.env['PATH'], HOME: directory, XDG_RUNTIME_DIR: join(directory, 'run') },
    refuse: (words) =>
      words === undefined
        ? rm(join(directory, 'refuse'))
        : writeFile(join(directory, 'refuse'), words),
    tell: (name, script = '') => writeFile(join(directory, name), script),
    untell: (name) => rm(join(directory, name)),
    addProgram: async (name, script) => {
      await writeFile(join(directory, 'bin', name), script);
      await chmod(join(directory, 'bin', name), 0o755);
    },
    calls: async () => {
      const all = await readFile(join(directory, 'calls'), 'utf8').catch(() => '');
      const lines = all.split('\n').filter((line) => line.startsWith('-'));
      const masters = lines.filter((line) => line.includes('ControlMaster=yes')).length;
      const sessions = lines.filter((line) => line.includes('ControlMaster=no')).length;
      return { masters, sessions, all };
    },
    dispose: () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
  };
}
