import {
  type Clock,
  type Outcome,
  type Result,
  applied,
  err,
  ok,
  unsafeBrand,
} from '../../base/index.js';
import {
  type Member,
  type Membership,
  type StatusSight,
  parseEtcdVersion,
} from '../../core/cluster/index.js';
import type { EtcdAdmin } from '../../engine/ports/index.js';
import {
  type CallOptions,
  type CallResult,
  type EtcdMember,
  type MemberStatus,
  type TLSOptions,
  createClient,
  outcomeOf,
  problemOfEtcdError,
} from '../../etcd/index.js';
import { firstAnswer, oneAfterAnother } from './endpoints.js';
import { createPeerProbe } from './peer.js';
import { noEndpoints } from './problems.js';
import { createUse } from './use.js';

export interface EtcdAdminOptions {
  readonly clock: Clock;
  /** For https client URLs. Files are read again at each dial, so that certificates can be renewed meanwhile. */
  readonly tls?: TLSOptions;
  /** Where names in URLs lead, when whoever asks knows better than this machine's resolver; undefined for the rest. */
  readonly addressOf?: (host: string) => string | undefined;
  /** The same for peer URLs; absent: as for client URLs. */
  readonly peerTLS?: TLSOptions;
}

/** Answers from memory; a member that takes longer is as good as silent. Whoever asks waits less. */
const STATUS_DEADLINE_MS = 5000;

/** Without a quorum a list through it never comes; the controller usually waits less. */
const LIST_DEADLINE_MS = 5000;

/** @example const admin = createEtcdAdmin({ clock: systemClock }); … await admin.close(); */
export function createEtcdAdmin(options: EtcdAdminOptions): EtcdAdmin {
  const { clock, tls, peerTLS = tls, addressOf } = options;
  const client = createClient({ endpoints: [], tls, clock, addressOf });
  const use = createUse(clock, (recent) => client.setEndpoints(recent));
  const peerProbe = createPeerProbe(peerTLS, addressOf);

  const change = async <T, U>(
    what: string,
    endpoints: readonly string[],
    signal: AbortSignal,
    send: (options: CallOptions) => Promise<CallResult<T>>,
    shape: (value: T) => U,
  ): Promise<Outcome<U>> => {
    const description = { what, target: 'the cluster' };
    const end = await oneAfterAnother(use.of(endpoints), (endpoint) => send({ endpoint, signal }));
    if (end === undefined) return { kind: 'refused', problem: noEndpoints({ what }) };
    const outcome = outcomeOf(end, description);
    return outcome.kind === 'applied' ? applied(shape(outcome.value)) : outcome;
  };
  const nothing = () => undefined;

  return {
    peer: (peerURL, signal) => peerProbe.ask(peerURL, signal),

    status: async (clientURL, signal) => {
      const [endpoint = clientURL] = use.of([clientURL]);
      const options = { endpoint, signal, deadlineMs: STATUS_DEADLINE_MS };
      const answer = await client.maintenance.status(options);
      return answer.ok
        ? statusSightOf(answer.value)
        : { kind: 'silent', because: answer.error.message };
    },

    memberList: async (endpoints, signal): Promise<Result<Membership>> => {
      const what = 'read the member list through quorum';
      const list = await firstAnswer(use.of(endpoints), clock, signal, (endpoint, inner) =>
        client.cluster.memberListLinearizable({
          endpoint,
          signal: inner,
          deadlineMs: LIST_DEADLINE_MS,
        }),
      );
      if (list === undefined) return err(noEndpoints({ what }));
      if (!list.ok) return err(problemOfEtcdError(list.error, { what, target: 'the cluster' }));
      const { header, members } = list.value;
      return ok({ clusterID: header.clusterID, members: members.map(memberOf) });
    },

    addMember: (endpoints, peerURLs, { isLearner }, signal) =>
      change(
        isLearner ? 'add a learner' : 'add a member',
        endpoints,
        signal,
        (options) => client.cluster.memberAdd({ peerURLs, isLearner }, options),
        ({ member, members }) => ({ memberID: member.id, members: members.map(memberOf) }),
      ),
    promote: (endpoints, id, signal) =>
      change(
        `promote the learner ${id}`,
        endpoints,
        signal,
        (options) => client.cluster.memberPromote(id, options),
        nothing,
      ),
    remove: (endpoints, id, signal) =>
      change(
        `remove the member ${id}`,
        endpoints,
        signal,
        (options) => client.cluster.memberRemove(id, options),
        nothing,
      ),
    updatePeerURLs: (endpoints, id, peerURLs, signal) =>
      change(
        `change the peer URLs of ${id}`,
        endpoints,
        signal,
        (options) => client.cluster.memberUpdate(id, peerURLs, options),
        nothing,
      ),
    moveLeader: (leaderEndpoint, to, signal) =>
      change(
        `move the leader to ${to}`,
        [leaderEndpoint],
        signal,
        (options) => client.maintenance.moveLeader(to, options),
        nothing,
      ),

    close: async () => {
      peerProbe.close();
      await client.close();
    },
  };
}

function statusSightOf(status: MemberStatus): StatusSight {
  const version = parseEtcdVersion(status.version);
  if (version === undefined) {
    return { kind: 'silent', because: `it says that its version is “${status.version}”` };
  }
  return {
    kind: 'answered',
    memberID: status.header.memberID,
    clusterID: status.header.clusterID,
    ...(status.leader === undefined ? {} : { leader: status.leader }),
    isLearner: status.isLearner,
    version,
    raftTerm: status.raftTerm,
    raftIndex: status.raftIndex,
    raftAppliedIndex: status.raftAppliedIndex,
    dbSizeBytes: status.dbSizeBytes,
    errors: status.errors,
  };
}

/** What etcd has is a fact: names and URLs are taken as they are, also those that our own spec would not allow. */
const memberOf = ({ id, name, peerURLs, clientURLs, isLearner }: EtcdMember): Member => ({
  id,
  name: unsafeBrand<Member['name']>(name),
  peerURLs: unsafeBrand<Member['peerURLs']>(peerURLs),
  clientURLs: unsafeBrand<Member['clientURLs']>(clientURLs),
  isLearner,
});
