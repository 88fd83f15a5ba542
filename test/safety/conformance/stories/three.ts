import type { Story } from '../story.js';

/** Clusters of three: healthy, with one down, and without a quorum. */
export const three: readonly Story[] = [
  {
    name: 'three voters, young and then grown',
    voters: 3,
    processes: 4,
    quick: true,
    play: async (it) => {
      const follower = await it.follower();
      await it.add('m4');
      await it.remove(follower);
      await it.remove(await it.leader());
      await it.remove('nobody');
      await it.promote('nobody');
      await it.promote(follower);
      await it.update('nobody', await it.urlsOf('m4'));
      await it.update(follower, await it.urlsOf(await it.leader()));
      await it.moveLeader(await it.leader());
      await it.moveLeader(follower);
      await it.moveLeader('nobody');
      await it.interval();
      await it.add('m4', await it.urlsOf('m1'));
      await it.add('m4');
      await it.add('m5');
      await it.promote('m4');
      await it.moveLeader('m4');
      await it.start('m4', 'join');
      await it.moveLeader('m4');
      await it.promote('m4');
      await it.promote('m4');
      await it.remove(await it.leader());
      await it.remove(await it.leader());
    },
  },
  {
    name: 'three voters, one of them down',
    voters: 3,
    processes: 3,
    quick: true,
    play: async (it) => {
      const [down, up] = [await it.follower(), await it.follower(1)];
      await it.interval();
      await it.crash(down);
      await it.add('m4');
      await it.remove(up);
      await it.remove(await it.leader());
      await it.promote(down);
      await it.update(down, await it.urlsOf('m5'));
      await it.update(down, await it.urlsOf(down));
      await it.moveLeader(down);
      await it.remove(down);
      await it.start(down, 'restart');
      await it.add(down);
      await it.start(down, 'restart');
      await it.start(down, 'join');
      await it.loseData(down);
      await it.start(down, 'join');
      await it.promote(`${down}#2`);
    },
  },
  {
    name: 'three voters, one of them just started again',
    voters: 3,
    processes: 4,
    quick: true,
    play: async (it) => {
      const [young, old] = [await it.follower(), await it.follower(1)];
      await it.interval();
      await it.crash(young);
      await it.start(young, 'restart');
      await it.add('m4');
      await it.remove(young);
      await it.remove(old);
      await it.moveLeader(young);
      await it.interval();
      await it.add('m4');
      await it.remove('m4');
      await it.remove(young);
    },
  },
  {
    name: 'three voters, all started again',
    voters: 3,
    processes: 3,
    quick: false,
    play: async (it) => {
      await it.interval();
      await it.crash('m1', 'm2', 'm3');
      await it.start('m1', 'restart');
      await it.start('m2', 'restart');
      await it.start('m3', 'restart');
      await it.add('m4');
      await it.remove(await it.follower());
      await it.interval();
      await it.add('m4');
    },
  },
  {
    name: 'three voters, the quorum is gone',
    voters: 3,
    processes: 4,
    quick: false,
    play: async (it) => {
      const leader = await it.leader();
      const [one, two] = [await it.follower(), await it.follower(1)];
      await it.interval();
      await it.crash(one, two);
      await it.add('m4');
      await it.remove(one);
      await it.promote(one);
      await it.update(one, await it.urlsOf('m5'));
      await it.moveLeader(one);
      await it.start(one, 'restart');
      await it.start(two, 'restart');
      await it.crash(leader, one);
      await it.start(leader, 'restart');
      await it.remove(two);
    },
  },
  {
    name: 'three voters, asked as one of them goes',
    voters: 3,
    processes: 3,
    quick: true,
    play: async (it) => {
      const [one, two] = [await it.follower(), await it.follower(1)];
      await it.interval();
      await it.crashUnnoticed(one);
      await it.remove(two);
      await it.start(one, 'restart');
    },
  },
  {
    name: 'three voters, asked for more as one of them goes',
    voters: 3,
    processes: 3,
    quick: false,
    play: async (it) => {
      const one = await it.follower();
      await it.interval();
      await it.crashUnnoticed(one);
      await it.add('m4');
      await it.remove(one);
    },
  },
  {
    name: 'three voters, asked as the quorum goes',
    voters: 3,
    processes: 3,
    quick: false,
    play: async (it) => {
      const [one, two] = [await it.follower(), await it.follower(1)];
      await it.interval();
      await it.crashUnnoticed(one, two);
      await it.remove(one);
      await it.start(two, 'restart');
      await it.start(one, 'restart');
    },
  },
];
