import { type Clock, type Instant, instantOf } from '../../base/index.js';
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

/** Remembers the one membership change whose end nobody knows; the journal is where a new controller finds it. */
export interface QuietPeriod {
  /** What the planner is told. */
  current(): Promise<UnresolvedChange | undefined>;
  begin(id: string, step: Step, decidedAt: Instant): void;
  /** Ends it when `list` went through quorum late enough: then the change is in it, or will never be. */
  endIfSeen(list: MemberListSight): Promise<void>;
}

export function quietPeriod(desk: QuietDesk): QuietPeriod {
  let unresolved: UnresolvedDecision | undefined;
  let read: Promise<void> | undefined;

  const announce = ({ step, at }: UnresolvedDecision) =>
    desk.emit({
      kind: 'quiet-period',
      at: desk.clock.now(),
      step: step.kind,
      until: instantOf(at + QUIET_PERIOD_MS),
    });
  const readOnce = () => {
    const startedAt = desk.clock.now();
    return (read ??= desk.store.readJournal(JOURNAL_LOOKBACK_ENTRIES).then((entries) => {
      unresolved = unresolvedFrom(entries.filter(isJournalEntry), startedAt);
      if (unresolved !== undefined) announce(unresolved);
    }));
  };

  return {
    current: async () => {
      await readOnce();
      return unresolved === undefined
        ? undefined
        : { step: unresolved.step.kind, at: unresolved.at };
    },
    begin: (id, step, decidedAt) => {
      if (!MEMBERSHIP_STEPS.has(step.kind)) return;
      unresolved = { id, step, decidedAt, at: desk.clock.now() };
      announce(unresolved);
    },
    endIfSeen: async (list) => {
      await readOnce();
      const open = unresolved;
      if (open === undefined || list.kind !== 'linearizable') return;
      if (list.at < open.at + QUIET_PERIOD_MS) return;
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
      unresolved = undefined;
      desk.emit({ kind: 'quiet-period-over', at, step: open.step.kind, landed });
    },
  };
}
