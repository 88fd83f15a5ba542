import { type Problem, ok } from '../../base/index.js';
import type { ClusterSpec } from '../../core/spec/index.js';
import type { Wish } from '../../engine/ports/index.js';
import { confirm } from './confirm.js';
import { type Context, tell } from './context.js';
import { editWish } from './edit-wish.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { settledPreviewOf } from './settled-preview.js';
import { whyHostsUnfit } from './new-hosts.js';
import type { FoundOptions, ManagedCluster } from './ports.js';
import { clusterPaused } from './problems.js';
import { isDestructive } from './reports/plan-report.js';
import { planView } from './views/plan.js';

export interface Acceptance {
  readonly spec: ClusterSpec;
  /** `quorate apply`: who asks, for the journal and for messages. */
  readonly command: string;
  /** How to give the same command again, with `--yes=NAME` behind it. */
  readonly again: string;
  readonly yes?: string | undefined;
  readonly offline?: boolean | undefined;
  readonly skipHostsCheck?: boolean | undefined;
  /** Whoever asks acts on it as soon as it is accepted. */
  readonly thenRuns?: boolean;
}

export interface Refusal {
  readonly problems: readonly Problem[];
  readonly exit: ExitCode;
}

const failed = (...problems: readonly Problem[]): Refusal => ({ problems, exit: EXIT.failed });

/** How etcd is made ready for a spec, told on the terminal. */
export const preparing = (
  context: Context,
  { offline }: { readonly offline?: boolean | undefined },
): FoundOptions => ({
  offline: offline === true,
  progress: (line) => tell(context, line),
  signal: context.interrupt,
});

/**
 * Writes down that the cluster should be up and as this spec says: founds it, or shows the plan of the change, lets a
 * person confirm what takes members away, and changes the wish. A plan that is blocked from the start is refused with
 * nothing written. Undefined: accepted.
 */
export async function acceptSpec(
  context: Context,
  cluster: ManagedCluster,
  acceptance: Acceptance,
): Promise<Refusal | undefined> {
  const exists = await cluster.exists();
  if (!exists.ok) return failed(exists.error);
  const read = exists.value ? await cluster.store.readWish() : ok(undefined);
  if (!read.ok) return failed(read.error);
  if (read.value !== undefined) return changeExisting(context, cluster, read.value, acceptance);
  const unfit = await whyHostsUnfit(context, undefined, hostsIn(acceptance));
  if (unfit.length > 0) return { problems: unfit, exit: EXIT.blocked };
  const { command, thenRuns } = acceptance;
  const founded = await cluster.found(acceptance.spec, {
    ...preparing(context, acceptance),
    ...(thenRuns === true ? { thenRuns: command } : {}),
  });
  if (founded.ok) return undefined;
  const theirs = await foundedMeanwhile(context, cluster);
  return theirs === undefined
    ? failed(founded.error)
    : changeExisting(context, cluster, theirs, acceptance);
}

const hostsIn = ({ spec, skipHostsCheck }: Acceptance) => ({ spec, skip: skipHostsCheck });

/** Writing a record and a wish takes a few milliseconds; whoever does that beside us gets a second. */
const FOUNDING_POLL_MS = 50;
const FOUNDING_LOOKS_MAX = 20;

/** What somebody else wants of a cluster that we failed to found; undefined when nobody founded it. */
async function foundedMeanwhile(
  { ports, interrupt }: Context,
  cluster: ManagedCluster,
): Promise<Wish | undefined> {
  for (let look = 0; look < FOUNDING_LOOKS_MAX && !interrupt.aborted; look++) {
    // The holder first: what it wrote before it let go is then seen.
    const holder = await cluster.store.lockHolder();
    const wish = await cluster.store.readWish();
    if (!wish.ok || wish.value !== undefined) return wish.ok ? wish.value : undefined;
    if (holder === undefined) return undefined;
    await ports.clock.sleep(FOUNDING_POLL_MS, interrupt).catch(() => undefined);
  }
  return undefined;
}

async function changeExisting(
  context: Context,
  cluster: ManagedCluster,
  wish: Wish,
  acceptance: Acceptance,
): Promise<Refusal | undefined> {
  const { spec, command } = acceptance;
  if (wish.paused && wish.state === 'up') return failed(clusterPaused({ cluster: cluster.name }));
  if (JSON.stringify(wish.spec) !== JSON.stringify(spec)) {
    const refused = await showAndConfirm(context, cluster, acceptance);
    if (refused !== undefined) return refused;
  }
  const prepared = await cluster.prepare(spec, preparing(context, acceptance));
  if (!prepared.ok) return failed(prepared.error);
  const edited = await editWish(context, cluster, command, (before) =>
    ok({ ...before, spec, state: 'up', paused: false }),
  );
  return edited.ok ? undefined : failed(edited.error);
}

async function showAndConfirm(
  context: Context,
  cluster: ManagedCluster,
  acceptance: Acceptance,
): Promise<Refusal | undefined> {
  const { spec, again, yes } = acceptance;
  const record = await cluster.store.readRecord();
  if (!record.ok) return failed(record.error);
  const [unfit, look] = await Promise.all([
    whyHostsUnfit(context, record.value, hostsIn(acceptance)),
    cluster.look(context.interrupt),
  ]);
  if (!look.ok) return failed(...look.error);
  const preview = await settledPreviewOf(context, cluster, look.value, { spec, state: 'up' });
  if (!preview.ok) return failed(...preview.error);
  const report = preview.value;
  if (report.kind === 'blocked' && report.problem !== undefined) {
    return { problems: [report.problem], exit: EXIT.blocked };
  }
  if (unfit.length > 0) return { problems: unfit, exit: EXIT.blocked };
  if (report.steps.length > 0) tell(context, planView.text(report, context.errStyle).trimEnd());
  if (!report.steps.some(({ step }) => isDestructive(step))) return undefined;
  const problem = await confirm(context, {
    cluster: cluster.name,
    what: `carry out this plan for ${cluster.name}`,
    command: again,
    yes,
  });
  return problem === undefined ? undefined : { problems: [problem], exit: EXIT.usage };
}
