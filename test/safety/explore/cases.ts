import type { Case, Faults } from './case.js';

/** Which clusters, and what is wanted of them. Faults are added by the depth that is asked for. */
const SHORT: Partial<Faults> = { crashes: 1, dataLosses: 1, cuts: 1, messages: 1, hides: 1 };
const SHORT5: Partial<Faults> = { crashes: 1, dataLosses: 1, messages: 1 };

export const CASES: readonly Case[] = [
  { name: 'keep 1', opening: ['cluster prod voters=a'], faults: SHORT },
  { name: 'keep 2', opening: ['cluster prod voters=(a b)'], faults: SHORT },
  { name: 'keep 3', opening: ['cluster prod voters=(a b c)'], faults: SHORT },
  { name: 'grow 1 to 3', opening: ['cluster prod voters=a target=(a b c)'], faults: SHORT },
  { name: 'shrink 3 to 1', opening: ['cluster prod voters=(a b c) target=a'], faults: SHORT },
  { name: 'move one of 3', opening: ['cluster prod voters=(a b c) target=(a b d)'], faults: SHORT },
  {
    name: 'move the leader of 3',
    opening: ['cluster prod voters=(a b c) target=(a b d) leader=c'],
    faults: SHORT5,
  },
  {
    name: 'flags of 3',
    opening: ['cluster prod voters=(a b c)', 'spec flags=(snapshot-count:5000)'],
    faults: SHORT,
  },
  {
    name: 'replace one of 3',
    opening: ['cluster prod voters=(a b c)', 'spec retire=b'],
    faults: SHORT,
  },
  {
    name: 'addresses of 3',
    opening: ['cluster prod voters=(a b c)', 'spec move=(a b c)'],
    faults: SHORT5,
  },
  { name: 'down 3', opening: ['cluster prod voters=(a b c)', 'spec state=down'], faults: SHORT },
  {
    name: 'grow 3 to 4 and back',
    opening: ['cluster prod voters=(a b c) target=(a b c d)'],
    faults: { ...SHORT5, wishes: 1 },
    otherWish: 'spec members=(a b c)',
  },
  {
    name: 'grow 3 to 5',
    opening: ['cluster prod voters=(a b c) target=(a b c d e)'],
    faults: SHORT5,
  },
  {
    name: 'shrink 5 to 3',
    opening: ['cluster prod voters=(a b c d e) target=(a b c)'],
    faults: SHORT5,
  },
  { name: 'keep 5', opening: ['cluster prod voters=(a b c d e)'], faults: SHORT5 },
  {
    name: 'replace one of 5',
    opening: ['cluster prod voters=(a b c d e)', 'spec retire=b'],
    faults: SHORT5,
  },
];
