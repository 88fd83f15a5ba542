import { type CycleResult, type Fault, brokenOff, faultOf } from './run.js';
import {
  type ClusterKind,
  type Move,
  birth,
  growTo,
  shrinkTo,
  snapshotCount,
} from './operations.js';
import { progress } from '../command.js';
import type { Stage } from './stage.js';
import { type Survey, type SurveyedMember, endOf } from './survey.js';
import { attempt } from './trial.js';

interface Leg {
  readonly move: Move;
  /** A point that every run meets: it does not hang on how fast members come up. */
  readonly killAt: string;
}

/**
 * One cluster's life with one death in each kind of change, always when a request that must not be made twice has landed; in
 * all but one nobody knows it yet. Nothing is run undisturbed before: what each change must end with is told beforehand.
 */
const LEGS: readonly Leg[] = [
  { move: birth, killAt: 'after driver.start for a birth #2' },
  { move: growTo(4), killAt: 'after admin.addMember #1' },
  { move: shrinkTo(3, 'm4'), killAt: 'after journal: outcome of remove-member: applied #1' },
  { move: snapshotCount(20_000), killAt: 'after driver.stop #1' },
];

export async function walk(open: (name: string, kind: ClusterKind) => Stage): Promise<CycleResult> {
  const stage = open(`walk-${process.pid}`, 'unborn');
  const faults: Fault[] = [];
  const rows: CycleResult['rows'][number][] = [];
  let early = 0;
  let before: Survey | undefined;
  try {
    await stage.prepare();
    for (const { move, killAt } of LEGS) {
      const trial = await attempt(stage, move, { everyLook: false, killAt }).catch((error: Error) =>
        brokenOff(error, killAt),
      );
      const wrong = [...trial.faults];
      if (trial.killedAt === undefined) {
        wrong.push(`it was not killed ${killAt}; it met ${trial.points.join(', ')}`);
      }
      if (trial.after !== undefined) {
        const end = endOf(trial.after);
        const foretold = endOf(await foretell(stage, before ?? trial.after));
        if (end !== foretold) wrong.push(`another end: ${end} instead of ${foretold}`);
      }
      const isFine = wrong.length === 0;
      early += trial.early;
      before = trial.after;
      rows.push({ operation: move.operation, points: 1, resumed: isFine ? 1 : 0, unmet: [] });
      if (isFine) {
        progress(`${move.operation}: resumed, killed ${killAt} (${trial.took})`);
        continue;
      }
      faults.push(faultOf(move, { ...trial, killedAt: killAt, faults: wrong }));
      break;
    }
  } finally {
    await stage.close();
  }
  return { rows, early, faults };
}

/** The members that the wish names: as they were, and newcomers like those that were there; all with the flags it asks for. */
async function foretell(stage: Stage, before: Survey): Promise<Survey> {
  const read = await stage.store.readWish();
  if (!read.ok || read.value === undefined) throw new Error('the wish cannot be read');
  const { members, etcd } = read.value.spec;
  const asked = Object.entries(etcd).map(([name, value]) => [name, String(value)] as const);
  const [pattern] = before.members;
  if (pattern === undefined) throw new Error('there was no member');
  const foretold = members.map(({ name, host }): SurveyedMember => {
    const known = before.members.find((member) => member.host === host);
    const member = known?.name === name ? known : alike(pattern, name, host);
    const flags = Object.entries(member.flags).filter(([flag]) => !(flag in etcd));
    return {
      ...member,
      isLearner: false,
      flags: Object.fromEntries([...flags, ...asked].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  });
  return { ...before, members: foretold.sort((a, b) => (a.host < b.host ? -1 : 1)) };
}

/** What the pattern would be on another host: its name and address, wherever they are, are this one's. */
const alike = (pattern: SurveyedMember, name: string, host: string): SurveyedMember => ({
  ...pattern,
  name,
  host,
  peerURLs: pattern.peerURLs.map((url) => url.replace(pattern.host, host)),
  flags: Object.fromEntries(
    Object.entries(pattern.flags).map(([flag, value]) => [
      flag,
      flag === 'name' ? name : value.replaceAll(pattern.host, host),
    ]),
  ),
});
