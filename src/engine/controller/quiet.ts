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
  /** ControllerTimings. */
  readonly underWayMs: number;
  readonly journal: (entry: JournalEntry) => Promise<void>;
  readonly emit: (event: ControllerEvent) => void;
}

/** Remembers the membership changes whose end nobody knows; the journal is where a new controller finds them. */
export interface QuietPeriod {
  /** Reads the journal, once; while it cannot be read nobody knows whether something is open, and this is why. */
  ready(): Promise<Problem | undefined>;
  /** What the planner is told, dated so that it is as old beside `look` as it really is. Only once it is ready. */
  current(look: Look): UnresolvedChange | undefined;
  begin(id: string, step: Step, decidedAt: Instant): void;
  /** Ends those for which `list` went through quorum late enough: then the change is in it, or will never be. */
  endIfSeen(list: MemberListSight, look: Look): Promise<void>;
}

/** When the controller began to look, by both clocks. */
export interface Look {
  readonly at: Instant;
  readonly monotonicMs: number;
}

/** Open for as long as the monotonic clock says: the time of day may be set while it lasts. */
interface Open extends UnresolvedDecision {
  readonly sinceMs: number;
}

export function quietPeriod(desk: QuietDesk): QuietPeriod {
  /** The one that can have been sent last at the end. */
  let unresolved: readonly Open[] = [];
  let startedAt: Instant | undefined;
  let isRead = false;

  const announce = () => {
    const last = unresolved.at(-1);
    if (last === undefined) return;
    desk.emit({
      kind: 'quiet-period',
      at: desk.clock.now(),
      step: last.step.kind,
      until: instantOf(
        desk.clock.now() + last.sinceMs - desk.clock.monotonicMs() + QUIET_PERIOD_MS,
      ),
    });
  };

  return {
    ready: async () => {
      if (isRead) return undefined;
      startedAt ??= desk.clock.now();
      const entries = await desk.store.readJournal(JOURNAL_LOOKBACK_ENTRIES);
      if (!entries.ok) return entries.error;
      isRead = true;
      // How old an entry is nobody can say: the clock may have been set since. So it begins now.
      const found = unresolvedFrom(entries.value.filter(isJournalEntry), startedAt);
      const nowMs = desk.clock.monotonicMs();
      unresolved = found.map((open) => ({
        ...open,
        sinceMs: open.isUnderWay === true ? nowMs + desk.underWayMs : nowMs,
      }));
      announce();
      return undefined;
    },
    current: (look) => {
      const last = unresolved.at(-1);
      return last === undefined ? undefined : { step: last.step.kind, at: asSeenFrom(look, last) };
    },
    begin: (id, step, decidedAt) => {
      if (!MEMBERSHIP_STEPS.has(step.kind)) return;
      const { clock } = desk;
      const open = { id, step, decidedAt, at: clock.now(), sinceMs: clock.monotonicMs() };
      unresolved = [...unresolved, open];
      announce();
    },
    endIfSeen: async (list, look) => {
      if (list.kind !== 'linearizable') return;
      for (const open of unresolved) {
        if (list.at < asSeenFrom(look, open) + QUIET_PERIOD_MS) continue;
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

/** When it began, by the clock that the look was taken with. */
const asSeenFrom = ({ at, monotonicMs }: Look, { sinceMs }: Open): Instant =>
  instantOf(at - (monotonicMs - sinceMs));
