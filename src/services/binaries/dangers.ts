import {
  type EtcdVersion,
  compareVersions,
  minorOf,
  parseEtcdVersion,
} from '../../core/cluster/index.js';

/** A fault that one version of etcd is known for. */
export interface Danger {
  /** `refuse`: never chosen unless named exactly. `warn`: fine to run, better to leave. */
  readonly severity: 'refuse' | 'warn';
  /** What may happen, in one sentence. */
  readonly what: string;
  /** The first patch of the same minor without the fault; absent where the whole minor has it. */
  readonly fixedIn?: string;
  /** Where upstream speaks of it: an issue, a pull request, an advisory, a changelog. */
  readonly reference: string;
}

/** First and last affected patch of one minor; `last` absent: the whole minor. */
interface Affected {
  readonly minor: string;
  readonly first: number;
  readonly last?: number;
}
interface KnownFault {
  readonly severity: Danger['severity'];
  readonly affected: readonly Affected[];
  readonly what: string;
  readonly reference: string;
}

const upTo = (minor: string, last: number): Affected => ({ minor, first: 0, last });

/** Minors with a patch of their own for none of the faults below: older than everything we deploy. */
const OLDEST_MINOR = '3.3';

/** From etcd's changelogs and post-mortems; docs/etcd-facts.md §13 has the same list with sources. */
const FAULTS: readonly KnownFault[] = [
  {
    severity: 'refuse',
    affected: [upTo('3.5', 2)],
    what: 'writes that were acknowledged may be missing on some members after a crash under load',
    reference: 'etcd issues 13766 and 13514; the v3.5 data inconsistency post-mortem',
  },
  {
    severity: 'warn',
    affected: [upTo('3.5', 5)],
    what: 'members may disagree on the revision after a crash during a defragmentation',
    reference: 'etcd pull requests 14685 and 14733',
  },
  {
    severity: 'warn',
    affected: [
      { minor: '3.4', first: 20, last: 21 },
      { minor: '3.5', first: 5, last: 5 },
    ],
    what: 'with auth on, a member that starts from a snapshot, such as a new one, may store different data',
    reference: 'etcd issue 14571',
  },
  {
    severity: 'warn',
    affected: [upTo('3.4', 31), upTo('3.5', 13)],
    what: 'the revision may go back after a crash during a compaction',
    reference: 'etcd pull requests 17864 and 17865',
  },
  {
    severity: 'warn',
    affected: [upTo('3.4', 37), upTo('3.5', 22), upTo('3.6', 4)],
    what: 'data may be damaged when a snapshot of the leader arrives during a defragmentation',
    reference: 'etcd pull request 20653',
  },
  {
    severity: 'warn',
    affected: [upTo('3.3', 18), upTo('3.4', 3)],
    what: 'a defragmentation may damage data',
    reference: 'etcd pull request 11613',
  },
  {
    severity: 'warn',
    affected: [upTo('3.3', 20), upTo('3.4', 7)],
    what: 'with auth on, members may come to hold different data',
    reference: 'etcd pull requests 11652, 11888 and 11817',
  },
  {
    severity: 'warn',
    affected: [upTo('3.4', 41), upTo('3.5', 27), upTo('3.6', 8)],
    what: 'a linearizable read may be stale after a pause or a change of leader, and auth can be bypassed',
    reference: 'CVE-2026-33413, CVE-2026-33343 and the changelogs',
  },
  {
    severity: 'warn',
    affected: [{ minor: '3.5', first: 1, last: 19 }],
    what: 'the promotion of a learner is not stored, which later blocks the upgrade to 3.6',
    reference: 'etcd issues 19557 and 20793',
  },
  {
    severity: 'warn',
    affected: [upTo('3.5', 25)],
    what: 'removed members may come back in the store, which blocks the upgrade to 3.6',
    reference: 'etcd pull request 20995',
  },
  {
    severity: 'warn',
    affected: [upTo('3.5', 30), upTo('3.6', 11)],
    what: "changing a learner's peer URLs lists it as a voter",
    reference: 'etcd issue 21694',
  },
  {
    severity: 'warn',
    affected: [upTo('3.4', 23), upTo('3.5', 6)],
    what: 'a learner that never started can be promoted, which may cost the quorum',
    reference: 'etcd pull requests 15096 and 15097',
  },
  {
    severity: 'warn',
    affected: [upTo('3.5', 32), upTo('3.6', 13), upTo('3.7', 0)],
    what: 'the permission to read one key lets a watch see every later key',
    reference: 'GHSA-xg4h-6gfc-h4m8',
  },
  {
    severity: 'warn',
    affected: [{ minor: '3.4', first: 0 }],
    what: 'the 3.4 line gets no more fixes since 2026-06-01',
    reference: 'the 3.4 changelog',
  },
  {
    severity: 'warn',
    affected: [{ minor: '3.3', first: 0 }],
    what: 'the 3.3 line gets no more fixes, and knows no learners',
    reference: 'the 3.4 changelog',
  },
];

/**
 * The faults that `version` is known for, the worst first; empty for a version without known ones and for a text
 * that is no version. Versions before 3.3 are one danger as a whole.
 *
 * @example knownDangers('3.5.1')[0]?.severity // 'refuse'
 */
export function knownDangers(version: string): readonly Danger[] {
  const parsed = parseEtcdVersion(version);
  if (parsed === undefined) return [];
  const minor = minorOf(parsed);
  if (compareVersions(parsed, `${OLDEST_MINOR}.0` as EtcdVersion) < 0) {
    return [
      {
        severity: 'warn',
        what: `etcd ${minor} is older than anything Quorate was tested with and gets no more fixes`,
        reference: "etcd's changelogs",
      },
    ];
  }
  const patch = Number(/^\d+\.\d+\.(\d+)/.exec(parsed)?.[1]);
  const dangers = FAULTS.flatMap(({ affected, severity, what, reference }): readonly Danger[] => {
    const hit = affected.find(
      (range) => range.minor === minor && patch >= range.first && patch <= (range.last ?? Infinity),
    );
    if (hit === undefined) return [];
    const fixed = hit.last === undefined ? {} : { fixedIn: `${minor}.${hit.last + 1}` };
    return [{ severity, what, reference, ...fixed }];
  });
  return dangers.toSorted(
    (a, b) => Number(b.severity === 'refuse') - Number(a.severity === 'refuse'),
  );
}

/** True for the versions that must be named exactly before we run them. */
export const losesData = (version: string): boolean =>
  knownDangers(version).some(({ severity }) => severity === 'refuse');

/** What to append to a refusal of such a version; empty for all others. */
export function dangerText(version: string): string {
  const worst = knownDangers(version).find(({ severity }) => severity === 'refuse');
  return worst === undefined ? '' : `: ${worst.what}`;
}
