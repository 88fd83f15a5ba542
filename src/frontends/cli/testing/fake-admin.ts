/** For tests only: etcd as asked directly, answered from worlds of core/model; what would change it is written down. */
import { applied, defineProblem, err, ok, unsafeBrand } from '../../../base/index.js';
import { type World, observe } from '../../../core/model/index.js';
import type { EtcdAdmin } from '../../../engine/ports/index.js';

const nobodyThere = defineProblem('nobody-there', (d: { endpoints: string }) => ({
  summary: `nobody answers at ${d.endpoints}`,
  detail: '',
  hint: '',
}));

/** Answers from whichever world advertises the endpoint. */
export function fakeAdmin(
  clusters: ReadonlyMap<string, { readonly world: World | undefined }>,
  asked: string[],
): EtcdAdmin {
  const worldAt = (url: string): World | undefined =>
    [...clusters.values()].find(({ world }) =>
      world?.members.some(({ clientURLs }) => clientURLs.some((each) => each === url)),
    )?.world;
  return {
    peer: async () => ({ kind: 'silent', because: 'not asked here' }),
    status: async (url) => {
      const world = worldAt(url);
      const sight =
        world === undefined
          ? undefined
          : observe(world).hosts.find(
              ({ status }) =>
                status.kind === 'answered' &&
                world.members.some(
                  ({ id, clientURLs }) =>
                    id === status.memberID && clientURLs.some((each) => each === url),
                ),
            );
      return sight?.status ?? { kind: 'silent', because: 'connection refused' };
    },
    memberList: async (endpoints) => {
      const world = endpoints.map(worldAt).find((each) => each !== undefined);
      return world?.clusterID === undefined
        ? err(nobodyThere({ endpoints: endpoints.join() }))
        : ok({ clusterID: world.clusterID, members: world.members });
    },
    addMember: async (_endpoints, peerURLs, { isLearner }) => {
      asked.push(`add ${isLearner ? 'learner' : 'voter'} ${peerURLs.join()}`);
      return applied({ memberID: unsafeBrand('abc'), members: [] });
    },
    promote: async (_endpoints, member) => record(asked, `promote ${member}`),
    remove: async (_endpoints, member) => record(asked, `remove ${member}`),
    updatePeerURLs: async (_endpoints, member, urls) =>
      record(asked, `update ${member} ${urls.join()}`),
    moveLeader: async (_endpoint, to) => record(asked, `move leader to ${to}`),
    close: async () => undefined,
  };
}

function record(asked: string[], what: string) {
  asked.push(what);
  return applied();
}
