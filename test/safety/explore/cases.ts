import type { Case, Faults } from './case.js';

/** How much may go wrong at once. */
export type Depth = 'short' | 'deep';

/** Everything that can go wrong, once. */
const EACH: Partial<Faults> = { crashes: 1, dataLosses: 1, cuts: 1, messages: 1, hides: 1 };
/** A start that fails is tried again later. */
const FAILING: Partial<Faults> = { crashes: 1, failedStarts: 2, dataLosses: 1, messages: 1 };
const TWO_CRASHES: Partial<Faults> = { crashes: 2, dataLosses: 1, cuts: 1, messages: 1 };
const WITHOUT_CUT: Partial<Faults> = { crashes: 1, dataLosses: 1, messages: 1 };
/** The goal of the deep form. */
const FULL: Partial<Faults> = { crashes: 3, dataLosses: 2, cuts: 1, messages: 1 };

/** The same for clusters that have more members, more wishes or more ways. */
const TWO_AND_NO_CUT: Partial<Faults> = { crashes: 2, dataLosses: 1, messages: 1 };

interface Row extends Omit<Case, 'faults' | 'leavesOutTwins' | 'isTimeCoarse'> {
  readonly short?: Partial<Faults>;
  readonly deep?: Partial<Faults>;
  /** With five members and the whole budget only what does not depend on time fits. */
  readonly deepTime?: 'coarse';
}

