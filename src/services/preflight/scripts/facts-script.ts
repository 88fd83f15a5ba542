import type { PreflightHost, PreflightWish } from '../hosts.js';
import { END, PRELUDE, SCRATCH, q } from './common.js';
import { HUNG_SECONDS, diskTiming } from './disk-timing.js';

/** What the driver's own scripts call, beside the shell's own words. Most are of coreutils. */
export const TOOLS = [
  'base64',
  'chown',
  'cut',
  'date',
  'diff',
  'env',
  'findmnt',
  'flock',
  'getent',
  'grep',
  'head',
  'id',
  'journalctl',
  'mktemp',
  'mountpoint',
  'od',
  'readlink',
  'sed',
  'seq',
  'sha256sum',
  'sort',
  'stat',
  'sync',
  'systemctl',
  'tail',
  'timeout',
  'tr',
  'useradd',
] as const;

const TIME_KEEPERS = ['systemd-timesyncd', 'chrony', 'chronyd', 'ntp', 'ntpd', 'ntpsec'];
const FIREWALLS = ['firewalld', 'ufw', 'nftables'];
/** Where distributions and hand-made set-ups keep an etcd's data. */
const USUAL_DATA = ['/var/lib/etcd', '/var/lib/etcd/default', '/var/lib/etcd/default.etcd'];
const STATIC_POD = '/etc/kubernetes/manifests/etcd.yaml';

/** How long the parts may take that ask another program; each is asked on its own. */
const ASK_SECONDS = 3;
/** A hung name server must not be the end of all other answers. */
const NAME_SECONDS = 4;

/**
 * Everything about one host, in one go. Changes nothing on it. What touches the data's disk runs beside the rest: a disk that
 * does not answer takes nothing else with it.
 */
