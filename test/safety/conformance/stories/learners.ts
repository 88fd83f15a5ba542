import type { Story } from '../story.js';

/** Learners: behind, dead, without their data, removed. */
export const learners: readonly Story[] = [
  {
    name: 'a learner that is behind',
    voters: 1,
    processes: 2,
    quick: true,
    play: async (it) => {
      await it.add('m2');
      await it.start('m2', 'join');
      await it.crash('m2');
      await it.leaveBehind('m2');
      await it.promote('m2');
      await it.start('m2', 'restart');
      await it.catchUp('m2');
      await it.promote('m2');
    },
  },
  {
    name: 'a learner that died in sync',
    voters: 3,
    processes: 4,
    quick: false,
    play: async (it) => {
      await it.interval();
      await it.add('m4');
      await it.start('m4', 'join');
      await it.crash('m4');
      await it.promote('m4');
      await it.remove('m4');
    },
  },
  {
    name: 'a learner that lost its data',
    voters: 3,
    processes: 4,
    quick: false,
    play: async (it) => {
      await it.interval();
      await it.add('m4');
      await it.start('m4', 'join');
      await it.loseData('m4');
      await it.promote('m4');
      await it.remove('m4');
    },
  },
  {
    name: 'a learner is removed',
    voters: 3,
    processes: 4,
    quick: false,
    play: async (it) => {
      await it.interval();
      await it.add('m4');
      await it.start('m4', 'join');
      await it.remove('m4');
      await it.start('m4', 'restart');
      await it.add('m4');
      await it.remove('m4');
      await it.promote('m4');
      await it.update('m4', await it.urlsOf('m5'));
      await it.remove('m4#2');
    },
  },
  {
    name: 'a learner while a voter is down',
    voters: 3,
    processes: 4,
    quick: false,
    play: async (it) => {
      const down = await it.follower();
      await it.interval();
      await it.add('m4');
      await it.start('m4', 'join');
      await it.crash(down);
      await it.promote('m4');
      await it.remove(down);
    },
  },
];
