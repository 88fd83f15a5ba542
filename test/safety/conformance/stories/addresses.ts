import { freeURL } from '../../../lab/ports.js';
import type { Story } from '../story.js';

/** Changes of peer URLs, of voters and of learners. */
export const addresses: readonly Story[] = [
  {
    name: 'a voter moves to another peer URL',
    voters: 3,
    processes: 3,
    quick: true,
    play: async (it) => {
      const [one, two] = [await it.follower(), await it.follower(1)];
      const url = await freeURL();
      await it.update(one, [url]);
      await it.update(two, [url]);
      await it.update(one, [url]);
      await it.crash(one);
      await it.relisten(one, [url]);
      await it.start(one, 'restart');
      await it.interval();
      await it.add('m4', [url]);
    },
  },
  {
    name: 'the peer URLs of a learner that never started',
    voters: 1,
    processes: 1,
    quick: true,
    play: async (it) => {
      await it.add('m2');
      await it.update('m2', [await freeURL()]);
    },
  },
  {
    name: 'the peer URLs of a learner that runs',
    voters: 3,
    processes: 4,
    quick: false,
    play: async (it) => {
      await it.interval();
      await it.add('m4');
      await it.start('m4', 'join');
      await it.update('m4', [await freeURL()]);
      await it.promote('m4');
    },
  },
];