export function factsScript(
  wish: Pick<PreflightWish, 'user'>,
  host: PreflightHost,
  names: readonly string[],
  isBrief = false,
): string {
  const [dataDir] = host.dataDirs;
  const ports = [...new Set(host.listens.map(({ port }) => port))];
  return `${PRELUDE}${SCRATCH}${diskTiming(isBrief)}
storage() {
  base=$1
  while [ ! -d "$base" ] && [ "$base" != / ]; do base=$(dirname "$base"); done
  say data.base "$base"
  [ "$base" = "$1" ] && say data.exists yes
  for at in ${host.dataDirs.map(q).join(' ')}; do
    if [ -e "$at/member" ]; then say data.holds "$at"; fi
    [ -e "$at/member" ] || [ -z "$(ls -A "$at" 2> /dev/null | grep -vx 'lost+found')" ] || say data.strange "$at"
  done
  say data.owner "$(stat -c '%U %a' "$base" 2> /dev/null)"
  has findmnt && findmnt -s -n -o TARGET 2> /dev/null | while read -r disk; do
    case $1/ in "\${disk%/}"/*) mountpoint -q "$disk" || say data.unmounted "$disk" ;; esac
  done
  df -Pk "$base" | tail -n 1 | each data.space
  df -Pi "$base" | tail -n 1 | each data.files
  mount=$(df -Pk "$base" | tail -n 1 | sed 's/.*% *//')
  while IFS= read -r line; do
    set -- $line
    [ "$5" = "$mount" ] && say data.mount "$line" && device=$3
  done < /proc/self/mountinfo
  [ -z "$device" ] || for at in "/sys/dev/block/$device/queue" "/sys/dev/block/$device/../queue"; do
    [ -e "$at/rotational" ] && say data.rotational "$(cat "$at/rotational")" && break
  done
  measure
  say storage.end ''
}
names() {
  for name in ${names.map(q).join(' ')}; do
    found=$(limited ${NAME_SECONDS} getent ahosts "$name")
    say name "$name $? $(printf '%s\\n' "$found" | sed 's/ .*//' | sort -u | tr '\\n' ' ')"
  done > "$scratch/names"
}

busy=
for pid in $(grep -lsx etcd /proc/[0-9]*/comm | cut -d / -f 3); do
  [ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] || say etcd.contained "$pid"
  say etcd.process "$pid $(tr '\\0' ' ' < "/proc/$pid/cmdline" 2> /dev/null)"
  say etcd.variables "$pid $(tr '\\0' '\\n' < "/proc/$pid/environ" 2> /dev/null | grep '^ETCD_DATA_DIR=' | tr '\\n' ' ')"
  busy=yes
done
${dataDir === undefined ? '' : `storage ${q(dataDir)} > "$scratch/storage" 2> /dev/null & disk=$!`}
names & asked=$!
# It is asked of a service that has to be started first.
{ has timedatectl && limited ${ASK_SECONDS} timedatectl show -p NTPSynchronized --value 2> /dev/null | each synchronized; } > "$scratch/kept" & kept=$!

say kernel "$(uname -r)"
say machine "$(uname -m)"
( . /etc/os-release && say system "$PRETTY_NAME" ) 2> /dev/null
say processors "$(getconf _NPROCESSORS_ONLN 2> /dev/null || nproc 2> /dev/null || grep -c ^processor /proc/cpuinfo)"
grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo | each memory
say init "$(cat /proc/1/comm 2> /dev/null)"
has systemctl && limited ${ASK_SECONDS} systemctl --version | head -n 1 | each systemd.version
for tool in ${TOOLS.join(' ')}; do has $tool || say missing $tool; done
getent passwd ${q(wish.user)} | each user
say selinux "$(cat /sys/fs/selinux/enforce 2> /dev/null)"
say apparmor "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)"
grep -s etcd /sys/kernel/security/apparmor/profiles | each apparmor.profile

if [ -d /run/systemd/system ]; then
  set -- ${[...TIME_KEEPERS, ...FIREWALLS].join(' ')}
  # A line for each, in this order.
  limited ${ASK_SECONDS} systemctl is-active "$@" 2> /dev/null | while read -r state; do
    [ "$state" = active ] && say active "$1"
    shift
  done
  limited ${ASK_SECONDS} systemctl list-unit-files --plain --no-legend --no-pager 'etcd*' 2> /dev/null |
    while read -r unit _; do say etcd.unit "$unit $(limited ${ASK_SECONDS} systemctl is-active "$unit" 2> /dev/null)"; done
fi
if has dpkg-query; then dpkg-query -W -f '\${db:Status-Status} \${Package} \${Version}\\n' 'etcd*' 2> /dev/null | sed -n 's/^installed //p' | each etcd.package
elif has rpm; then limited ${ASK_SECONDS} rpm -qa --qf '%{NAME} %{VERSION}\\n' 'etcd*' 2> /dev/null | each etcd.package; fi
if has etcd; then say etcd.binary "$(command -v etcd) $(limited ${ASK_SECONDS} etcd --version 2> /dev/null | head -n 1)"; fi
[ -e ${STATIC_POD} ] && say etcd.manifest ${STATIC_POD}
if has ip; then ip -o addr show 2> /dev/null | sed 's/^[0-9]*: *[^ ]* *inet6\\{0,1\\} \\([^/ ]*\\).*/\\1/' | each address
else hostname -I 2> /dev/null | tr ' ' '\\n' | sed '/^$/d' | each address; fi

# Sockets that listen at the ports in question, and whose they are.
for port in ${ports.join(' ')}; do
  hex=$(printf %04X "$port")
  cat /proc/net/tcp /proc/net/tcp6 2> /dev/null | while read -r _ socket _ state _ _ _ uid _ inode _; do
    case $state/$socket in 0A/*:$hex)
      owner=$(ls -l /proc/[0-9]*/fd 2> /dev/null | while read -r line; do
        case $line in /proc/*) at=\${line%/fd:}; at=\${at#/proc/} ;; *"socket:[$inode]"*) echo "$at"; break ;; esac
      done)
      say listener "$socket $uid \${owner:--} $(cat "/proc/\${owner:--}/comm" 2> /dev/null)" ;;
    esac
  done
done

wait $asked $kept
cat "$scratch/names" "$scratch/kept" 2> /dev/null
${dataDir === undefined ? '' : awaitStorage()}
for at in ${USUAL_DATA.join(' ')}; do
  [ -d /var/lib/etcd ] || break
  # Below a disk that does not answer nothing more is asked.
  [ -z "$hung" ] || break
  [ -e "$at/member" ] && say etcd.data "$at"
done
${END}`;
}

const WAITS_A_SECOND = 25;

/** With a little longer than the measurement gives itself. */
const awaitStorage = (): string => `tries=0 hung=
while kill -0 $disk 2> /dev/null; do
  [ $tries -ge ${(HUNG_SECONDS + 2) * WAITS_A_SECOND} ] && hung=yes && break
  sleep ${1 / WAITS_A_SECOND}
  tries=$((tries + 1))
done
cat "$scratch/storage" 2> /dev/null
[ -z "$hung" ] || say storage.hung yes`;
