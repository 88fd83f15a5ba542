import { type PreflightHost, atPort } from '../hosts.js';
import { END, PRELUDE, SCRATCH, q } from './common.js';

/** A listener ends by itself after this, whatever became of whoever started it. */
const LISTENER_SECONDS = 30;
/**
 * So many looks, `UP_SECONDS` apart, another check gets to end its own listeners; what one left that was cut off is then
 * ended, so that no host is called unfit for our own sake.
 */
const OTHERS_TRIES = 100;
/** How long it may take until it listens. */
const UP_TRIES = 100;
const UP_SECONDS = 0.02;

/** Says its word to whoever connects, one after the other. */
const PERL = `use IO::Socket::INET;
my ($address, $port, $word) = @ARGV;
my $own = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "$!\\n";
print STDERR "Listening\\n";
while (my $each = $own->accept) { print $each "$word\\n"; close $each }`;
const PYTHON = `import socket, sys
try: own = socket.create_server((sys.argv[1], int(sys.argv[2])), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
except OSError as error: sys.exit(error.strerror)
print("Listening", file=sys.stderr, flush=True)
while True:
    each = own.accept()[0]
    each.sendall((sys.argv[3] + "\\n").encode())
    each.close()`;

/** What our listener says, so that nobody else is taken for it. */
export const wordOf = (token: string, host: string, port: number): string =>
  `quorate-check ${token} ${host} ${port}`;

/** The word of any check in a command line. */
const OTHERS = 'quorate-chec[k] [0-9a-f]*';

/**
 * Takes the ports of a host on which nothing runs yet, so that others can try them. A host that holds a member is left alone:
 * its ports are the member's, even while it is down. systemd brings a program that listens; where it is missing, perl and
 * python3 can.
 */
export function listenScript({ host, listens, dataDirs }: PreflightHost, token: string): string {
  const wanted = listens.map(({ address, port }, at) => {
    const word = wordOf(token, host, port);
    return `listen ${at} ${q(address)} ${port} ${q(atPort(address, port))} ${q(word)}`;
  });
  return `${PRELUDE}${SCRATCH}
detached() {
  if has setsid; then setsid "$@" < /dev/null > /dev/null 2> "$scratch/$at" &
  else "$@" < /dev/null > /dev/null 2> "$scratch/$at" & fi
}
listen() {
  at=$1
  if has systemd-socket-activate; then how=systemd; detached timeout -k 1 ${LISTENER_SECONDS} systemd-socket-activate --accept --inetd -l "$4" /bin/echo "$5"
  elif has perl; then how=perl; detached timeout -k 1 ${LISTENER_SECONDS} perl -e ${q(PERL)} "$2" "$3" "$5"
  elif has python3; then how=python3; detached timeout -k 1 ${LISTENER_SECONDS} python3 -c ${q(PYTHON)} "$2" "$3" "$5"
  else how=none; return; fi
  echo $! > "$scratch/$at.pid"
}
# All have been started by then: each takes a moment.
awaitUp() {
  at=$1
  if [ $how = none ]; then say listen "$at none"; return; fi
  pid=$(cat "$scratch/$at.pid")
  for _ in $(seq ${UP_TRIES}); do
    if grep -q '^Listening' "$scratch/$at" 2> /dev/null; then say listen "$at up $pid $how"; return; fi
    kill -0 $pid 2> /dev/null || break
    sleep ${UP_SECONDS}
  done
  kill $pid 2> /dev/null
  say listen "$at failed $(tail -n 1 "$scratch/$at" | tr '\\n' ' ')"
}
# Not this search itself, whose words do not fit its own pattern.
others() { grep -ls ${q(`${OTHERS} ${host} `)} /proc/[0-9]*/cmdline | cut -d / -f 3; }
for _ in $(seq ${OTHERS_TRIES}); do
  [ -n "$(others)" ] || break
  sleep ${UP_SECONDS}
done
for pid in $(others); do kill $pid 2> /dev/null; done
for _ in $(seq ${UP_TRIES}); do
  [ -n "$(others)" ] || break
  sleep ${UP_SECONDS}
done
for data in ${dataDirs.map(q).join(' ')}; do
  if [ -e "$data/member" ]; then say held "$data"; ${END.trim()}; exit 0; fi
done
${wanted.join('\n')}
${listens.map((_, at) => `awaitUp ${at}`).join('\n')}
${END}`;
}

/** Ends the listeners that the other script told of; nothing else has such a process number and such a command line. */
export function stopScript(pids: readonly number[], token: string): string {
  return `${PRELUDE}
for pid in ${pids.join(' ')}; do
  tr '\\0' ' ' < "/proc/$pid/cmdline" 2> /dev/null | grep -q ${q(token)} && kill $pid
done
for _ in $(seq ${UP_TRIES}); do
  left=
  for pid in ${pids.join(' ')}; do kill -0 $pid 2> /dev/null && left="$left $pid"; done
  [ -n "$left" ] || break
  sleep ${UP_SECONDS}
done
say left "$left"
${END}`;
}
