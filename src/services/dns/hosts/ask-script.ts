import type { Transport } from '../../../core/bootstrap/index.js';
import type { DNSAddress } from '../addresses.js';

/** A word of a script, whatever is in it. */
const q = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** So long one server has for one question; a datagram is sent again after a second, as every resolver does. */
const ANSWER_SECONDS = 3;
/** A name server that does not answer must not be the end of all other answers. */
const NAME_SECONDS = 4;
/** All of a host, whose questions run side by side, its names one after the other. */
export const ASKING_MS = 30_000;
/** As many as resolvers take from the file. */
const SERVERS_MAX = 3;

/**
 * One message to one server and what comes back, in hex, by a bash that can connect. `base64` writes the whole message at
 * once, which bash's own printf does not, so that it is one datagram whatever is in it; `dd` reads one datagram.
 */
const BASH = `transport=$1 host=$2 port=$3 message=$4
hex() { od -An -v -tx1 | tr -d ' \\n'; }
exec 3<> "/dev/$transport/$host/$port" || exit 1
case $transport in
  udp)
    base64 -d <<< "$message" >&3 || exit 1
    ( sleep 1; base64 -d <<< "$message" >&3 ) > /dev/null 2>&1 & again=$!
    answer=$(dd bs=65535 count=1 <&3 | hex)
    kill $again 2> /dev/null ;;
  tcp)
    base64 -d <<< "$message" >&3 || exit 1
    length=$(dd bs=1 count=2 <&3 2> /dev/null | hex)
    [ -n "$length" ] || exit 3
    answer=$(head -c $((16#$length)) <&3 | hex) ;;
esac
[ -n "$answer" ] || exit 2
echo "hex:$answer"`;

export interface RawQuestion {
  /** Over TCP with its length before it, as base64. */
  readonly message: string;
  readonly transport: Transport;
}

export interface HostQuestions {
  readonly questions: readonly RawQuestion[];
  readonly names: readonly string[];
  /** Instead of those of the host's own /etc/resolv.conf. */
  readonly servers: readonly DNSAddress[] | undefined;
}

/**
 * Asks from one host: the questions, each server of its resolver, over the transport of each; and the names, its own programs'
 * way. POSIX sh; the questions need bash, and where there is none the script says so. Answers are lines `name TAB value` with
 * an end, so that half of them are never taken for all.
 */
export function askScript({ questions, names, servers }: HostQuestions): string {
  const known = servers?.map(({ host, port }) => `${host} ${port}`).join('\n');
  const asking = questions.map(
    ({ transport, message }, at) => `ask ${at} ${transport} ${q(message)} &`,
  );
  return `export LC_ALL=C
say() { printf '%s\\t%s\\n' "$1" "$2"; }
has() { command -v "$1" > /dev/null 2>&1; }
has timeout || timeout() { shift 3; "$@"; }
servers() {
  ${
    known === undefined
      ? `sed -n 's/^[[:space:]]*nameserver[[:space:]]\\{1,\\}\\([0-9a-fA-F:.]*\\).*/\\1 53/p' /etc/resolv.conf 2> /dev/null | head -n ${SERVERS_MAX}`
      : `printf '%s\\n' ${q(known)}`
  }
}
# Without one, the resolver asks its own machine.
servers=$(servers)
[ -n "$servers" ] || servers='127.0.0.1 53'
printf '%s\\n' "$servers" | while read -r host port; do say server "$host $port"; done
ask() {
  printf '%s\\n' "$servers" | { of=0; while read -r host port; do
    answer "$1" "$of" "$2" "$host" "$port" "$3" &
    of=$((of + 1))
  done; wait; }
}
answer() {
  said=$(timeout -k 1 ${ANSWER_SECONDS} bash -c ${q(BASH)} ask "$3" "$4" "$5" "$6" 2>&1)
  say answer "$1 $2 $? $(printf '%s' "$said" | tr '\\n\\t' '  ')"
}
if ! has bash; then say unasked 'srv there is no bash on it, which could ask a name server itself'
elif ! has base64 || ! has od; then say unasked 'srv there is no base64 or od on it'
else
:
${asking.join('\n')}
fi
if has getent; then
  for name in ${names.map(q).join(' ')}; do
    found=$(timeout -k 1 ${NAME_SECONDS} getent ahosts "$name")
    say name "$name $? $(printf '%s\\n' "$found" | sed 's/ .*//' | sort -u | tr '\\n' ' ')"
  done
else say unasked 'addresses there is no getent on it'; fi
wait
say end ''
`;
}
