import { type Instant, instantOf } from '../../base/index.js';
import type { HostName, ProcessSight } from '../../core/cluster/index.js';
import type { HostFacts, HostShell, LookFor } from '../../engine/ports/index.js';
import { type Context, LOOK_MS, SHORT_MS } from './context.js';
import { type FormerProcess, formerFlags, formerProcessIn } from './former.js';
import { factsOf } from './judge.js';
import type { FormerPaths } from './layout.js';
import { type Look, certificateFiles, parseLook, partsOf } from './look.js';
import { lookScript } from './look-script.js';

export interface Seen {
  readonly look: Look;
  readonly facts: HostFacts;
  /** Absent: nothing of what a person ran before us runs. */
  readonly former?: FormerProcess;
}

/** One look at one host, in one round trip; or in words why there is none. Changes nothing. */
export async function lookAt(
  context: Context,
  host: HostName,
  signal: AbortSignal,
  more?: LookFor,
  shell: HostShell = context.shell,
  deadlineMs = SHORT_MS,
): Promise<Seen | { readonly because: string }> {
  const { paths, clock, bootTimes } = context;
  const command = {
    doing: 'look at the member',
    script: lookScript(paths, more?.certificates),
    deadlineMs,
  };
  const end = await shell.run(host, command, signal);
  if (end.kind !== 'ended') {
    const { summary, detail } = end.problem;
    return { because: detail === '' ? summary : detail };
  }
  if (end.code !== 0) return { because: end.stderr.trim() || `the look ended with ${end.code}` };
  const look = parseLook(end.stdout, paths.dataDir);
  if (typeof look === 'string') return { because: look };
  const bootedAt = bootTimes.of(host, look.bootID, clock.now(), look.uptimeSeconds);
  const facts = factsOf(look, { host, paths, bootedAt, login: context.loginTo(host) });
  const seen = await withFormer({ look, facts }, end.stdout, paths.former, bootedAt);
  if (more === undefined) return seen;
  const certificates = certificateFiles(end.stdout, more.certificates);
  return { ...seen, facts: { ...seen.facts, certificates } };
}

/** A member that a person made is running as long as what that person started is. */
async function withFormer(
  seen: Seen,
  stdout: Uint8Array,
  paths: FormerPaths | undefined,
  bootedAt: Instant,
): Promise<Seen> {
  const former = paths === undefined ? undefined : formerProcessIn(partsOf(stdout));
  if (paths === undefined || former === undefined) return seen;
  const { look, facts } = seen;
  const { pid, startedSeconds = look.uptimeSeconds } = former;
  const others = look.others.some((other) => other.pid === pid)
    ? look.others
    : [...look.others, { pid, dataDir: '' }];
  const known: Seen = { look: { ...look, others }, facts, former };
  if (look.member.running !== undefined) return known;
  const flags = await formerFlags(former, paths);
  const process: ProcessSight = flags.ok
    ? {
        kind: 'running',
        startedAt: instantOf(Math.round(bootedAt + startedSeconds * 1000)),
        flags: flags.value,
      }
    : { kind: 'unseen', because: `of process ${pid}, ${flags.error}` };
  return { ...known, facts: { ...facts, process } };
}

/** Each takes a round trip, and waits a fifth of a second on the host for what begins there. */
const LOOKS_AGAIN_MAX = 2;

export async function observeHost(
  context: Context,
  host: HostName,
  signal: AbortSignal,
  more?: LookFor,
): Promise<HostFacts> {
  const look = () => lookAt(context, host, signal, more, context.lookShell, LOOK_MS);
  let seen = await look();
  for (let again = 0; isBetweenLives(seen) && again < LOOKS_AGAIN_MAX; again++) seen = await look();
  return 'facts' in seen ? seen.facts : unseen(seen.because);
}

/**
 * What a person started ends or starts at this very moment: it is there, and its words cannot be read. It would count as
 * unseen, and a host that is no member's any more is not waited for: its data would stay where it is.
 */
const isBetweenLives = (seen: Seen | { readonly because: string }): boolean =>
  'facts' in seen && seen.former !== undefined && seen.facts.process.kind === 'unseen';

export const unseen = (because: string): HostFacts => ({
  process: { kind: 'unseen', because },
  data: { kind: 'unseen', because },
});
