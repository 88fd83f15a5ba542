/** Who runs members on a host of ours. */
const USER = 'etcd';

/** As much of a log as its identity can take. */
const HEAD_BYTES = 8256;

/**
 * One look at every etcd of a host. Each fact is a line `@PID.name base64`; the last line is `@end`. Changes nothing. Data and
 * log are those that the process holds open, whatever its flags say; keys are only asked whether they can be read.
 */
export const ADOPT_SCRIPT = `export LC_ALL=C
field() { printf '@%s ' "$1"; base64 -w0; echo; }
say() { printf %s "$2" | field "$1"; }
property() { systemctl show -p "$1" --value "$2"; }
uptime=$(cut -d . -f 1 /proc/uptime)
now=$(date +%s)

readable() {
  if getent passwd ${USER} > /dev/null && command -v runuser > /dev/null; then runuser -u ${USER} -- test -r "$1"
  else [ $((0$(stat -L -c %a "$1") & 4)) != 0 ]; fi
}
# Directories on the way to a path that not everybody may pass.
closed() {
  above=$(dirname "$1")
  while [ "$above" != / ]; do
    [ $((0$(stat -L -c %a "$above") & 1)) != 0 ] || [ "$(stat -L -c %U "$above")" = ${USER} ] || echo "$above"
    above=$(dirname "$above")
  done
}
newer() { if [ -e "$1" ] && [ "$(stat -L -c %Y "$1")" -gt $((started + 1)) ]; then echo "$1"; fi; }

etcd() {
  pid=$1
  field "$pid.cmdline" < "/proc/$pid/cmdline"
  environment=$(tr '\\0' '\\n' < "/proc/$pid/environ" | grep '^ETCD_' || :)
  say "$pid.environment" "$environment"
  say "$pid.user" "$(stat -c %U "/proc/$pid")"
  say "$pid.cgroup" "$(sed -n -e 's/^0:://p' -e 's/^[0-9]*:name=systemd://p' "/proc/$pid/cgroup" | head -n 1)"
  unit=$(sed -n -e 's/^0:://p' -e 's/^[0-9]*:name=systemd://p' "/proc/$pid/cgroup" | head -n 1 | tr / '\\n' | grep -E '\\.(service|scope)$' | tail -n 1)
  fragment= ; dropins= ; files=
  if [ -n "$unit" ]; then
    say "$pid.unit" "$unit"
    say "$pid.main" "$(property MainPID "$unit")"
    say "$pid.state" "$(property UnitFileState "$unit")"
    fragment=$(property FragmentPath "$unit")
    if grep -qs '^# Written by Quorate' "$fragment"; then say "$pid.kept" "$unit"; fi
    dropins=$(property DropInPaths "$unit")
    files=$(property EnvironmentFiles "$unit" | sed 's/ (ignore_errors=[a-z]*)$//')
  fi
  config=$(tr '\\0' '\\n' < "/proc/$pid/cmdline" | awk 'take { print; take = 0 } /^--?config-file=/ { sub(/^[^=]*=/, ""); print } /^--?config-file$/ { take = 1 }' | tail -n 1)
  [ -n "$config" ] || config=$(printf '%s\\n' "$environment" | sed -n 's/^ETCD_CONFIG_FILE=//p')
  case $config in '' | /*) ;; *) config=$(readlink "/proc/$pid/cwd")/$config ;; esac
  if [ -n "$config" ] && [ -r "$config" ]; then field "$pid.config" < "$config"; fi
  ticks=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 20)
  started=$((now - uptime + ticks / 100))
  changed=$(for file in $fragment $dropins $files $config; do newer "$file"; done)
  say "$pid.changed" "$changed"

  open=$(ls -l "/proc/$pid/fd" 2> /dev/null | sed -n 's/^.* -> //p')
  data=$(printf '%s\\n' "$open" | sed -n 's,/member/snap/db$,,p' | head -n 1)
  wal=$(printf '%s\\n' "$open" | sed -n 's,/[0-9a-f]\\{16\\}-[0-9a-f]\\{16\\}\\.wal$,,p' | head -n 1)
  if [ -n "$data" ]; then
    say "$pid.data" "$data"
    say "$pid.closed" "$(closed "$data")"
  fi
  if [ -n "$wal" ]; then
    say "$pid.wal" "$wal"
    first=$(ls -A "/proc/$pid/root$wal" | grep -xE '[0-9a-f]{16}-[0-9a-f]{16}\\.wal' | sort | head -n 1)
    [ -z "$first" ] || head -c ${HEAD_BYTES} "/proc/$pid/root$wal/$first" | field "$pid.head"
  fi
  keys=$({ tr '\\0' ' ' < "/proc/$pid/cmdline"; printf '\\n%s\\n' "$environment"; [ -z "$config" ] || cat "$config"; } 2> /dev/null |
    grep -oE '([kK][eE][yY]|[cC][eE][rR][tT]|[cC][aA])[-_][fF][iI][lL][eE]["=: ]+/[^" ,]+' | sed 's,^[^/]*,,' | sort -u)
  say "$pid.keys" "$(for file in $keys; do [ ! -e "$file" ] || readable "$file" || echo "$file"; done)"
}

for pid in $(grep -ls '^etcd' /proc/[0-9]*/comm | cut -d / -f 3 | sort -n); do
  case $(cat "/proc/$pid/comm" 2> /dev/null) in etcdctl | etcdutl | '') continue ;; esac
  [ -e "/proc/$pid/exe" ] || continue
  # A gateway or a proxy holds nothing.
  case $(tr '\\0' '\\n' < "/proc/$pid/cmdline" | sed -n 2p) in gateway | grpc-proxy) continue ;; esac
  etcd "$pid"
done
echo '@end '
`;
