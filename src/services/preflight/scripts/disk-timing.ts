import { q } from './common.js';

/** As large as an entry of etcd's log usually is: what etcd's own advice on measuring disks takes. */
export const WRITE_BYTES = 2300;
/** At most so many writes, and no new one after so long. */
const WRITES = 500;
/** Where somebody waits for it: twice what a p99 needs. What is in the way of a member is the one in the middle. */
const BRIEF_WRITES = 200;
const MEASURE_MS = 2500;
/** Beside a member that is at work: few, with pauses, so that it hardly notices. */
const GENTLE_WRITES = 120;
const GENTLE_PAUSE_MS = 10;
/** One write that takes longer than this ends the measurement without a number. */
export const HUNG_SECONDS = 8;

/**
 * etcd's pattern: a file with its space reserved, written from its beginning in small pieces, `fdatasync` after each. Only
 * that call is timed, as etcd times it. The file has no name from its first moment on, so that nothing is left whatever
 * happens. Perl's base has no clock finer than a second and no `fdatasync`: both are system calls, by the machine's numbers.
 */
const PERL = `use strict; use Fcntl; use POSIX ();
my ($dir, $count, $limit, $pause, $size) = @ARGV;
my %calls = (x86_64 => [75, 228, 285], aarch64 => [83, 113, 47], riscv64 => [83, 113, 47], ppc64le => [148, 246, 309], s390x => [148, 260, 314]);
my ($sync, $clock, $reserve) = @{$calls{(POSIX::uname())[4]} or exit 3};
sub now { my $t = "\\0" x 16; syscall($clock, 1, $t) == 0 or exit 3; my ($s, $n) = unpack("qq", $t); $s * 1e6 + $n / 1e3 }
my $name = "$dir/.quorate-check.$$";
sysopen(my $file, $name, O_RDWR | O_CREAT | O_EXCL, 0600) or die "$!\\n";
unlink $name;
syscall($reserve, fileno($file), 0, 0, $count * $size) == 0 or print "unreserved\\n";
syscall($sync, fileno($file));
my ($block, $begin, @took) = ("q" x $size, now());
while (@took < $count && now() - $begin < $limit * 1e3) {
  (syswrite($file, $block) // 0) == $size or die "$!\\n";
  my $before = now();
  syscall($sync, fileno($file)) == 0 or die "$!\\n";
  push @took, sprintf("%.0f", now() - $before);
  select(undef, undef, undef, $pause / 1e3) if $pause;
}
print "took @took\\n";`;

/** The same where there is no perl. */
const PYTHON = `import os, sys, time
folder, count, limit, pause, size = sys.argv[1], *map(int, sys.argv[2:])
name = "%s/.quorate-check.%d" % (folder, os.getpid())
try:
    file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.unlink(name)
    try: os.posix_fallocate(file, 0, count * size)
    except OSError: print("unreserved")
    os.fdatasync(file)
    block, begin, took = b"q" * size, time.monotonic(), []
    while len(took) < count and (time.monotonic() - begin) * 1e3 < limit:
        os.write(file, block)
        before = time.monotonic()
        os.fdatasync(file)
        took.append("%d" % ((time.monotonic() - before) * 1e6))
        time.sleep(pause / 1e3)
    print("took", *took)
except OSError as error:
    print(error.strerror, file=sys.stderr); sys.exit(1)`;

/** With dd alone there is only the mean, of writing and syncing together. */
const DD_WRITES = 100;

/**
 * Says `disk.how`, and then `disk.took` (microseconds) or `disk.mean` (microseconds and count), or `disk.failed`. Expects the
 * directory in $base and whether an etcd is at work there in $busy.
 */
export const diskTiming = (isBrief: boolean): string => `measure() {
  writes=${isBrief ? BRIEF_WRITES : WRITES} pause=0
  if [ -n "$busy" ]; then writes=${GENTLE_WRITES} pause=${GENTLE_PAUSE_MS}; say disk.gentle "$pause"; fi
  for how in perl python3 dd; do
    has $how || continue
    case $how in
      perl) said=$(limited ${HUNG_SECONDS} perl -e ${q(PERL)} "$base" $writes ${MEASURE_MS} $pause ${WRITE_BYTES} 2>&1) ;;
      python3) said=$(limited ${HUNG_SECONDS} python3 -c ${q(PYTHON)} "$base" $writes ${MEASURE_MS} $pause ${WRITE_BYTES} 2>&1) ;;
      dd) said=$(name=$base/.quorate-check.$$; (exec 3<> "$name"; rm -f "$name"; limited ${HUNG_SECONDS} dd if=/dev/zero of=/dev/fd/3 conv=notrunc oflag=dsync bs=${WRITE_BYTES} count=${DD_WRITES} 2>&1)) ;;
    esac
    code=$?
    # It knows this machine too little to measure.
    [ $code != 3 ] || continue
    say disk.how $how
    case $said in *unreserved*) say disk.unreserved yes ;; esac
    if [ $code != 0 ]; then say disk.failed "$code $(printf %s "$said" | tr '\\n' ' ')"
    elif [ $how = dd ]; then printf '%s\\n' "$said" | sed -n 's/.* copied, \\([0-9.e-]*\\) s.*/disk.mean\\t\\1 ${DD_WRITES}/p'
    else printf '%s\\n' "$said" | sed -n 's/^took /disk.took\\t/p'; fi
    return
  done
  say disk.failed 'no perl, python3 or dd'
}
`;
