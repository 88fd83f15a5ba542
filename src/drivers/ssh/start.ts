import { createHash } from 'node:crypto';
import { type Outcome, type Problem, applied, assertNever, refused } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { Launch } from '../../core/planner/index.js';
import {
  alreadyRunning,
  dataDirDiffers,
  dataMissing,
  dataPresent,
  dataUnreadable,
  startedByHand,
} from '../evidence/index.js';
import { type Bringer, bringerTo } from './binary.js';
import { type Context, SHORT_MS, act, failed, unlessCancelled } from './context.js';
import { type HostPaths, binaryPath } from './layout.js';
import { type Seen, lookAt } from './observe.js';
import { dropInProblem } from './drift.js';
import { flagUnfit, hostNotSeen, unitChanged, unitNotStarted } from './problems.js';
import { SCRIPT_CODE } from './scripts.js';
import { startScript } from './start-script.js';
import { memberUnit, ticketOf, unfitForTicket } from './unit.js';

const DOING = 'start the member';
/** What was decided on may change under our hands: then it is looked at and decided anew. */
const TRIES_MAX = 4;

/** Starts the member and returns once its process exists; whether it lives is for the next observation. */
export function startMember(
  context: Context,
  host: HostName,
  launch: Launch,
  signal: AbortSignal,
): Promise<Outcome> {
  return unlessCancelled('starting the member', host, signal, async () => {
    const unfit = unfitFlag(host, context.paths, launch);
    if (unfit !== undefined) return refused(unfit);
    const bringer = await bringerTo(context, host, launch.version, signal);
    if (!bringer.ok) return refused(bringer.error);
    return await tryToStart(context, host, launch, bringer.value, signal);
  });
}

/** The data directory decides which process and which log belong to a host, so it is not free. */
function unfitFlag(host: HostName, paths: HostPaths, launch: Launch): Problem | undefined {
  const { dataDir: expected } = paths;
  const dataDir = launch.flags['data-dir'] ?? '';
  if (dataDir !== expected) {
    return dataDirDiffers({ host, flag: 'data-dir', found: dataDir, expected });
  }
  const walDir = launch.flags['wal-dir'] ?? '';
  if (walDir !== '') return dataDirDiffers({ host, flag: 'wal-dir', found: walDir, expected });
  const [flag] = unfitForTicket(launch.flags);
  return flag === undefined ? undefined : flagUnfit({ host, flag });
}

async function tryToStart(
  context: Context,
  host: HostName,
  launch: Launch,
  bringer: Bringer,
  signal: AbortSignal,
): Promise<Outcome> {
  const { paths } = context;
  const login = context.loginTo(host);
  const unit = memberUnit({ paths, binary: binaryPath(launch.version), flags: launch.flags });
  for (let tries = 1; ; tries++) {
    const seen = await lookAt(context, host, signal);
    if (!('facts' in seen)) {
      return refused(hostNotSeen({ host, doing: DOING, because: seen.because }));
    }
    const obstacle =
      obstacleTo(host, paths, seen, launch) ?? dropInProblem(seen.look, { host, paths, login });
    if (obstacle !== undefined) return refused(obstacle);
    const script = startScript({
      paths,
      binaryDigest: bringer.digest,
      version: launch.version,
      unit,
      knownUnitDigest: seen.look.member.file?.unitDigest,
      file: {
        launch,
        unitDigest: createHash('sha256').update(unit).digest('hex'),
        bootID: seen.look.bootID,
        askedAtMs: context.clock.now(),
      },
      ticket: launch.purpose === 'restart' ? undefined : ticketOf(launch.flags),
    });
    const end = await act(context, host, { doing: DOING, script, deadlineMs: SHORT_MS }, signal);
    if (end.kind === 'no') return end.outcome;
    switch (end.code) {
      case 0:
        return applied();
      case SCRIPT_CODE.binaryMissing: {
        const brought = await bringer.bring(signal);
        if (brought.kind !== 'applied') return brought;
        break;
      }
      case SCRIPT_CODE.unitChanged: {
        const difference = end.stdout.trim();
        return refused(unitChanged({ host, file: paths.unitFile, difference, login }));
      }
      case SCRIPT_CODE.notStarted: {
        const words = end.stdout.trim() || end.stderr.trim();
        return refused(unitNotStarted({ host, unit: paths.unit, words, login }));
      }
      case SCRIPT_CODE.changed:
        break;
      default:
        return refused(failed(context, host, DOING, end));
    }
    if (tries === TRIES_MAX) return refused(failed(context, host, DOING, end));
  }
}

function obstacleTo(
  host: HostName,
  { dataDir }: HostPaths,
  { look, facts }: Seen,
  launch: Launch,
): Problem | undefined {
  switch (facts.process.kind) {
    case 'running':
      return alreadyRunning({ host, pid: look.member.running?.pid ?? 0, dataDir });
    case 'by-hand':
      return startedByHand({ host, pid: look.others[0]?.pid ?? 0, dataDir });
    case 'unseen':
      return hostNotSeen({ host, doing: DOING, because: facts.process.because });
    case 'stopped':
      break;
    default:
      return assertNever(facts.process);
  }
  const { data } = facts;
  switch (data.kind) {
    case 'unreadable':
      return data.problem;
    case 'unseen':
      return dataUnreadable({ path: dataDir, because: data.because });
    case 'empty':
      return launch.purpose === 'restart' ? dataMissing({ host, dataDir }) : undefined;
    case 'present': {
      const { memberID, clusterID } = data;
      const { purpose } = launch;
      return purpose === 'restart'
        ? undefined
        : dataPresent({ host, purpose, dataDir, memberID, clusterID });
    }
    default:
      return assertNever(data);
  }
}
