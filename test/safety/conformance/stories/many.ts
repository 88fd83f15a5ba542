import type { Story } from '../story.js';

/** Clusters of four and of five, where some may be down and the rest still decide. */
export const many: readonly Story[] = [
  {
    name: 'four voters, one of them down',
    voters: 4,
    processes: 4,
    quick: false,
    play: async (it) => {
      const [down, up] = [await it.follower(), await it.follower(1)];
      await it.interval();
      await it.crash(down);
      await it.add('m5');
      await it.remove('m5');
      await it.remove(up);
      await it.remove(down);
    },
  },
  {
    name: 'five voters, one and then two of them down',
    voters: 5,
    processes: 5,
    quick: false,
    play: async (it) => {
      const [one, two, up] = [await it.follower(), await it.follower(1), await it.follower(2)];
      await it.interval();
      await it.crash(one);
      await it.add('m6');
      await it.remove('m6');
      await it.crash(two);
      await it.add('m6');
      await it.remove(up);
      await it.remove(await it.leader());
      await it.remove(one);
      await it.add('m6');
      await it.remove(two);
      await it.add('m6');
      await it.remove('m6');
      await it.remove(await it.leader());
    },
  },
  {
    name: 'five voters, one of them is removed although another is down',
    voters: 5,
    processes: 5,
    quick: false,
    play: async (it) => {
      const [down, up] = [await it.follower(), await it.follower(1)];
      await it.interval();
      await it.crash(down);
      await it.remove(up);
      await it.remove(await it.leader());
      await it.start(up, 'restart');
      await it.start(down, 'restart');
    },
  },
];
