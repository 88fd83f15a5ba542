import type { HostName } from '../../core/cluster/index.js';
import type { HostFacts, HostShell, LookFor } from '../../engine/ports/index.js';
import { type Context, SHORT_MS } from './context.js';
import { factsOf } from './judge.js';
import { type Look, certificateFiles, parseLook } from './look.js';
import { lookScript } from './look-script.js';

export interface Seen {
  readonly look: Look;
  readonly facts: HostFacts;
}

/** One look at one host, in one round trip; or in words why there is none. Changes nothing. */
export async function lookAt(
  context: Context,
  host: HostName,
  signal: AbortSignal,
  more?: LookFor,
  shell: HostShell = context.shell,
): Promise<Seen | { readonly because: string }> {
  const { paths, clock, bootTimes } = context;
  const command = {
    doing: 'look at the member',
    script: lookScript(paths, more?.certificates),
    deadlineMs: SHORT_MS,
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
  if (more === undefined) return { look, facts };
  const certificates = certificateFiles(end.stdout, more.certificates);
  return { look, facts: { ...facts, certificates } };
}

export async function observeHost(
  context: Context,
  host: HostName,
  signal: AbortSignal,
  more?: LookFor,
): Promise<HostFacts> {
  const seen = await lookAt(context, host, signal, more, context.lookShell);
  return 'facts' in seen ? seen.facts : unseen(seen.because);
}

export const unseen = (because: string): HostFacts => ({
  process: { kind: 'unseen', because },
  data: { kind: 'unseen', because },
});
