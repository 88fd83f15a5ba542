import { END, PRELUDE, q } from './common.js';

/** A connection that does not stand by then gets no answer. Longer than a neighbour is looked for, which is 3 s. */
export const DIAL_SECONDS = 4;
/** Our listener speaks first; whoever is silent for so long is somebody else. */
const WORD_SECONDS = 1;

/** Microseconds, where this bash has a clock; then the word that came. */
const BASH = `begin=$EPOCHREALTIME
exec 3<> "/dev/tcp/$1/$2" || exit 1
end=$EPOCHREALTIME word=
[ -z "$3" ] || IFS= read -t ${WORD_SECONDS} -r word <&3
took=-
[ -z "$begin" ] || took=$(( \${end/[.,]/} - \${begin/[.,]/} ))
echo "connected $took $word"`;
const PYTHON = `import socket, sys, time
begin = time.monotonic()
try: to = socket.create_connection((sys.argv[1], int(sys.argv[2])), ${DIAL_SECONDS})
except OSError as error: sys.exit(error.strerror or str(error))
took = (time.monotonic() - begin) * 1e6
word = ""
if sys.argv[3]:
    to.settimeout(${WORD_SECONDS})
    try: word = to.makefile().readline().strip()
    except OSError: pass
print("connected %d %s" % (took, word))`;
const PERL = `use IO::Socket::INET;
my $to = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1]) or die "$!\\n";
my $word = "";
if ($ARGV[2]) { local $SIG{ALRM} = sub { die }; alarm ${WORD_SECONDS}; eval { $word = <$to> // "" }; alarm 0; chomp $word }
print "connected - $word\\n";`;

export interface DialOrder {
  readonly name: string;
  readonly port: number;
  /** Whether somebody of ours speaks there first. */
  readonly expectsWord: boolean;
}

/** Connects to all at once, and says of each how it went: `dial AT CODE WORDS`. */
export function dialScript(orders: readonly DialOrder[]): string {
  const dials = orders.map(
    ({ name, port, expectsWord }, at) =>
      `dial ${at} ${q(name)} ${port} ${expectsWord ? 'yes' : "''"} &`,
  );
  return `${PRELUDE}
for how in bash python3 perl ''; do has $how && break; done
dial() {
  case $how in
    bash) said=$(limited ${DIAL_SECONDS} bash -c ${q(BASH)} dial "$2" "$3" "$4" 2>&1) ;;
    python3) said=$(limited ${DIAL_SECONDS} python3 -c ${q(PYTHON)} "$2" "$3" "$4" 2>&1) ;;
    perl) said=$(limited ${DIAL_SECONDS} perl -e ${q(PERL)} "$2" "$3" "$4" 2>&1) ;;
    *) false ;;
  esac
  say dial "$1 $? $(printf %s "$said" | tr '\\n\\t' '  ')"
}
say how "$how"
${dials.join('\n')}
wait
${END}`;
}
