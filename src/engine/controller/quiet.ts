import { type Clock, type Instant, type Problem, instantOf } from '../../base/index.js';
import type { MemberListSight } from '../../core/cluster/index.js';
import {
  MEMBERSHIP_STEPS,
  QUIET_PERIOD_MS,
  type Step,
  type UnresolvedChange,
} from '../../core/planner/index.js';
import {
  type UnresolvedDecision,
  hasLanded,
  isJournalEntry,
  unresolvedFrom,
} from '../journal/index.js';
import type { ClusterStore, JournalEntry } from '../ports/index.js';
import type { ControllerEvent } from './events.js';

/** Far more entries than one membership step can be followed by before its outcome is written. */
export const JOURNAL_LOOKBACK_ENTRIES = 1000;

export interface QuietDesk {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly journal: (entry: JournalEntry) => Promise<void>;
  readonly emit: (event: ControllerEvent) => void;
}

/** Remembers the membership changes whose end nobody knows; the journal is where a new controller finds them. */
export interface QuietPeriod {
  /** Reads the journal, once; while it cannot be read nobody knows whether something is open, and this is why. */
  ready(): Promise<Problem | undefined>;
  /** What the planner is told. Only once it is ready. */
  current(): UnresolvedChange | undefined;
  begin(id: string, step: Step, decidedAt: Instant): void;
  /** Ends those for which `list` went through quorum late enough: then the change is in it, or will never be. */
  endIfSeen(list: MemberListSight): Promise<void>;
}

export function quietPeriod(desk: QuietDesk): QuietPeriod {
  /** The one that can have been sent last at the end. */
  let unresolved: readonly UnresolvedDecision[] = [];
  let startedAt: Instant | undefined;
  let isRead = false;

  const announce = () => {
    const last = unresolved.at(-1);
    if (last === undefined) return;
    desk.emit({
      kind: 'quiet-period',
      at: desk.clock.now(),
      step: last.step.kind,
      until: instantOf(last.at + QUIET_PERIOD_MS),
    });
  };

  return {
    ready: async () => {
      if (isRead) return undefined;
      startedAt ??= desk.clock.now();
      const entries = await desk.store.readJournal(JOURNAL_LOOKBACK_ENTRIES);
      if (!entries.ok) return entries.error;
      isRead = true;
      unresolved = unresolvedFrom(entries.value.filter(isJournalEntry), startedAt);
      announce();
      return undefined;
    },
    current: () => {
      const last = unresolved.at(-1);
      return last === undefined ? undefined : { step: last.step.kind, at: last.at };
    },
    begin: (id, step, decidedAt) => {
      if (!MEMBERSHIP_STEPS.has(step.kind)) return;
      unresolved = [...unresolved, { id, step, decidedAt, at: desk.clock.now() }];
      announce();
    },
    endIfSeen: async (list) => {
      if (list.kind !== 'linearizable') return;
      for (const open of unresolved) {
        if (list.at < open.at + QUIET_PERIOD_MS) continue;
        const landed = hasLanded(open.step, list.members);
        const at = desk.clock.now();
        await desk.journal({
          kind: 'outcome',
          at,
          id: open.id,
          outcome: landed ? 'applied' : 'refused',
          step: open.step.kind,
          tookMs: Math.max(0, at - open.decidedAt),
        });
        unresolved = unresolved.filter((other) => other !== open);
        desk.emit({ kind: 'quiet-period-over', at, step: open.step.kind, landed });
      }
    },
  };
}
