import type { EtcdVersion } from '../../core/cluster/index.js';
import { shellQuoted as q } from '../shell/index.js';
import { provenStatements } from './binary.js';
import { putFormerOut } from './former.js';
import { ETCD_USER, type HostPaths } from './layout.js';
import {
  PROPERTY,
  PUT,
  SCRIPT_CODE,
  STANDING,
  STRICT,
  LOOK_AT_UNIT,
  enable,
  lockHost,
  makeUser,
  putText,
} from './scripts.js';
import { type MemberFile, stateText } from './state-files.js';
import { walOf } from './unit.js';

export interface StartScript {
  readonly paths: HostPaths;
  readonly version: EtcdVersion;
  /** Absent: what was proven on the host counts alone. */
  readonly binaryDigest: string | undefined;
  readonly unit: string;
  /** What the unit file may be besides the new one: what we wrote before. Absent: we wrote none. */
  readonly knownUnitDigest: string | undefined;
  readonly file: MemberFile;
  /** Absent: a restart, which needs the log of the member. */
  readonly ticket: string | undefined;
}

/** The process is there within this, or systemd has said why not. */
const SPAWN_TRIES = 250;
const SPAWN_SECONDS = 0.02;

/**
 * Everything between the decision and the process, under the host's lock. What it was decided on is checked once more
 * here; the last word, at the very moment of the start, has the unit itself.
 */
export function startScript(start: StartScript): string {
  const { paths, version, ticket } = start;
  const { unit, unitFile, stateDir, dataDir } = paths;
  const expected = ticket === undefined ? 'log' : 'no-log';
  return `${STRICT}
${PUT}
${PROPERTY}
${STANDING}
${LOOK_AT_UNIT}
${provenStatements(version)}
${lockHost(paths)}
# The binary is read whole for its digest: beside the other looks, and before anything is written.
isProven ${start.binaryDigest ?? ''} 9>&- & proof=$!
isSure=
proven() { [ -n "$isSure" ] || wait $proof || exit ${SCRIPT_CODE.binaryMissing}; isSure=yes; }
[ "$(standing ${unit})" = ended ] || exit ${SCRIPT_CODE.changed}
${paths.former === undefined ? '' : `proven${putFormerOut(paths)}`}
if [ -n "$(ls -A ${walOf(paths)} 2> /dev/null)" ]; then found=log; else found=no-log; fi
[ $found = ${expected} ] || exit ${SCRIPT_CODE.changed}
digest=none
if [ -e ${unitFile} ]; then digest=$(sha256sum < ${unitFile} | cut -d ' ' -f 1); fi
case $digest in
  none | ${start.file.unitDigest} | ${start.knownUnitDigest ?? 'none'}) ;;
  *) proven; printf %s ${q(start.unit)} | diff -u - ${unitFile} | tail -n +3 || :; exit ${SCRIPT_CODE.unitChanged} ;;
esac
proven

${makeUser(ETCD_USER)}
mkdir -p -m 700 /var/lib/quorate ${stateDir}
[ -d /var/lib/etcd ] || mkdir -m 755 /var/lib/etcd
[ -d ${dataDir} ] || mkdir -m 700 ${dataDir}
[ "$(stat -c %U:%a ${dataDir})" = ${ETCD_USER}:700 ] || { chown -R ${ETCD_USER}:${ETCD_USER} ${dataDir}; chmod 700 ${dataDir}; }
${paths.former === undefined ? '' : `[ -z "$(find ${dataDir} ! -user ${ETCD_USER} -print -quit)" ] || chown -R ${ETCD_USER}:${ETCD_USER} ${dataDir}`}
${putText(paths.member, '600', 'root:root', stateText(start.file))}
if [ $digest != ${start.file.unitDigest} ]; then
  ${putText(unitFile, '644', 'root:root', start.unit)}
fi
# A unit that systemd sees for the first time needs no reload, which would have it read all the others anew.
lookAtUnit ${unit}
case $digest/$LoadState/$NeedDaemonReload in none/loaded/no | ${start.file.unitDigest}/loaded/no) ;; *)
  systemctl daemon-reload
  lookAtUnit ${unit} ;;
esac
rm -f ${paths.removed}
${enable(unit)}
# A start that systemd has planned for later would make ours wait for it.
case $SubState in auto-restart*) systemctl stop ${unit} ;; esac
[ "$LoadState/$ActiveState" = loaded/inactive ] || systemctl reset-failed ${unit} 2> /dev/null || :
before=$InvocationID
trap 'rm -f ${paths.ticket}' EXIT
${ticket === undefined ? '' : putText(paths.ticket, '600', 'root:root', ticket)}
since=$(date +%s)
said=$(systemctl start --no-block ${unit} 2>&1) || { echo "$said"; exit ${SCRIPT_CODE.notStarted}; }
for _ in $(seq ${SPAWN_TRIES}); do
  lookAtUnit ${unit}
  if [ "$MainPID" != 0 ]; then
    case $(tr '\\0' '\\n' < "/proc/$MainPID/cmdline" 2> /dev/null | head -n 1) in */etcd) exit 0 ;; esac
  fi
  case $ActiveState/$SubState in inactive/* | failed/* | activating/auto-restart*)
    # It may have ended already: then it has lived.
    if [ -n "$InvocationID" ] && [ "$InvocationID" != "$before" ]; then exit 0; fi
    if [ -z "$Job" ] && [ "$AssertResult" = no ]; then break; fi ;;
  esac
  sleep ${SPAWN_SECONDS}
done
journalctl -q -o cat --since "@$since" -u ${unit} | tail -n 20
exit ${SCRIPT_CODE.notStarted}
`;
}
