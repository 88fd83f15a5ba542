import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Enough of a host to tell consumers on it: a `systemctl` that knows one service and starts it from its unit file, and
 * programs that hold a connection to the first of their endpoints that answers, as the real ones do.
 */
export interface SmallHost {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** A listener that stands for a member; its URL. */
  readonly member: () => Promise<string>;
  readonly write: (name: string, text: string) => string;
  readonly close: () => Promise<void>;
}

export function smallHost(): SmallHost {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-consumers-'));
  const servers: Server[] = [];
  const write = (name: string, text: string): string => {
    const path = join(directory, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  chmodSync(write('bin/systemctl', SYSTEMCTL), 0o755);
  chmodSync(write('bin/flanneld', PROGRAM), 0o755);
  return {
    directory,
    env: { PATH: `${join(directory, 'bin')}:${process.env['PATH'] ?? ''}`, SMALL_HOST: directory },
    write,
    member: () =>
      new Promise((resolve) => {
        const server = createServer((socket) => socket.on('error', () => undefined));
        servers.push(server);
        server.listen(0, '127.0.0.1', () => {
          const address = server.address();
          resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
        });
      }),
    close: async () => {
      await endAll(directory);
      for (const server of servers) server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function endAll(directory: string): Promise<void> {
  const { localShell } = await import('./local-shell.js');
  const script = `for f in "${directory}"/run/*.pid; do [ -f "$f" ] && kill -9 "$(cat "$f")"; done; true`;
  const command = { doing: 'end', script, deadlineMs: 5000 };
  await localShell().run('here' as never, command, new AbortController().signal);
}

/** Only what is asked of it. */
const SYSTEMCTL = `#!/bin/bash
run=$SMALL_HOST/run; mkdir -p "$run"
args=("$@"); unit=\${args[-1]}; file=$SMALL_HOST/units/$unit; pidfile=$run/$unit.pid
# One that nobody has reaped yet has ended.
lives() { readlink "/proc/$1/exe" >/dev/null 2>&1; }
pid=$(cat "$pidfile" 2>/dev/null || echo 0); lives "$pid" || pid=0
case $1 in
  show)
    if [ -f "$file" ]; then echo LoadState=loaded; else echo LoadState=not-found; fi
    if [ "$pid" != 0 ]; then echo ActiveState=active; echo SubState=running; echo Result=success; else echo ActiveState=failed; echo SubState=failed; echo Result=exit-code; fi
    echo "MainPID=$pid"; echo "FragmentPath=$file"; echo "DropInPaths="
    sed -n 's/^EnvironmentFile=\\(.*\\)/EnvironmentFiles=\\1 (ignore_errors=no)/p' "$file" ;;
  restart)
    if [ "$pid" != 0 ]; then
      kill "$pid"
      for i in $(seq 100); do lives "$pid" || break; sleep 0.1; done
      kill -9 "$pid" 2>/dev/null
    fi
    echo "$unit" >> "$SMALL_HOST/restarts"
    for env in $(sed -n 's/^EnvironmentFile=//p' "$file"); do set -a; . "$env"; set +a; done
    command=$(sed -n 's/^ExecStart=//p' "$file" | tail -n 1)
    eval "exec -a flanneld setsid $command" </dev/null >"$run/$unit.log" 2>&1 3>&- &
    echo $! > "$pidfile" ;;
  *) ;;
esac
exit 0
`;

/** Dials its endpoints until one answers, holds on to it, and says nothing when none does. */
const PROGRAM = `#!/bin/bash
for arg in "$@"; do case $arg in --etcd-endpoints=*|--etcd-servers=*) FLANNELD_ETCD_ENDPOINTS=\${arg#*=};; esac; done
while :; do
  for url in \${FLANNELD_ETCD_ENDPOINTS//,/ }; do
    rest=\${url#*://}
    if exec 3<>"/dev/tcp/\${rest%:*}/\${rest##*:}"; then read -r -u 3 line; fi
  done 2>/dev/null
  read -r -t 0.1 <> <(:)
done
`;
