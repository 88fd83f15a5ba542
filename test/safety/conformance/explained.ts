import { unsafeBrand } from '../../../src/base/index.js';
import { type EtcdVersion, compareVersions, minorOf } from '../../../src/core/cluster/index.js';
import type { Verdict } from './answer.js';

/** Why etcd allows less than the model, or says it in other words: listed, so that nobody takes the model for more. */
export interface Explanation {
  /** The section of docs/etcd-facts.md, or of the notes beside the model, that has it. */
  readonly fact: string;
  readonly because: string;
}

export interface Difference {
  readonly what: string;
  readonly model: string;
  readonly etcd: string;
  readonly verdict: Verdict | 'afterwards';
  readonly version: EtcdVersion;
}

interface Rule extends Explanation {
  readonly holds: (difference: Difference) => boolean;
}

const RULES: readonly Rule[] = [
  {
    fact: '1.4',
    because:
      'a member on an empty directory under its old id panics as long as the leader remembers what it had; the model lets it live, as etcd does after a change of leader',
    holds: ({ what, model, etcd }) =>
      what.endsWith('to join') && model === 'done' && etcd === 'refused (log-lost)',
  },
  {
    fact: '1.4',
    because:
      'an empty cluster under the old id: 3.4.45 lets the third member, whose log is longer, live without ever serving; in the model it follows, as it does from 3.5 on',
    holds: ({ verdict, model, version }) =>
      verdict === 'afterwards' && isMinor(version, '3.4') && model.includes('etcd:  m3 running'),
  },
  {
    fact: '5.7',
    because:
      'up to 3.5.30 and 3.6.11 an update makes a learner a voter in the list and not in raft, which goes on without it; the model goes by the list. The planner never asks for it',
    holds: ({ verdict, what, version }) =>
      verdict === 'afterwards' && what.includes('learner') && updateClearsLearner(version),
  },
  {
    fact: '8.3',
    because:
      'a member that knows of no leader says so at once and nothing happens; in the model nobody answers, so that it may have happened',
    holds: ({ model, etcd }) => model === 'no answer' && etcd === 'refused (no-leader)',
  },
];

/** A difference by which etcd allows more than the model is never explained. */
export function explain(difference: Difference): Explanation | undefined {
  if (difference.verdict === 'less') return undefined;
  const rule = RULES.find(({ holds }) => holds(difference));
  return rule === undefined ? undefined : { fact: rule.fact, because: rule.because };
}

const isMinor = (version: EtcdVersion, ...minors: readonly string[]): boolean =>
  minors.includes(minorOf(version));

const updateClearsLearner = (version: EtcdVersion): boolean =>
  isMinor(version, '3.4') ||
  (isMinor(version, '3.5') && compareVersions(version, FIXED_IN_35) < 0) ||
  (isMinor(version, '3.6') && compareVersions(version, FIXED_IN_36) < 0);

const FIXED_IN_35 = unsafeBrand<EtcdVersion>('3.5.31');
const FIXED_IN_36 = unsafeBrand<EtcdVersion>('3.6.12');
