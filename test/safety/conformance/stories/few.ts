import type { Story } from '../story.js';

/** Clusters of one and of two, which have no margin to keep. */
export const few: readonly Story[] = [
  {
    name: 'one voter grows to two',
    voters: 1,
    processes: 2,
    quick: true,
    play: async (it) => {
      await it.remove('m1');
      await it.add('m2');
      await it.add('m3');
      await it.promote('m2');
      await it.remove('m2');
      await it.add('m2');
      await it.start('m2', 'join');
      await it.promote('m2#2');
      await it.add('m3');
      await it.remove(await it.leader());
      await it.interval();
      await it.add('m3');
      await it.remove('m3');
      await it.remove(await it.leader());
      await it.remove(await it.leader());
    },
  },
  {
    name: 'of two voters the one that follows is removed',
    voters: 2,
    processes: 2,
    quick: true,
    play: async (it) => {
      const follower = await it.follower();
      await it.interval();
      await it.remove(follower);
      await it.start(follower, 'restart');
      await it.loseData(follower);
      await it.start(follower, 'join');
      await it.add(follower);
      await it.start(follower, 'join');
      await it.promote(`${follower}#2`);
    },
  },
  {
    name: 'of two voters one is down',
    voters: 2,
    processes: 2,
    quick: false,
    play: async (it) => {
      const [leader, follower] = [await it.leader(), await it.follower()];
      await it.interval();
      await it.crash(follower);
      await it.add('m3');
      await it.remove(follower);
      await it.promote(follower);
      await it.update(follower, await it.urlsOf('m4'));
      await it.moveLeader(follower);
      await it.start(follower, 'restart');
      await it.crash(leader);
      await it.remove(leader);
      await it.start(leader, 'restart');
    },
  },
];
