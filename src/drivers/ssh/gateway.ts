import { createHash } from 'node:crypto';
import { type Outcome, applied, refused } from '../../base/index.js';
import type { EtcdVersion, HostName } from '../../core/cluster/index.js';
import type { GatewayLaunch } from '../../core/planner/index.js';
import { alreadyRunning } from '../evidence/index.js';
import { shellQuoted as q } from '../shell/index.js';
import { bringerTo, provenStatements } from './binary.js';
import { type Context, SHORT_MS, act, failed, unlessCancelled } from './context.js';
import { ETCD_USER, binaryPath } from './layout.js';
import { lookAt } from './observe.js';
import { gatewayAddress, hostNotSeen, unitChanged, unitNotStarted } from './problems.js';
import {
  PROPERTY,
  PUT,
  SCRIPT_CODE,
  STANDING,
  STRICT,
  enable,
  lockHost,
  makeUser,
  putText,
} from './scripts.js';
import { stateText } from './state-files.js';
import { stopUnit } from './stop.js';
import { gatewayUnit } from './unit.js';

const DOING = 'start the gateway';

/** Starts it and returns as soon as the process exists; whether it lives is for the next observation. */
export function startGateway(
  context: Context,
  host: HostName,
  launch: GatewayLaunch,
  version: EtcdVersion,
  signal: AbortSignal,
): Promise<Outcome> {
  return unlessCancelled('starting the gateway', host, signal, async () => {
    const { paths } = context;
    const [listen, ...more] = launch.listen;
    if (listen === undefined || more.length > 0) {
      return refused(gatewayAddress({ host, listen: launch.listen.join(', ') }));
    }
    const bringer = await bringerTo(context, host, version, signal);
    if (!bringer.ok) return refused(bringer.error);
    const seen = await lookAt(context, host, signal);
    if (!('facts' in seen)) {
      return refused(hostNotSeen({ host, doing: DOING, because: seen.because }));
    }
    const pid =
      seen.look.gateway.running?.pid ?? seen.look.member.running?.pid ?? seen.look.others[0]?.pid;
    if (pid !== undefined) return refused(alreadyRunning({ host, pid, dataDir: paths.dataDir }));
    const unit = gatewayUnit({
      paths,
      binary: binaryPath(version),
      listen: new URL(listen).host,
      endpoints: launch.endpoints.map((url) => new URL(url).host),
    });
    const { listen: listens, endpoints } = launch;
    const { bootID } = seen.look;
    const state = stateText({ listen: listens, endpoints, bootID, askedAtMs: context.clock.now() });
    const script = startScript(context, version, bringer.value.digest, unit, state);
    for (let tries = 1; ; tries++) {
      const end = await act(context, host, { doing: DOING, script, deadlineMs: SHORT_MS }, signal);
      if (end.kind === 'no') return end.outcome;
      if (end.code === 0) return applied();
      const login = context.loginTo(host);
      if (end.code === SCRIPT_CODE.unitChanged) {
        const difference = end.stdout.trim();
        return refused(unitChanged({ host, file: paths.gatewayUnitFile, difference, login }));
      }
      if (end.code === SCRIPT_CODE.notStarted) {
        const words = end.stdout.trim() || end.stderr.trim();
        return refused(unitNotStarted({ host, unit: paths.gatewayUnit, words, login }));
      }
      if (end.code === SCRIPT_CODE.changed)
        return refused(alreadyRunning({ host, pid: 0, dataDir: paths.dataDir }));
      if (end.code !== SCRIPT_CODE.binaryMissing || tries > 1) {
        return refused(failed(context, host, DOING, end));
      }
      const brought = await bringer.value.bring(signal);
      if (brought.kind !== 'applied') return brought;
    }
  });
}

/** SIGTERM; SIGKILL only after the grace. */
export function stopGateway(
  context: Context,
  host: HostName,
  options: { readonly graceMs: number },
  signal: AbortSignal,
): Promise<Outcome> {
  return unlessCancelled('stopping the gateway', host, signal, async () => {
    const stopping = { unit: context.paths.gatewayUnit, doing: 'stop the gateway' };
    const end = await stopUnit(context, host, stopping, options, signal);
    return end === 'nothing-runs' ? applied() : end;
  });
}

function startScript(
  { paths }: Context,
  version: EtcdVersion,
  binaryDigest: string | undefined,
  unitText: string,
  state: string,
): string {
  const { gatewayUnit: unit, gatewayUnitFile: unitFile, stateDir } = paths;
  const digest = createHash('sha256').update(unitText).digest('hex');
  const known = paths.gatewayWritten;
  return `${STRICT}
${PUT}
${PROPERTY}
${STANDING}
${provenStatements(version)}
${lockHost(paths)}
isProven ${binaryDigest ?? ''} || exit ${SCRIPT_CODE.binaryMissing}
[ "$(standing ${unit})" = ended ] && [ "$(standing ${paths.unit})" = ended ] || exit ${SCRIPT_CODE.changed}
found=none
if [ -e ${unitFile} ]; then found=$(sha256sum < ${unitFile} | cut -d ' ' -f 1); fi
if [ $found != none ] && [ $found != ${digest} ] && [ $found != "$(cat ${known} 2> /dev/null)" ]; then
  printf %s ${q(unitText)} | diff -u - ${unitFile} | tail -n +3 || :
  exit ${SCRIPT_CODE.unitChanged}
fi
${makeUser(ETCD_USER)}
mkdir -p -m 700 /var/lib/quorate ${stateDir}
${putText(paths.gateway, '600', 'root:root', state)}
${putText(known, '600', 'root:root', digest)}
if [ $found != ${digest} ]; then
  ${putText(unitFile, '644', 'root:root', unitText)}
  systemctl daemon-reload
fi
${enable(unit)}
case "$(property SubState ${unit})" in auto-restart*) systemctl stop ${unit} ;; esac
said=$(systemctl start ${unit} 2>&1) || { echo "$said"; exit ${SCRIPT_CODE.notStarted}; }
`;
}
