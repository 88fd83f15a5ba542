import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type Block,
  argsOf,
  parseScenario,
} from '../../../../src/core/planner/testing/language/parse.js';
import type { RealEtcd } from '../../real/etcd.js';
import { RealCluster } from '../real-cluster.js';
import { COMMANDS } from './commands.js';
import { essenceOf } from './essence.js';
import { processesOf, whyNotPlayed } from './playable.js';
import { RealScene } from './scene.js';

/** From the compiled file and from the source alike: the scenarios are not compiled. */
const DIRECTORY = fileURLToPath(
  new URL(
    import.meta.url.includes('/.tmp/')
      ? '../../../../../../src/core/planner/scenarios/'
      : '../../../../src/core/planner/scenarios/',
    import.meta.url,
  ),
);

export interface Golden {
  readonly name: string;
  readonly blocks: readonly Block[];
  readonly processes: number;
  /** Why it cannot be played on real members; undefined: it can. */
  readonly whyNot: string | undefined;
  readonly quick: boolean;
}

export interface Played {
  readonly name: string;
  readonly version: string;
  /** Steps, waits and ends that were the same. */
  readonly same: number;
  /** Where they part, in a few lines; undefined when they do not. */
  readonly difference: string | undefined;
  /** It differed the first time and not the second: a matter of moments on this machine. */
  readonly isAtSecondTry?: boolean;
}

const JUST_STARTED =
  'members end that have only just started: the driver counts a short life, and waits a moment before the next';

/** Those whose commands could be done, and that still mean something which cannot be brought about. */
const EXCEPT: Readonly<Record<string, string>> = {
  'a-removal-that-lands-when-two-more-have-failed':
    'late: etcd checks a request when it is sent, and here it would be sent after the crash',
  'a-list-older-than-a-promotion-hides-no-voter':
    'nobody who looks on can tell from an old list that no leader will come, so it never comes to rest',
  'a-birth-goes-on-under-another-controller': JUST_STARTED,
  'a-birth-that-lost-everything-begins-again': JUST_STARTED,
};

/** Those that real members of these minors take another way to the same end. */
const NOT_ON: Readonly<
  Record<string, { readonly minors: readonly string[]; readonly why: string }>
> = {
  'a-crash-in-the-middle-of-a-move-is-taken-up-again': {
    minors: ['3.4', '3.5'],
    why: 'a member of 3.4 or 3.5 that has no leader yet since its start tells a list without the last change: b is started where it was, and moved again when c has brought the quorum back',
  },
};

/** Why this scenario is not played on members of that minor. */
export const whyNotOn = (name: string, minor: string): string | undefined =>
  NOT_ON[name]?.minors.includes(minor) === true ? NOT_ON[name].why : undefined;

/** A step, a wait, a repair, a change of the lead and one of everything: for the short form. */
const QUICK: ReadonlySet<string> = new Set([
  'replaces-a-voter-that-lost-its-data',
  'a-leader-is-renamed-after-it-handed-over',
  'a-birth-that-was-not-recorded-is-recorded-first',
]);

export const goldens = (): readonly Golden[] =>
  readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((file) => {
      const blocks = parseScenario(readFileSync(`${DIRECTORY}${file}`, 'utf8'));
      const name = file.replace(/\.txt$/, '');
      const processes = processesOf(blocks);
      const whyNot = EXCEPT[name] ?? whyNotPlayed(blocks);
      return { name, blocks, processes, whyNot, quick: QUICK.has(name) };
    });

let clusters = 0;

/** Plays a golden scenario on real members, up to the first thing that is said differently. */
export async function playGolden(base: string, etcd: RealEtcd, golden: Golden): Promise<Played> {
  const real = new RealCluster(base, `golden-${process.pid}-${++clusters}`, etcd);
  const scene = new RealScene(real);
  let same = 0;
  const played = (difference?: string): Played => ({
    name: golden.name,
    version: etcd.version,
    same,
    difference,
  });
  try {
    for (const { commands, expected } of golden.blocks) {
      const texts: string[] = [];
      for (const line of commands) {
        const text = await COMMANDS[line.name]?.(scene, argsOf(line));
        if (text !== undefined) texts.push(text);
      }
      const wanted = essenceOf(expected);
      const said = essenceOf(texts.join('\n'));
      if (wanted.join('\n') !== said.join('\n')) {
        const lines = commands.map(({ name, words }) => [name, ...words].join(' ')).join('; ');
        return played(
          [`after ${lines}`, ...told('golden', wanted), ...told('real', said)].join('\n'),
        );
      }
      same += wanted.length;
    }
    return played();
  } catch (error) {
    return played(
      `could not be carried on: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    await real.close();
  }
}

const told = (who: string, lines: readonly string[]): readonly string[] =>
  lines.map((line) => `${`${who}:`.padEnd(8)}${line}`);
