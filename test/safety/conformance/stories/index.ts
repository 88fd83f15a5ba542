import type { Story } from '../story.js';
import { addresses } from './addresses.js';
import { data } from './data.js';
import { few } from './few.js';
import { learners } from './learners.js';
import { many } from './many.js';
import { three } from './three.js';

export const STORIES: readonly Story[] = [
  ...few,
  ...three,
  ...many,
  ...data,
  ...learners,
  ...addresses,
];
