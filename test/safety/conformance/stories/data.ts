import type { Story } from '../story.js';

/** Starts: with data and without, rightly and wrongly. */
export const data: readonly Story[] = [
  {
    name: 'a member that runs is started once more',
    voters: 1,
    processes: 1,
    quick: true,
    play: async (it) => {
      await it.start('m1', 'restart');
      await it.start('m1', 'join');
      await it.start('m1', 'birth');
      await it.crash('m1');
      await it.start('m1', 'join');
      await it.start('m1', 'birth');
      await it.start('m1', 'restart');
    },
  },
  {
    name: 'a member that lost its data',
    voters: 3,
    processes: 3,
    quick: true,
    play: async (it) => {
      const [lost, other] = [await it.follower(), await it.follower(1)];
      await it.interval();
      await it.loseData(lost);
      await it.start(lost, 'restart');
      await it.start(lost, 'birth');
      await it.start(lost, 'join');
      await it.loseData(lost);
      await it.moveLeader(other);
      await it.start(lost, 'join');
    },
  },
  {
    name: 'a member that nobody registered',
    voters: 3,
    processes: 4,
    quick: true,
    play: async (it) => {
      await it.start('m4', 'join');
      await it.interval();
      await it.add('m4');
      await it.crash('m1', 'm2', 'm3');
      await it.start('m4', 'join');
    },
  },
  {
    name: 'a new member is started as new',
    voters: 3,
    processes: 4,
    quick: false,
    play: async (it) => {
      await it.interval();
      await it.add('m4');
      await it.start('m4', 'birth');
      await it.promote('m4');
      await it.crash('m4');
      await it.start('m4', 'restart');
      await it.remove('m4');
      await it.loseData('m4');
      await it.add('m4');
      await it.start('m4', 'join');
      await it.promote('m4#2');
    },
  },
  {
    name: 'two of three start as new while the third is down',
    voters: 3,
    processes: 3,
    quick: false,
    play: async (it) => {
      await it.crash('m1', 'm2', 'm3');
      await it.loseData('m1', 'm2');
      await it.start('m1', 'birth');
      await it.start('m2', 'birth');
      await it.start('m3', 'restart');
    },
  },
  {
    name: 'the database is full',
    voters: 3,
    processes: 4,
    etcd: { 'quota-backend-bytes': '16MiB' },
    quick: false,
    play: async (it) => {
      const lost = await it.follower();
      await it.interval();
      await it.fillUp();
      await it.loseData(lost);
      await it.remove(lost);
      await it.add(lost);
      await it.start(lost, 'join');
      await it.promote(`${lost}#2`);
      await it.moveLeader(`${lost}#2`);
      await it.interval();
      await it.add('m4');
      await it.update(await it.follower(), await it.urlsOf('m5'));
      await it.remove('m4');
    },
  },
  {
    name: 'a removed member comes back',
    voters: 3,
    processes: 4,
    quick: false,
    play: async (it) => {
      const gone = await it.follower();
      await it.interval();
      await it.remove(gone);
      await it.start(gone, 'restart');
      await it.add(gone);
      await it.start(gone, 'restart');
      await it.promote(`${gone}#2`);
      await it.loseData(gone);
      await it.start(gone, 'birth');
      await it.start(gone, 'join');
      await it.remove(gone);
      await it.promote(`${gone}#2`);
      await it.remove(gone);
    },
  },
];
