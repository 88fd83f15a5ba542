import type { Problem } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';

/** One question about one host, or about the way from one to another. */
export type Check =
  | 'login'
  | 'system'
  | 'systemd'
  | 'tools'
  | 'user'
  | 'security'
  | 'memory'
  | 'swap'
  | 'processors'
  | 'clock'
  | 'time-keeping'
  | 'data-directory'
  | 'file-system'
  | 'free-space'
  | 'disk-latency'
  | 'port'
  | 'other-etcd'
  | 'names'
  | 'reach'
  | 'tls';

/** `unseen`: it could not be asked, and the summary says why. */
export type Standing = 'ok' | 'warning' | 'problem' | 'unseen';

/** Whoever looks: a host, or the machine that this runs on. */
export const SEAT = 'seat';

export interface Verdict {
  /** The host it is about; of a pair, the one that the way begins at. `seat` is this machine. */
  readonly host: string;
  /** Of a pair: where the way leads. */
  readonly to?: string;
  readonly check: Check;
  readonly standing: Standing;
  /** What was seen, in one line, with numbers. */
  readonly summary: string;
  /** The host's own words, where it said some. */
  readonly detail: string;
  /** What to do; commands on lines of their own, indented by two spaces. Empty when there is nothing to do. */
  readonly hint: string;
}

/** Words for one verdict; who and what are known to whoever asks for it. */
export interface Words {
  readonly detail?: string;
  readonly hint?: string;
}

/** Verdicts of one check about one subject. */
export interface Judge {
  ok(summary: string, words?: Words): Verdict;
  warning(summary: string, words?: Words): Verdict;
  problem(summary: string, words?: Words): Verdict;
  unseen(summary: string, words?: Words): Verdict;
}

export function judgeOf(check: Check, host: string, to?: string): Judge {
  const as =
    (standing: Standing) =>
    (summary: string, { detail = '', hint = '' }: Words = {}): Verdict => ({
      host,
      ...(to === undefined ? {} : { to }),
      check,
      standing,
      summary,
      detail,
      hint,
    });
  return { ok: as('ok'), warning: as('warning'), problem: as('problem'), unseen: as('unseen') };
}

/** A problem of whoever reached the host, as a verdict about it. */
export const verdictOf = (judge: Judge, problem: Problem): Verdict =>
  judge.problem(problem.summary, { detail: problem.detail, hint: problem.hint });

export interface PreflightReport {
  readonly verdicts: readonly Verdict[];
  /** Everybody who could not be logged in to, whoever was asked about. */
  readonly unreached: readonly HostName[];
}

/**
 * What is in the way of members on these hosts. Where another host cannot be reached at all, the ways to it say nothing about
 * these: it may be the dead one that they are to replace.
 */
export function inTheWayOf(
  hosts: readonly HostName[],
  { verdicts, unreached }: PreflightReport,
): readonly Verdict[] {
  const silent = new Set<string>(unreached.filter((host) => !hosts.includes(host)));
  return verdicts.filter(
    ({ standing, host, to }) =>
      standing === 'problem' && !silent.has(host) && !(to !== undefined && silent.has(to)),
  );
}
