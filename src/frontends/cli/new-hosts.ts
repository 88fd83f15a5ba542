import type { Problem } from '../../base/index.js';
import type { ClusterRecord } from '../../core/cluster/index.js';
import type { ClusterSpec } from '../../core/spec/index.js';
import { hostsWithoutAddresses } from '../../engine/controller/index.js';
import { type Context, tell } from './context.js';
import type { HostVerdict } from './hosts-ports.js';

/**
 * Looks at the hosts that get their first member or gateway by this spec, before anything is written or started. Warnings are
 * told. Answers what is in the way; nothing where no host is new, and on this machine, whose hosts are all itself.
 */
export async function whyHostsUnfit(
  context: Context,
  record: ClusterRecord | undefined,
  { spec, skip }: { readonly spec: ClusterSpec; readonly skip: boolean | undefined },
): Promise<readonly Problem[]> {
  if (skip === true || spec.driver.kind !== 'ssh') return [];
  const wanted = hostsWithoutAddresses({ spec }, record ?? { addresses: {} });
  const hosts = wanted.map(({ host }) => host);
  if (hosts.length === 0) return [];
  tell(context, `looking whether ${hosts.join(', ')} ${hosts.length === 1 ? 'is' : 'are'} fit`);
  const ports = await context.ports.hosts();
  const { verdicts, problems } = await ports.fitness({
    spec,
    record,
    hosts,
    signal: context.interrupt,
  });
  for (const line of warningsIn(verdicts)) tell(context, line);
  return problems;
}

/** A line for each warning; for what is said of several hosts, one. */
function warningsIn(verdicts: readonly HostVerdict[]): readonly string[] {
  const ends = new Map<string, string[]>();
  for (const { standing, check, host, to, summary } of verdicts) {
    if (standing !== 'warning') continue;
    const said = `${check}: ${summary}`;
    const known = ends.get(said) ?? [];
    ends.set(said, [...known, to === undefined ? host : `${host} → ${to}`]);
  }
  return [...ends].map(([said, whom]) => `warning: ${whom.join(', ')}: ${said}`);
}
