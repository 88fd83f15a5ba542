import { parseDurationMs } from '../../../../src/base/index.js';
import {
  type Block,
  type CommandLine,
} from '../../../../src/core/planner/testing/language/parse.js';

/** What of each command a real cluster can do: the words (in `…` any), and the `key=` it understands. */
const CAN: Readonly<
  Record<string, { readonly words?: readonly string[]; readonly options?: readonly string[] }>
> = {
  cluster: {
    options: ['voters', 'target', 'leader', 'learner', 'unstarted', 'unstarted-voter'],
  },
  crash: {},
  start: {},
  'lose-data': {},
  spec: { options: ['members', 'rename', 'move', 'flags', 'retire', 'state', 'first-life'] },
  plan: {},
  apply: { options: ['outcome'] },
  late: {},
  run: { options: ['until'] },
  advance: {},
  'restart-controller': {},
  invariants: {},
};
const ADVANCE_MS_MAX = 15_000;
const PROCESSES_MAX = 6;

/** Why a scenario cannot be played on real processes of one machine; undefined when it can. */
export function whyNotPlayed(blocks: readonly Block[]): string | undefined {
  for (const command of blocks.flatMap(({ commands }) => commands)) {
    const why = whyNot(command);
    if (why !== undefined) return why;
  }
  return processesOf(blocks) > PROCESSES_MAX ? `more than ${PROCESSES_MAX} processes` : undefined;
}

function whyNot({ name, words, options }: CommandLine): string | undefined {
  const can = Object.hasOwn(CAN, name) ? CAN[name] : undefined;
  if (can === undefined) return `${name}: ${CANNOT[name] ?? 'nothing real does that'}`;
  for (const key of options.keys()) {
    if (can.options?.includes(key) !== true)
      return `${name} ${key}=: ${OPTIONS[key] ?? 'not here'}`;
  }
  if (words.includes('as-new')) return 'start as-new: the mistake of a person, played in a story';
  if (words.includes('before-raft')) return 'crash before-raft: needs a moment nobody can choose';
  if (name === 'advance') {
    const ms = parseDurationMs(words[0] ?? '') ?? 0;
    if (ms > ADVANCE_MS_MAX) return `advance ${words[0] ?? ''}: nobody waits that long`;
    if (ms % 500 !== 0) return `advance ${words[0] ?? ''}: a moment that nobody hits`;
  }
  if (options.get('retire')?.includes('x') === true) return 'spec retire=x: a stranger';
  return undefined;
}

const CANNOT: Readonly<Record<string, string>> = {
  cut: 'the peer network of one machine is not cut',
  heal: 'the peer network of one machine is not cut',
  hide: 'every process of this machine is in sight',
  show: 'every process of this machine is in sight',
  alarm: 'no alarm is raised by hand',
  stranger: 'somebody else in the list',
  observe: 'a look that is made up',
  data: 'data that is damaged by hand',
  'fall-behind': 'a lag that is made up',
  'catch-up': 'a lag that is made up',
};

const OPTIONS: Readonly<Record<string, string>> = {
  version: 'another etcd than the one that is run',
  'by-hand': 'a person starts that member',
  meet: 'a discovery service runs in tests of its own',
  reason: 'an end that is made up',
  times: 'an end that is made up',
};

/** Processes of one scenario at the same time, at most. */
export function processesOf(blocks: readonly Block[]): number {
  const hosts = new Set<string>();
  for (const { commands } of blocks) {
    for (const { options } of commands) {
      for (const key of ['voters', 'target', 'members', 'learner']) {
        for (const host of options.get(key) ?? []) hosts.add(host);
      }
    }
  }
  return hosts.size;
}
