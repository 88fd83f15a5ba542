import type { HostName } from '../../core/cluster/index.js';
import { type Outcome, applied, refused, unknown } from '../../base/index.js';
import { shellQuoted as q } from '../shell/index.js';
import type { Context } from './context.js';
import { hostCommandFailed } from './problems.js';
import { STRICT } from './scripts.js';

/** Moving within a file system is quick; deleting a large database is not. */
const MOVE_MS = 60_000;

/**
 * Everything of a cluster that is to be no more goes out of the way on one host: units, state, data and what was set aside
 * before. Refused while anything runs. May be repeated: what is gone already is no trouble.
 */
export async function moveAway(
  { cluster, shell, paths }: Context,
  host: HostName,
  { stamp, deleteData }: { readonly stamp: string; readonly deleteData: boolean },
  signal: AbortSignal,
): Promise<Outcome> {
  const { unit, gatewayUnit, unitFile, gatewayUnitFile, stateDir, runDir, dataDir, asideDir } =
    paths;
  const state = `/var/lib/quorate.destroyed/${cluster}-${stamp}`;
  const data = `${dataDir}.destroyed-${stamp}`;
  const script = `${STRICT}
for unit in ${unit} ${gatewayUnit}; do
  case $(systemctl show -p ActiveState --value "$unit") in
    inactive | failed) ;;
    *) echo "$unit is still $(systemctl show -p ActiveState --value "$unit")" >&2; exit 1 ;;
  esac
done
systemctl --quiet disable ${unit} ${gatewayUnit} 2> /dev/null || :
mkdir -p -m 700 ${q(state)}
for file in ${unitFile} ${gatewayUnitFile}; do if [ -e "$file" ]; then mv "$file" ${q(state)}/; fi; done
systemctl daemon-reload
if [ -e ${q(dataDir)} ] || [ -e ${q(asideDir)} ]; then mkdir -p -m 700 ${q(data)}; fi
for directory in ${q(dataDir)} ${q(asideDir)}; do if [ -e "$directory" ]; then mv "$directory" ${q(data)}/; fi; done
rm -rf ${q(runDir)}
if [ -e ${q(stateDir)} ]; then mv ${q(stateDir)} ${q(state)}/; fi
${deleteData ? `rm -rf ${q(state)} ${q(data)}` : ''}
sync`;
  const doing = 'move the cluster out of the way';
  const end = await shell.run(host, { doing, script, deadlineMs: MOVE_MS }, signal);
  switch (end.kind) {
    case 'ended':
      return end.code === 0
        ? applied()
        : refused(hostCommandFailed({ host, doing, code: end.code, words: end.stderr.trim() }));
    case 'unreached':
      return refused(end.problem);
    case 'cut':
      return unknown(end.problem);
  }
}
