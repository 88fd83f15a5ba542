import { type Deed, type JournalLine, deedsOf, tellDeed, tellJournal } from '../../lab/journal.js';
import { Writer } from '../../lab/writer.js';
import type { Move } from './operations.js';
import type { ControllerRun, Link, Stage } from './stage.js';
import { type Survey, endOf, survey } from './survey.js';

export interface Trial {
  /** Absent: the controller came to its end undisturbed. */
  readonly killedAt: string | undefined;
  /** The points that the first controller met until its end. */
  readonly points: readonly string[];
  /** What must not have happened, in words. Empty: it came to the same end with nothing lost. */
  readonly faults: readonly string[];
  readonly after: Survey | undefined;
  /** Requests that etcd refused because its health interval was not over, and that were made again. */
  readonly early: number;
  /** Seconds of its parts, in words. */
  readonly took: string;
  /** What the journal says of it, for a fault's message. */
  readonly journal: string;
}

export interface TrialOptions {
  readonly killAt?: string;
  readonly everyLook: boolean;
  /** What an undisturbed controller makes of the same move; absent for the first one. */
  readonly sameEnd?: string;
}

const WRITES = 10;
/** etcd's HealthInterval, and a little for clocks that tick in two places. */
const INTERVAL_MS = 5200;
const HOLDS_NO_WRITER: ReadonlySet<Move['operation']> = new Set(['birth', 'up']);

/** Does the move once, with at most one killed controller and then one that is left alone, and judges the end. */
export async function attempt(stage: Stage, move: Move, options: TrialOptions): Promise<Trial> {
  const { killAt, everyLook, sameEnd } = options;
  const watch = stopwatch();
  const before = move.operation === 'birth' ? UNBORN : await survey(stage);
  const logsBefore = await stage.logs();
  if (!HOLDS_NO_WRITER.has(move.operation)) {
    const writer = new Writer(
      before.members.map(({ clientURL }) => clientURL),
      prefix(),
      stage.tls,
    );
    await writer.begin();
    stage.writers.push(writer);
  }
  const startedAt = Date.now();
  const begun = await move.begin(stage, before);
  const ending = new AbortController();
  const meanwhile = begun.meanwhile?.(ending.signal);

  watch.lap('prepared');

  const runs: ControllerRun[] = [];
  const faults: string[] = [];
  const first = await stage.controller({
    everyLook,
    ...(killAt === undefined ? {} : { killAt }),
  });
  runs.push(first);
  watch.lap(first.killedAt === undefined ? 'ran' : 'ran until killed');
  if (first.killedAt !== undefined) {
    faults.push(...(await stage.halfway()));
    if (move.between !== undefined) {
      await move.between(stage);
      faults.push(...(await stage.halfway()));
    }
    runs.push(await stage.controller());
    watch.lap('ran on');
  }
  ending.abort();
  await meanwhile;

  const last = runs.at(-1);
  if (last?.code !== 0) faults.push(`it did not converge: ${last?.stderr.trim() ?? ''}`);
  const after = await survey(stage).catch((error: Error) => void faults.push(error.message));
  if (after !== undefined) {
    const ids = { before, after, replaced: begun.replaced };
    faults.push(...faultsOfMembership(move, ids), ...(await lostWrites(stage, after)));
    if (sameEnd !== undefined && endFor(move, after, stage) !== sameEnd) {
      faults.push(`another end: ${endFor(move, after, stage)} instead of ${sameEnd}`);
    }
  }
  faults.push(...(await stage.standing()));
  const lines = await stage.journalSince(startedAt);
  const links = await stage.links(startedAt);
  const refusals = refusalsIn(lines);
  const early = refusals.filter((deed) => isEarly(deed, links, lines));
  for (const deed of refusals.filter((each) => !early.includes(each))) {
    faults.push(`refused: ${tellDeed(deed)} (${deed.problem?.code}: ${deed.problem?.detail})`);
  }
  faults.push(...toldNewWrongly(move, runs));
  const kept = await stage.logs();
  for (const [inode, path] of logsBefore) {
    if (kept.has(inode) || begun.taken?.includes(inode) === true) continue;
    faults.push(`the data that was at ${path} is gone`);
  }
  await stage.clearAside();
  watch.lap('judged');
  return {
    killedAt: first.killedAt,
    points: first.points,
    faults,
    after,
    early: early.length,
    took: watch.told(),
    journal: [tellJournal(lines), ...(faults.length > 0 ? links.map(tellLink) : [])].join('\n'),
  };
}

/** Where the time of a trial goes. */
function stopwatch(): { lap(what: string): void; told(): string } {
  const laps: string[] = [];
  const beganMs = performance.now();
  let lastMs = beganMs;
  const seconds = (sinceMs: number): string => ((performance.now() - sinceMs) / 1000).toFixed(1);
  return {
    lap: (what) => {
      laps.push(`${what} ${seconds(lastMs)}`);
      lastMs = performance.now();
    },
    told: () => `${seconds(beganMs)} s: ${laps.join(', ')}`,
  };
}

