import { shellQuoted as q } from '../shell/index.js';
import type { HostPaths } from './layout.js';

/** How a script that acts tells why it did not; other codes are a command's own. */
export const SCRIPT_CODE = {
  /** The state directory or the data directory is not what it should be. */
  hidden: 20,
  noSystemd: 21,
  /** The binary is not there, or is another one. */
  binaryMissing: 30,
  /** The binary at hand is for another kind of machine. */
  otherMachine: 37,
  /** What it was decided on has changed meanwhile. */
  changed: 31,
  unitChanged: 32,
  notStarted: 33,
  busy: 34,
  stillThere: 35,
  nothingRuns: 36,
} as const;

/** Every command must succeed; what fails says so on standard error. */
export const STRICT = 'set -eu';

/** What a path is: `none`, `directory`, …, or `trouble: …`. A disk that does not answer is not taken for an empty one. */
export const KIND = `kind() {
  if k=$(stat -L -c %F -- "$1" 2>&1); then echo "$k"; else
    case $k in *'No such file or directory'*) echo none ;; *) echo "trouble: $k" ;; esac
  fi
}`;

/**
 * put PATH MODE OWNER: standard input becomes the file as a whole, durably, or nothing changes. The temporary file goes
 * when anything fails.
 */
export const PUT = `put() {
  t=$(mktemp "$1.XXXXXX.new")
  if cat > "$t" && chown "$3" "$t" && chmod "$2" "$t" && sync "$t" && mv -fT "$t" "$1" && sync "$(dirname "$1")"; then :; else
    rm -f "$t"; return 1
  fi
}`;

/** Writes a text of ours by `put`. */
export const putText = (path: string, mode: string, owner: string, text: string): string =>
  `printf %s ${q(text)} | put ${q(path)} ${mode} ${owner}`;

/** How long a script waits for another one of ours on the same host. */
const LOCK_SECONDS = 5;

/** Changes to one host's member take turns, whichever seat they come from. Released with the script's end. */
export const lockHost = (paths: HostPaths): string => `mkdir -p -m 700 ${q(paths.runDir)}
exec 9> ${q(paths.lock)}
flock -w ${LOCK_SECONDS} 9 || exit ${SCRIPT_CODE.busy}`;

/** property NAME UNIT: one property as systemd shows it. */
export const PROPERTY = 'property() { systemctl show -p "$1" --value "$2"; }';

/** lookAtUnit UNIT: what a start goes by, as variables of systemd's own names, all of one moment. */
export const LOOK_AT_UNIT = `lookAtUnit() {
  LoadState= NeedDaemonReload= ActiveState= SubState= MainPID=0 InvocationID= Job= AssertResult=
  while IFS='=' read -r name value; do
    case $name in
      LoadState) LoadState=$value ;;
      NeedDaemonReload) NeedDaemonReload=$value ;;
      ActiveState) ActiveState=$value ;;
      SubState) SubState=$value ;;
      MainPID) MainPID=$value ;;
      InvocationID) InvocationID=$value ;;
      Job) Job=$value ;;
      AssertResult) AssertResult=$value ;;
    esac
  done << SHOWN
$(systemctl show -p LoadState,NeedDaemonReload,ActiveState,SubState,MainPID,InvocationID,Job,AssertResult "$1")
SHOWN
}`;

/**
 * standing UNIT: `running` while anything of it is there or about to be, else `ended`; between two lives it is ended.
 */
export const STANDING = `standing() {
  case "$(property ActiveState "$1")/$(property SubState "$1")" in
    inactive/* | failed/* | activating/auto-restart*) echo ended ;;
    *) echo running ;;
  esac
}`;

/** Makes the user who runs etcd, if there is none; two who do it at once are no trouble. */
export const makeUser = (user: string): string => `if ! getent passwd ${user} > /dev/null; then
  useradd --system --user-group --no-create-home --home-dir /var/lib/etcd --shell /usr/sbin/nologin ${user} ||
    getent passwd ${user} > /dev/null
fi`;

/** Where systemd keeps what starts at boot; a link there that is not synced is lost with the power. */
const WANTED = '/etc/systemd/system/multi-user.target.wants';

/** The unit starts at the next boot, or does not, also when power fails now. */
export const enable = (unit: string): string => startsAtBoot('enable', unit);
export const disable = (unit: string): string => startsAtBoot('disable', unit);

const startsAtBoot = (verb: 'enable' | 'disable', unit: string): string =>
  `systemctl --quiet --no-reload ${verb} ${unit} 2> /dev/null || systemctl ${verb} ${unit}
for at in /etc /etc/systemd/system ${WANTED}; do [ ! -d $at ] || sync $at; done`;
