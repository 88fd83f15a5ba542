/** For tests only: a discovery that does whatever it is asked, and remembers it. */
import { defineProblem, ok } from '../../../base/index.js';
import type { Discovery } from '../discovery-ports.js';

const burnt = defineProblem('fake-burnt', (d: { member: string }) => ({
  summary: `two are called ${d.member}`,
  detail: '',
  hint: '',
}));

export function fakeDiscovery(asked: string[]): Discovery {
  return {
    serve: async ({ tell, ...settings }) => {
      asked.push(`discovery serve ${JSON.stringify(settings)}`);
      tell('tok: a registered (1 of 3)');
      return ok({
        url: `http://${settings.listen}`,
        drain: async () => void asked.push('discovery drained'),
      });
    },
    create: async (at, wish) => {
      asked.push(`discovery new ${JSON.stringify({ at, wish })}`);
      return ok({
        token: 'abc',
        size: wish.size,
        url: 'http://127.0.0.1:8087/abc',
        endpoints: ['http://127.0.0.1:2379'],
        secret: 'hush',
        ttlMs: wish.ttlMs,
        flags: [
          {
            protocol: 'v2',
            minors: ['3.4', '3.5'],
            flags: ['--discovery=http://127.0.0.1:8087/abc'],
          },
          { protocol: 'v3', minors: ['3.6', '3.7'], flags: ['--discovery-token=abc'] },
        ],
      });
    },
    look: async (at) => {
      asked.push(`discovery show ${JSON.stringify(at)}`);
      return ok({
        token: 'abc',
        protocol: 'v2',
        url: 'http://127.0.0.1:8087/abc',
        size: 3,
        state: 'burnt',
        clusterID: undefined,
        members: [
          { id: 'a1', name: 'a', peerURLs: ['http://a:2380'], index: 7n, answers: 'waits' },
          { id: 'a2', name: 'a', peerURLs: ['http://b:2380'], index: 8n, answers: 'waits' },
        ],
        missing: 1,
        problems: [burnt({ member: 'a' })],
      });
    },
  };
}