const UNBORN: Survey = { clusterID: '', leader: undefined, members: [] };
let writers = 0;
const prefix = (): string => `kill/${process.pid}/${++writers}/`;

const ON_A_CLUSTER_OF_ITS_OWN: ReadonlySet<Move['operation']> = new Set([
  'birth',
  'to-tls',
  'adopt',
]);

/** The end without what is found anew for every cluster, its directory and its ports, and for every authority, its digest. */
export function endFor(move: Move, after: Survey, stage: Stage): string {
  const end = endOf(after).replaceAll(/-[0-9a-f]{8,64}\.pem/g, '-….pem');
  return ON_A_CLUSTER_OF_ITS_OWN.has(move.operation)
    ? end
        .replaceAll(stage.directory, '…')
        .replaceAll(stage.name, '…')
        .replaceAll(/(127\.0\.0\.1):\d+/g, '$1')
    : end;
}

function faultsOfMembership(
  { operation }: Move,
  { before, after, replaced }: { before: Survey; after: Survey; replaced: readonly string[] },
): readonly string[] {
  const faults: string[] = [];
  if (operation !== 'birth' && after.clusterID !== before.clusterID) {
    faults.push(`the cluster was ${before.clusterID} and is ${after.clusterID}`);
  }
  for (const { host, name, isLearner } of after.members) {
    if (isLearner) faults.push(`${name} on ${host} is still a learner`);
  }
  for (const { host, id } of before.members) {
    const now = after.members.find((member) => member.host === host);
    if (now === undefined) continue;
    if (replaced.includes(host) === (now.id === id)) {
      faults.push(
        replaced.includes(host) ? `${host} is still ${id}` : `${host} was ${id} and is ${now.id}`,
      );
    }
  }
  return faults;
}

/** Nothing acknowledged may be lost; and at the end all members hold the same. */
async function lostWrites(stage: Stage, after: Survey): Promise<readonly string[]> {
  const endpoints = after.members.map(({ clientURL }) => clientURL);
  if (endpoints.length === 0) {
    for (const writer of stage.writers) await writer.stop();
    return [];
  }
  const faults: string[] = [];
  for (const writer of stage.writers.splice(0)) {
    const { lost, hashes, acknowledged } = await writer.verify(endpoints);
    if (lost.length > 0) faults.push(`${lost.length} of ${acknowledged} writes are lost`);
    if (new Set(Object.values(hashes)).size > 1) {
      faults.push(`members differ: ${JSON.stringify(hashes)}`);
    }
  }
  const writer = new Writer(endpoints, prefix(), stage.tls);
  await writer.begin();
  await writer.flows(WRITES);
  const { lost } = await writer.verify(endpoints);
  if (lost.length > 0) faults.push(`${lost.length} writes after the end are lost`);
  return faults;
}

/**
 * What etcd refused although it had been declared safe. What never reached anybody was not refused by them; and a
 * request of a dead controller that never landed has no problem of its own.
 */
const refusalsIn = (lines: readonly JournalLine[]): readonly Deed[] =>
  deedsOf(lines).filter(
    ({ outcome, problem }) =>
      outcome === 'refused' && problem !== undefined && problem.code !== 'etcd-not-reached',
  );

/**
 * etcd counts its health interval from the last connection between two members, which the controller cannot see; on a
 * busy machine a newcomer connects long after its process was started. By the members' own logs such a refusal came
 * within that interval, and the same step was applied later: it is counted, and no fault.
 */
function isEarly(refused: Deed, links: readonly Link[], lines: readonly JournalLine[]): boolean {
  const isYoung = links.some(
    ({ at, message }) =>
      message === 'peer became active' && at <= refused.at && at > refused.at - INTERVAL_MS,
  );
  const isMadeAgain = deedsOf(lines).some(
    ({ at, kind, name, outcome }) =>
      at > refused.at && kind === refused.kind && name === refused.name && outcome === 'applied',
  );
  return isYoung && isMadeAgain && refused.problem?.detail.includes('unhealthy cluster') === true;
}

const tellLink = ({ at, host, message, peer }: Link): string =>
  `${new Date(at).toISOString().slice(11, 23)} ${host}: ${message} ${peer}`;

/** Nobody is told `new` who is not to be born, and nobody twice. */
function toldNewWrongly({ operation }: Move, runs: readonly ControllerRun[]): readonly string[] {
  const told = runs.flatMap(({ toldNew }) => toldNew);
  if (operation !== 'birth') return told.length > 0 ? [`told new: ${told.join(', ')}`] : [];
  return [...new Set(told)]
    .filter((host) => told.indexOf(host) !== told.lastIndexOf(host))
    .map((host) => `${host} was told new twice`);
}
