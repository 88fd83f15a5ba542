import { BugError, type Result, err, ok } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { type HostAnswer, type HostAnswers, askHosts, everybody, opAnswer } from './ask.js';
import type { HostRequest } from './host-request.js';
import { hostsIn } from './host-set.js';
import { type Judgement, type StateView, judge } from './judge.js';
import type { Lease } from './lease.js';
import type { SeatParts } from './parts.js';

export type Absent = Extract<Judgement, { kind: 'absent' }>;

export interface ReadOptions {
  readonly doing: string;
  /** Renews it on the way. */
  readonly lease?: Lease | undefined;
  /** Waits for every host until its deadline, instead of for a majority. */
  readonly ofAll?: boolean;
  /** So many of the newest lines of each host's journal. */
  readonly journal?: number;
  /** Lines of the lease's holder that go along. */
  readonly append?: HostRequest['append'];
  /** Hears what everybody says in the end, when it is a state; the read may be over before. */
  readonly onAll?: (view: StateView) => void;
}

/** Asks who holds the state what it is. A host that hangs is waited for only while the others are too few. */
export async function readState(
  parts: SeatParts,
  options: ReadOptions,
): Promise<Result<StateView | Absent>> {
  const { lease } = options;
  let hosts: readonly HostName[] =
    lease === undefined ? parts.hints : [...new Set([...hostsIn(lease.set), ...parts.hints])];
  let known: HostAnswers = new Map();
  for (;;) {
    const asked = hosts;
    const judgeNow = (answers: HostAnswers) => judge(parts.cluster, asked, answers);
    const earlier = known;
    const answers = await askHosts(parts, {
      doing: options.doing,
      hosts: asked.filter((host) => !earlier.has(host)),
      request: () => lookRequest(options),
      onAnswer: (host, answer) => lease !== undefined && noteGrant(lease, host, answer),
      onAll: (all) => {
        const last = judgeNow(new Map([...earlier, ...all]));
        if (last.kind === 'state') options.onAll?.(last.view);
      },
      isEnough:
        options.ofAll === true
          ? everybody
          : (now) => judgeNow(new Map([...earlier, ...now])).kind !== 'pending',
    });
    known = new Map([...earlier, ...answers]);
    const judgement = judgeNow(known);
    switch (judgement.kind) {
      case 'state':
        return ok(judgement.view);
      case 'absent':
        return ok(judgement);
      case 'problem':
        return err(judgement.problem);
      case 'ask':
        hosts = [...new Set([...asked, ...judgement.hosts])];
        break;
      case 'pending':
        // Everybody has answered, or is late: nothing is awaited any more.
        throw new BugError('a judgement was still pending after the last answer');
    }
  }
}

export const isAbsent = (read: StateView | Absent): read is Absent => 'kind' in read;

function lookRequest({ lease, journal, append }: ReadOptions): HostRequest {
  const look = { look: true, ...(journal === undefined ? {} : { journal }) };
  if (lease === undefined || !lease.isHeld()) return look;
  return { ...look, ...asHolder(lease), ...(append === undefined ? {} : { append }) };
}

/** What the holder of the lock sends: it renews the lease, and is refused by whoever has seen a newer one. */
export const asHolder = (lease: Lease): HostRequest => ({
  founding: lease.founding,
  set: lease.set.number,
  guard: lease.fence,
  grant: lease.grant,
});

export function noteGrant(lease: Lease, host: HostName, answer: HostAnswer): void {
  if (answer.kind === 'answered' && opAnswer(answer, 'grant') === 'ok') {
    lease.granted(host, answer.sent);
  }
}
