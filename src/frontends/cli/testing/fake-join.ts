/** For tests only: a host that becomes what its name says, and ends when it is asked to. */
import { defineProblem } from '../../../base/index.js';
import type { Join, JoinState } from '../join-ports.js';

const inTheWay = defineProblem('fake-in-the-way', (d: { name: string }) => ({
  summary: `${d.name} cannot join`,
  detail: '',
  hint: '',
}));

export function fakeJoin(asked: string[]): Join {
  return {
    run: async ({ typed, offline, interrupt, onState, tell, onLog }) => {
      asked.push(`join ${JSON.stringify({ ...typed, offline })}`);
      const { name } = typed;
      const base: JoinState = {
        name,
        state: 'meeting',
        member: undefined,
        peerURL: 'http://127.0.0.1:2380',
        clientURL: 'http://127.0.0.1:2379',
        dataDir: `/data/${name}`,
        endpoints: [],
        because: undefined,
      };
      const problems = [inTheWay({ name })];
      if (name === 'mistyped' || name === 'refused' || name === 'failed') {
        return { kind: name, problems };
      }
      tell('fetching etcd');
      onState(base);
      onLog('{"level":"info"}\n');
      onState({ ...base, state: 'member', member: { id: 'a1', clusterID: 'c1', role: 'voter' } });
      onState({ ...base, state: 'gateway', endpoints: ['http://b:2379'] });
      onState({ ...base, state: 'waiting', because: inTheWay({ name }) });
      if (!interrupt.aborted) {
        await new Promise((resolve) => interrupt.addEventListener('abort', resolve));
      }
      return { kind: 'asked' };
    },
  };
}