/** Which clusters, what is wanted of them, and how much may go wrong; where a depth is absent the row is left out. */
const ROWS: readonly Row[] = [
  // The longest first, so that nobody waits for it at the end.
  {
    name: 'keep 5',
    opening: ['cluster prod voters=(a b c d e)'],
    short: WITHOUT_CUT,
    deep: FULL,
    deepTime: 'coarse',
  },
  { name: 'birth of 1', opening: ['cluster prod unborn target=a'], short: EACH, deep: FULL },
  { name: 'birth of 2', opening: ['cluster prod unborn target=(a b)'], short: EACH, deep: FULL },
  { name: 'birth of 3', opening: ['cluster prod unborn target=(a b c)'], short: EACH, deep: FULL },
  {
    name: 'birth, first life fast',
    opening: ['cluster prod unborn target=(a b c)', 'spec first-life=fast'],
    short: WITHOUT_CUT,
    deep: FULL,
  },
  // A discovery service that turns away who comes again, and one that lets in who has lost its data.
  {
    name: 'birth of 3 by a URL',
    opening: ['cluster prod unborn target=(a b c)', 'spec meet=v2'],
    short: WITHOUT_CUT,
    deep: TWO_CRASHES,
  },
  {
    name: 'birth of 3 by a token',
    opening: ['cluster prod unborn target=(a b c)', 'spec meet=v3'],
    short: WITHOUT_CUT,
    deep: FULL,
  },
  {
    name: 'birth of 3, then 2 wanted',
    opening: ['cluster prod unborn target=(a b c)'],
    otherWish: 'spec members=(a b)',
    short: { ...WITHOUT_CUT, hides: 1, wishes: 1 },
    deep: { ...TWO_AND_NO_CUT, hides: 1, wishes: 1 },
  },
  {
    name: 'birth of 3, then 1 wanted',
    opening: ['cluster prod unborn target=(a b c)'],
    otherWish: 'spec members=a',
    short: { ...WITHOUT_CUT, hides: 1, wishes: 1 },
    deep: { ...TWO_AND_NO_CUT, hides: 1, wishes: 1 },
  },
  {
    name: 'birth of 2, then 3 wanted',
    opening: ['cluster prod unborn target=(a b)'],
    otherWish: 'spec members=(a b c)',
    short: { ...WITHOUT_CUT, hides: 1, wishes: 1 },
    deep: { ...TWO_AND_NO_CUT, hides: 1, wishes: 1 },
  },
  { name: 'keep 1', opening: ['cluster prod voters=a'], short: EACH, deep: FULL },
  { name: 'keep 2', opening: ['cluster prod voters=(a b)'], short: EACH, deep: FULL },
  { name: 'keep 3', opening: ['cluster prod voters=(a b c)'], short: EACH, deep: FULL },
  {
    name: 'grow 1 to 3',
    opening: ['cluster prod voters=a target=(a b c)'],
    short: EACH,
    deep: FULL,
  },
  {
    name: 'grow 3 to 5',
    opening: ['cluster prod voters=(a b c) target=(a b c d e)'],
    short: WITHOUT_CUT,
    deep: TWO_CRASHES,
    deepTime: 'coarse',
  },
  {
    name: 'shrink 3 to 1',
    opening: ['cluster prod voters=(a b c) target=a'],
    short: EACH,
    deep: FULL,
  },
  {
    name: 'shrink 5 to 3',
    opening: ['cluster prod voters=(a b c d e) target=(a b c)'],
    short: WITHOUT_CUT,
    deep: TWO_CRASHES,
    deepTime: 'coarse',
  },
  {
    name: 'move one of 3',
    opening: ['cluster prod voters=(a b c) target=(a b d)'],
    short: WITHOUT_CUT,
    deep: TWO_AND_NO_CUT,
  },
  {
    name: 'move the leader',
    opening: ['cluster prod voters=(a b c) target=(a b d) leader=c'],
    short: { ...WITHOUT_CUT, elections: 1 },
    deep: { ...TWO_AND_NO_CUT, elections: 1 },
  },
  {
    name: 'replace one of 3',
    opening: ['cluster prod voters=(a b c)', 'spec retire=b'],
    short: EACH,
    deep: FULL,
  },
  {
    name: 'replace one of 5',
    opening: ['cluster prod voters=(a b c d e)', 'spec retire=b'],
    short: WITHOUT_CUT,
    deep: TWO_CRASHES,
    deepTime: 'coarse',
  },
  {
    name: 'flags of 3',
    opening: ['cluster prod voters=(a b c)', 'spec flags=(snapshot-count:5000)'],
    short: EACH,
    deep: FULL,
  },
  {
    name: 'names of 3',
    opening: ['cluster prod voters=(a b c)', 'spec rename=(a:red b:blue)'],
    short: WITHOUT_CUT,
    deep: TWO_CRASHES,
  },
  {
    name: 'addresses of 3',
    opening: ['cluster prod voters=(a b c)', 'spec move=(a b c)'],
    short: { ...WITHOUT_CUT, elections: 1 },
    deep: TWO_CRASHES,
  },
  {
    name: 'down',
    opening: ['cluster prod voters=(a b c)', 'spec state=down'],
    short: EACH,
    deep: FULL,
  },
  {
    name: 'grow and take back',
    opening: ['cluster prod voters=(a b c) target=(a b c d)'],
    otherWish: 'spec members=(a b c)',
    short: { ...WITHOUT_CUT, wishes: 1 },
    deep: { ...TWO_AND_NO_CUT, wishes: 1 },
  },
  {
    name: 'shrink and take back',
    opening: ['cluster prod voters=(a b c d) target=(a b c)'],
    otherWish: 'spec members=(a b c d)',
    short: { ...WITHOUT_CUT, wishes: 1 },
    deep: { ...TWO_AND_NO_CUT, wishes: 1 },
  },
  {
    name: 'a proxy becomes a member',
    opening: ['cluster prod voters=(a b c)', 'spec proxies=d'],
    otherWish: 'spec members=(a b c d) proxies=()',
    short: { crashes: 1, messages: 1, wishes: 2 },
    deep: { ...TWO_AND_NO_CUT, wishes: 2 },
  },
  // A consumer names hosts apart: where twins are left out it has no place.
  {
    name: 'a consumer follows a move',
    opening: ['cluster prod voters=(a b c) target=(a b d)', 'consumer api'],
    short: { crashes: 1, dataLosses: 1, messages: 1, hides: 1 },
  },
  {
    name: 'two consumers, one voter left',
    opening: ['cluster prod voters=(a b c) target=a', 'consumer api names=c', 'consumer node'],
    short: { crashes: 1, messages: 1, hides: 1 },
  },
  {
    name: 'a consumer while addresses change',
    opening: [
      'cluster prod voters=(a b c)',
      'spec move-clients=(a b c)',
      'consumer api names=(a b)',
    ],
    short: { crashes: 1, hides: 1 },
  },
  {
    name: 'a cluster turns to TLS, and a consumer with it',
    opening: ['cluster prod voters=(a b c)', 'consumer api', 'certificates wanted'],
    short: { crashes: 1, messages: 1, hides: 1 },
    deep: TWO_AND_NO_CUT,
  },
  {
    name: 'a consumer without a CA',
    opening: [
      'cluster prod voters=(a b c) target=(a b d) tls=auto',
      'consumer api names=http://a:2379',
      'consumer api without-ca',
      'consumer node',
    ],
    short: { crashes: 1, dataLosses: 1, hides: 1 },
  },
  {
    name: 'a consumer without a CA holds TLS back',
    opening: [
      'cluster prod voters=(a b c)',
      'consumer api',
      'consumer api without-ca',
      'certificates wanted',
    ],
    short: { crashes: 1, dataLosses: 1, hides: 1 },
  },
  {
    name: 'other authorities follow',
    opening: ['cluster prod voters=(a b c) tls=auto', 'certificates follow'],
    short: WITHOUT_CUT,
    deep: TWO_AND_NO_CUT,
  },
  {
    name: 'other authorities follow, and a consumer later',
    opening: [
      'cluster prod voters=(a b c) tls=auto',
      'consumer api trusts=client-1 shows=client-1',
      'certificates follow',
    ],
    short: { crashes: 1, messages: 1, hides: 1 },
    deep: TWO_AND_NO_CUT,
  },
  {
    name: 'supervised hosts',
    opening: ['cluster prod voters=(a b c) target=(a b d)'],
    short: { crashes: 1, messages: 1, revivals: 1 },
    deep: { crashes: 2, dataLosses: 1, messages: 1, revivals: 2 },
  },
  {
    name: 'starts that fail',
    opening: ['cluster prod voters=(a b c) target=(a b d)'],
    short: FAILING,
    deep: FAILING,
  },
  {
    name: 'starts that fail at birth',
    opening: ['cluster prod unborn target=(a b c)'],
    short: FAILING,
    deep: { ...FAILING, hides: 1 },
  },
  {
    name: 'growth under NOSPACE',
    opening: ['cluster prod voters=(a b c) target=(a b c d)', 'alarm b NOSPACE'],
    short: WITHOUT_CUT,
    deep: TWO_CRASHES,
  },
  {
    name: 'growth on etcd 3.4',
    opening: ['cluster prod voters=a target=(a b c) version=3.4.45'],
    short: WITHOUT_CUT,
    deep: TWO_CRASHES,
  },
];

export function casesOf(depth: Depth): readonly Case[] {
  return ROWS.flatMap(({ short, deep, deepTime, ...row }): readonly Case[] => {
    if (depth === 'short') return short === undefined ? [] : [{ ...row, faults: short }];
    if (deep === undefined) return [];
    return [{ ...row, faults: deep, leavesOutTwins: true, isTimeCoarse: deepTime === 'coarse' }];
  });
}
