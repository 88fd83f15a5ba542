import { WAL_HEAD_BYTES } from '../evidence/index.js';
import { shellQuoted as q } from '../shell/index.js';
import { formerLook } from './former.js';
import { BINARIES, type HostPaths } from './layout.js';
import { KIND, SCRIPT_CODE } from './scripts.js';
import { walOf } from './unit.js';

/** How much of a life's beginning and of its end is read to learn how it went. */
const LOG_BYTES = 64 * 1024;
const LOG_LINES = 300;
/** How often, and how long between, a unit in the middle of a change is looked at again. */
const SETTLE_TRIES = 40;
const SETTLE_SECONDS = 0.05;

/** What is asked of systemd about each unit. */
const PROPERTIES = ['ActiveState', 'SubState', 'MainPID', 'InvocationID', 'DropInPaths'];
/** Lines of a drop-in that change what we rely on. */
const RELIED_ON = '^(Exec|Assert|Condition|Environment|User|Group|Type|Restart|UnsetEnv)';

/**
 * One look at a host: every part as a line `@name base64`. Changes nothing. The log of a life is read only where
 * something has to be concluded from it: when nothing runs, or when there is a database and no log.
 */
export function lookScript(paths: HostPaths, certificates: readonly string[] = []): string {
  const { unit, gatewayUnit, stateDir, dataDir } = paths;
  const wal = walOf(paths);
  const snap = `${dataDir}/member/snap`;
  return `${KIND}
field() { printf '@%s ' "$1"; base64 -w0; echo; }
whole() { if [ -e "$2" ]; then field "$1" < "$2"; fi; }
say() { printf %s "$2" | field "$1"; }
# Certificates alone: a key stays where it is.
certificate() { if [ -e "$2" ]; then sed -n '/-----BEGIN CERTIFICATE-----/,/-----END CERTIFICATE-----/p' "$2" | field "certificate.$1"; fi; }
nl='
'
of() { printf '%s\\n' "$2" | while IFS= read -r line; do case $line in "$1="*) printf '%s\\n' "\${line#*=}" ;; esac; done; }
process() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    program=$(tr '\\0' '\\n' < "/proc/$2/cmdline" 2>/dev/null | head -n 1)
    case $program in */etcd | '') break ;; esac
    sleep 0.02
  done
  [ -e "/proc/$2" ] || return 0
  field "$1.cmdline" < "/proc/$2/cmdline"
  field "$1.stat" < "/proc/$2/stat"
}
log() {
  timeout 3 journalctl --sync 2>/dev/null
  journalctl -q -o cat "_SYSTEMD_INVOCATION_ID=$2" | head -c ${LOG_BYTES} | field "$1.log.head"
  journalctl -q -o cat -n ${LOG_LINES} "_SYSTEMD_INVOCATION_ID=$2" + "INVOCATION_ID=$2" | tail -c ${LOG_BYTES} | field "$1.log.tail"
}
for directory in ${q(stateDir)} ${q(dataDir)}; do
  what=$(kind "$directory")
  case $what in none | directory) ;; *) echo "$directory: $what" >&2; exit ${SCRIPT_CODE.hidden} ;; esac
done
for _ in $(seq ${SETTLE_TRIES}); do
  shown=$(systemctl show -p ${PROPERTIES.join(',')} ${unit} ${gatewayUnit}) || exit ${SCRIPT_CODE.noSystemd}
  # A block for each, with an empty line between.
  unit=\${shown%%"$nl$nl"*}; gateway=\${shown#*"$nl$nl"}
  case "$(of SubState "$unit")" in start-pre | stop-post | condition) sleep ${SETTLE_SECONDS} ;; *) break ;; esac
done
say unit "$unit"
say gateway.unit "$gateway"
say boot "$(cat /proc/sys/kernel/random/boot_id)"
say uptime "$(cat /proc/uptime)"
whole member ${q(paths.member)}
whole ended ${q(paths.ended)}
whole first-life ${q(paths.firstLife)}
whole gateway ${q(paths.gateway)}
whole gateway.ended ${q(paths.gatewayEnded)}
if [ -e ${paths.unitFile} ]; then say unit.digest "$(sha256sum < ${paths.unitFile})"; fi
if [ -e ${paths.gatewayUnitFile} ]; then say gateway.digest "$(sha256sum < ${paths.gatewayUnitFile})"; fi
whole gateway.written ${q(paths.gatewayWritten)}
# A binary is read whole only where its size or time is another one than when it was proven.
changed=$(for proven in ${BINARIES}/*/etcd.proven; do
  [ -e "$proven" ] && [ -e "\${proven%.proven}" ] || continue
  read -r written size time < "$proven"
  [ "$(stat -c '%s %Y' "\${proven%.proven}")" = "$size $time" ] && continue
  found=$(sha256sum < "\${proven%.proven}"); found=\${found%% *}
  [ "$found" = "$written" ] || echo "$written $found \${proven%.proven}"
done)
[ -z "$changed" ] || say binaries "$changed"
changed=$(for file in $(of DropInPaths "$unit"); do
  case $file in /usr/lib/* | /lib/*) ;; *) grep -HE '${RELIED_ON}' "$file" ;; esac
done)
[ -z "$changed" ] || say drop-ins "$changed"

${certificates.map((path, i) => `certificate ${i} ${q(path)}`).join('\n')}
pid=$(of MainPID "$unit")
[ "\${pid:-0}" = 0 ] || process member "$pid"
users() { printf '%s\\n' ${q(dataDir)} | grep -lsF -f - /proc/[0-9]*/cmdline /proc/[0-9]*/environ; grep -lsx etcd /proc/[0-9]*/comm; }
for other in $(users | cut -d / -f 3 | sort -u); do
  if [ "$other" != "$pid" ] && [ -e "/proc/$other/exe" ]; then
    field "other.$other" < "/proc/$other/cmdline"
    say "cwd.$other" "$(readlink "/proc/$other/cwd")"
    say "env.$other" "$(tr '\\0' '\\n' < "/proc/$other/environ" | sed -n 's/^ETCD_DATA_DIR=//p')"
  fi
done

${formerLook(paths)}
what=$(kind ${q(wal)})
logless=
case $what in
  directory)
    if names=$(ls -A ${q(wal)} 2>&1); then
      say wal.names "$names"
      first=$(printf '%s\\n' "$names" | grep -xE '[0-9a-f]{16}-[0-9a-f]{16}\\.wal' | sort | head -n 1)
      if [ -z "$first" ]; then logless=1
      elif head -c ${WAL_HEAD_BYTES} ${q(wal)}/"$first" > /dev/null 2>&1; then head -c ${WAL_HEAD_BYTES} ${q(wal)}/"$first" | field wal.head
      else say data.trouble "$(head -c 1 ${q(wal)}/"$first" 2>&1 > /dev/null)"; fi
    else say data.trouble "$names"; fi ;;
  none) logless=1 ;;
  *) say data.trouble "$what" ;;
esac
if [ -n "$logless" ]; then
  case $(kind ${q(snap)}) in
    directory) if names=$(ls -A ${q(snap)} 2>&1); then say snap.names "$names"; else say data.trouble "$names"; fi ;;
    none) names= ;;
    *) names= ; say data.trouble "$(kind ${q(snap)})" ;;
  esac
  for mount in ${mountPoints(dataDir).map(q).join(' ')}; do
    if findmnt -s -n -M "$mount" > /dev/null 2>&1 && ! mountpoint -q "$mount"; then say unmounted "$mount"; fi
  done
fi
if [ "\${pid:-0}" = 0 ]; then
  life=$(sed -n s/^invocation=//p ${q(paths.ended)} 2>/dev/null)
  [ -n "$life" ] || life=$(cat ${q(paths.firstLife)} 2>/dev/null)
elif [ -n "$logless" ] && [ -n "$names" ]; then life=$(of InvocationID "$unit")
else life=; fi
[ -z "$life" ] || log member "$life"

pid=$(of MainPID "$gateway")
if [ "\${pid:-0}" != 0 ]; then process gateway "$pid"
else
  life=$(sed -n s/^invocation=//p ${q(paths.gatewayEnded)} 2>/dev/null)
  [ -z "$life" ] || log gateway "$life"
fi
exit 0
`;
}

/** Where a disk for the data would be mounted: the data directory itself and everything above it. */
function mountPoints(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((_, i) => `/${parts.slice(0, i + 1).join('/')}`);
}
