import { assertNever } from '../../../base/index.js';
import type { Style } from '../io.js';
import type { JoinState } from '../join-ports.js';
import { problemData } from './problems.js';
import type { View } from './view.js';

export const joinView: View<JoinState> = {
  text: (state, style) => `${line(state, style)}\n`,
  data: ({ name, state, member, peerURL, clientURL, dataDir, endpoints, because }) => ({
    name,
    state,
    memberID: member?.id ?? null,
    clusterID: member?.clusterID ?? null,
    role: member?.role ?? null,
    peerURL,
    clientURL,
    dataDir,
    endpoints,
    problem: because === undefined ? null : problemData(because),
  }),
};

function line(state: JoinState, style: Style): string {
  const { name, member, peerURL, clientURL, dataDir, endpoints, because } = state;
  switch (state.state) {
    case 'waiting':
      return `${name} ${style.warn('waits')}: ${because?.summary ?? ''}. ${because?.detail ?? ''}`;
    case 'meeting':
      return `${name} registers at ${peerURL}, and waits until all members have come`;
    case 'joining':
      return `${name} is in the member list; it joins from the others' log`;
    case 'restarting':
      return `${name} starts from its log in ${dataDir}`;
    case 'member': {
      const role = member?.role === 'learner' ? 'learner' : 'member';
      const ids = `${member?.id ?? ''} of cluster ${member?.clusterID ?? ''}`;
      return `${name} is a ${style.good(role)}, ${ids}: clients at ${style.bold(clientURL)}`;
    }
    case 'gateway':
      return `${name} is a ${style.good('gateway')} at ${style.bold(clientURL)} to ${endpoints.join(', ')}, until somebody adds a member with ${peerURL}`;
    default:
      return assertNever(state.state);
  }
}
