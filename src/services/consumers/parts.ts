import type { Clock, Problem } from '../../base/index.js';
import { type Consumer, type ConsumerID, consumerID } from '../../core/cluster/index.js';
import type { HostShell } from '../../engine/ports/index.js';

export interface ConsumersOptions {
  readonly shell: HostShell;
  readonly clock: Clock;
  /** On every host with a consumer: what it had before, and whether a change is under way. Never in a manifest directory. */
  readonly stateDir: string;
  readonly timings?: Partial<ConsumerTimings>;
}

export interface ConsumerTimings {
  /** One command on a host. */
  readonly commandMs: number;
  /** Between two looks at a program that starts again. */
  readonly pollMs: number;
  /**
   * How long it may take until it is well. systemd waits 90 s and the kubelet 30 s for the end of one that cannot reach its
   * etcd any more, before either uses force.
   */
  readonly gateMs: number;
}

export const DEFAULT_TIMINGS: ConsumerTimings = { commandMs: 15_000, pollMs: 500, gateMs: 120_000 };

export interface Parts {
  readonly shell: HostShell;
  readonly clock: Clock;
  readonly stateDir: string;
  readonly timings: ConsumerTimings;
}

export const stateDirOf = ({ stateDir }: Parts, consumer: Consumer): string =>
  `${stateDir}/consumers/${consumerID(consumer).replaceAll(/[^\w.@-]/g, '_')}`;

export type Ran =
  | { readonly kind: 'ok'; readonly stdout: string }
  /** It ran and said no, or was never begun. */
  | { readonly kind: 'no'; readonly because: string }
  | { readonly kind: 'cut'; readonly because: string };

/** One script on the consumer's host; what it says against itself is carried in its own words. */
export async function runOn(
  { shell, timings }: Parts,
  consumer: Consumer,
  doing: string,
  script: string,
  signal: AbortSignal,
  stdin?: string,
): Promise<Ran> {
  const end = await shell.run(
    consumer.host,
    {
      doing: `${doing} of ${consumerID(consumer) satisfies ConsumerID}`,
      script,
      deadlineMs: timings.commandMs,
      ...(stdin === undefined ? {} : { stdin: new TextEncoder().encode(stdin) }),
    },
    signal,
  );
  switch (end.kind) {
    case 'ended': {
      const stdout = new TextDecoder().decode(end.stdout);
      if (end.code === 0) return { kind: 'ok', stdout };
      const said = end.stderr.trim();
      return { kind: 'no', because: said === '' ? `${doing}: exit code ${end.code}` : said };
    }
    case 'unreached':
      return { kind: 'no', because: wordsOf(end.problem) };
    case 'cut':
      return { kind: 'cut', because: wordsOf(end.problem) };
  }
}

const wordsOf = ({ summary, detail }: Problem): string =>
  [summary, detail.replace(/\.$/, '')].filter((text) => text !== '').join(': ');
