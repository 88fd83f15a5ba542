import { createHash } from 'node:crypto';
import { type Outcome, applied, refused } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { NotAMemberProof } from '../../core/planner/index.js';
import {
  WAL_HEAD_BYTES,
  alreadyRunning,
  dataInWords,
  isDataOf,
  notTheProofsData,
  proofInWords,
  startedByHand,
} from '../evidence/index.js';
import { shellQuoted as q } from '../shell/index.js';
import { type Context, SHORT_MS, act, failed, unlessCancelled } from './context.js';
import { putFormerOut } from './former.js';
import type { HostPaths } from './layout.js';
import { type Seen, lookAt } from './observe.js';
import { hostNotSeen } from './problems.js';
import { PROPERTY, SCRIPT_CODE, STANDING, STRICT, lockHost } from './scripts.js';
import { walOf } from './unit.js';

const DOING = 'move data aside';
const TRIES_MAX = 3;

/** Renames the data directory into the directory beside it; nothing is ever deleted. */
export function setAside(
  context: Context,
  host: HostName,
  proof: NotAMemberProof,
  signal: AbortSignal,
): Promise<Outcome<{ readonly movedTo: string }>> {
  return unlessCancelled('moving data aside', host, signal, async () => {
    const { paths } = context;
    for (let tries = 1; ; tries++) {
      const seen = await lookAt(context, host, signal);
      if (!('facts' in seen)) {
        return refused(hostNotSeen({ host, doing: DOING, because: seen.because }));
      }
      const refusal = refusalOf(host, paths, seen, proof);
      if (refusal !== undefined) return refused(refusal);
      const stamp = new Date(context.clock.now()).toISOString().replaceAll(/[:.]/g, '-');
      const name = `${host.replaceAll(':', '-')}-${proof.memberID}-${stamp}-${context.random.hex(2)}`;
      const movedTo = `${paths.asideDir}/${name}`;
      const script = setAsideScript(paths, seen, movedTo);
      const end = await act(context, host, { doing: DOING, script, deadlineMs: SHORT_MS }, signal);
      if (end.kind === 'no') return end.outcome;
      if (end.code === 0) return applied({ movedTo });
      if (end.code !== SCRIPT_CODE.changed || tries === TRIES_MAX) {
        return refused(failed(context, host, DOING, end));
      }
    }
  });
}

function refusalOf(
  host: HostName,
  { dataDir }: HostPaths,
  { look, facts }: Seen,
  proof: NotAMemberProof,
) {
  const { process, data } = facts;
  if (process.kind === 'running') {
    return alreadyRunning({ host, pid: look.member.running?.pid ?? 0, dataDir });
  }
  if (process.kind === 'by-hand') {
    return startedByHand({ host, pid: look.others[0]?.pid ?? 0, dataDir });
  }
  if (isDataOf(proof, data)) return undefined;
  return notTheProofsData({ host, found: dataInWords(data), expected: proofInWords(proof) });
}

/**
 * Under the lock, only while nothing runs and the log begins with the very bytes that were looked at. What we remember of
 * that life goes with it, and so does our unit: how it ended says nothing about the member that comes here next.
 */
function setAsideScript(paths: HostPaths, { look }: Seen, movedTo: string): string {
  const { unit, unitFile, dataDir, asideDir, stateDir } = paths;
  const { data, member } = look;
  const [file, head] = data.kind === 'log' ? [data.file, data.head] : ['', new Uint8Array()];
  const digest = createHash('sha256').update(head).digest('hex');
  const log = q(`${walOf(paths)}/${file}`);
  const remembered = [paths.member, paths.firstLife, paths.removed, paths.ended].map(q).join(' ');
  return `${STRICT}
${PROPERTY}
${STANDING}
${lockHost(paths)}
[ "$(standing ${unit})" = ended ] || exit ${SCRIPT_CODE.changed}
${putFormerOut(paths)}
[ "$(head -c ${WAL_HEAD_BYTES} ${log} | sha256sum)" = ${q(`${digest}  -`)} ] || exit ${SCRIPT_CODE.changed}
if [ "$(property LoadState ${unit})" = loaded ]; then
  systemctl stop ${unit}
  systemctl --quiet --no-reload disable ${unit} 2> /dev/null || systemctl disable ${unit}
fi
[ -d ${q(asideDir)} ] || mkdir -m 700 ${q(asideDir)}
mv -T ${q(dataDir)} ${q(movedTo)}
sync ${q(asideDir)} "$(dirname ${q(asideDir)})"
mkdir -m 700 ${q(`${movedTo}.state`)}
for file in ${remembered}; do
  if [ -e "$file" ]; then mv "$file" ${q(`${movedTo}.state`)}; fi
done
if [ -e ${unitFile} ] && [ "$(sha256sum < ${unitFile})" = ${q(`${member.file?.unitDigest ?? ''}  -`)} ]; then
  rm ${unitFile}
  systemctl daemon-reload
fi
[ ! -d ${q(stateDir)} ] || sync ${q(stateDir)}
`;
}
