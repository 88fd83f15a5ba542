import { seededRandom, unsafeBrand } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { describeClusterStore } from '../conformance/index.js';
import { createHostsStore } from './store.js';
import { FakeHosts } from './testing/fake-hosts.js';
import { PROD } from './testing/samples.js';

describeClusterStore('the store on three hosts as a store', async () => {
  const hosts = new FakeHosts();
  let count = 0;
  return {
    open: () =>
      createHostsStore({
        cluster: PROD,
        hosts: ['a', 'b', 'c'].map((name) => unsafeBrand<HostName>(name)),
        shell: hosts.shell,
        clock: hosts.clock,
        random: seededRandom(++count),
        seat: { name: 'ann@desk', pid: process.pid },
      }),
    finish: (work) => hosts.finish(work),
    dispose: async () => hosts.remove(),
  };
});
