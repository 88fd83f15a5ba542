import { type Problem, defineProblem, formatDurationMs } from '../../base/index.js';

const runningFor = (ms: number): string =>
  Number.isFinite(ms) ? formatDurationMs(ms) : 'longer than can be told: our clock was set back';
/** What was unseen for less has been looked at once. */
const NOTICED_MS = 1000;
const list = (items: readonly string[]): string => items.join(', ');

/** Fewer healthy voters than a quorum, and no way back that keeps what was written. */
export const quorumLost = defineProblem(
  'quorum-lost',
  (d: {
    cluster: string;
    voters: number;
    quorum: number;
    healthy: number;
    withData: readonly string[];
    lost: readonly string[];
    unseen: readonly string[];
  }) => ({
    summary: `Cannot change or repair ${d.cluster}: quorum is lost`,
    detail:
      `${d.healthy} of ${d.voters} voters are healthy and ${d.quorum} are needed. ` +
      (d.lost.length > 0 ? `Without their data: ${list(d.lost)}. ` : '') +
      (d.unseen.length > 0 ? `Not seen: ${list(d.unseen)}. ` : '') +
      (d.withData.length > 0 ? `Data is still there on: ${list(d.withData)}. ` : '') +
      (d.withData.length + d.unseen.length > 0
        ? 'Nothing was touched.'
        : 'No host holds data any more. Nothing was touched.'),
    hint:
      d.withData.length + d.unseen.length > 0
        ? `No quorum can be made of what is left. Bring back a disk or a host that was lost, or begin anew from a backup or from the data that is there. One look first:\n  quorate status`
        : `Restore from a backup; starting again means an empty cluster:\n  quorate destroy ${d.cluster}`,
  }),
);

/** Enough voters run, and still there is no leader. */
export const noLeader = defineProblem(
  'no-leader',
  (d: { cluster: string; running: number; voters: number; forMs: number }) => ({
    summary: `${d.cluster} has no leader`,
    detail: `${d.running} of ${d.voters} voters run and none of them knows a leader. The one that was started last has been running for ${runningFor(d.forMs)}.`,
    hint: 'Look at what they say, and whether their peer URLs reach each other:\n  quorate status',
  }),
);

/** Members answer with more than one ClusterID. */
export const twoClusters = defineProblem(
  'two-clusters',
  (d: { cluster: string; expected: string; seen: readonly string[] }) => ({
    summary: `Refusing to touch ${d.cluster}: its members speak for different clusters`,
    detail: `Expected ClusterID ${d.expected}; seen: ${list(d.seen)}.`,
    hint: 'Find out which host answers with the other id, and stop that process by hand:\n  quorate status -o json',
  }),
);

/** The member list carries another ClusterID than the record. */
export const recordContradicts = defineProblem(
  'record-contradicts',
  (d: { cluster: string; recorded: string; answered: string }) => ({
    summary: `Refusing to touch ${d.cluster}: its members answer with another ClusterID than the recorded one`,
    detail: `Recorded at birth: ${d.recorded}. The members answer: ${d.answered}.`,
    hint: 'Another cluster may be listening on these addresses. Compare:\n  quorate status -o json',
  }),
);

/** A host of the spec holds the data of another cluster, or of a member wrongly started with `new`. */
export const foreignData = defineProblem(
  'foreign-data',
  (d: {
    cluster: string;
    host: string;
    expected: string;
    found: string;
    memberID: string;
    running: boolean;
  }) => ({
    summary: `Cannot use host ${d.host} for ${d.cluster}: its data belongs to another cluster`,
    detail:
      `The log there carries ClusterID ${d.found} (member ${d.memberID}), ours is ${d.expected}. ` +
      (d.running
        ? 'A process is running on it: started with --initial-cluster-state=new by mistake, it founds a cluster of its own and never joins.'
        : 'It was copied here, or a member was once started here with --initial-cluster-state=new. Nothing was touched.'),
    hint: `Stop the process if one runs, make sure nobody needs that data, then move it away yourself; ${d.host} is used as soon as its data directory is gone.`,
  }),
);

/** A member that a person starts was started with `new`: it founds a cluster of its own and never joins. */
export const startedAsNew = defineProblem(
  'started-as-new',
  (d: { cluster: string; member: string; peerURL: string; expected: string; found: string }) => ({
    summary: `Member ${d.member} does not join ${d.cluster}: it was started as a new cluster`,
    detail: `At ${d.peerURL} it answers with ClusterID ${d.found}, ours is ${d.expected}. Started with --initial-cluster-state=new it founds a cluster of its own, never exits and never joins.`,
    hint: `Stop it, move its data directory away, and start it again with:\n  ETCD_INITIAL_CLUSTER_STATE=existing`,
  }),
);

/** Somebody copied a member's directory to another host: started there too, it would be that member a second time. */
export const copiedData = defineProblem(
  'copied-data',
  (d: { cluster: string; host: string; memberID: string; others: readonly string[] }) => ({
    summary: `Not starting the member on ${d.host} of ${d.cluster}: its log is the copy of another member's`,
    detail: `It carries member ${d.memberID}, and so does ${list(d.others)}. Running twice it would vote twice.`,
    hint: `Move the data on ${d.host} away yourself; a new member then joins there and copies from the others.`,
  }),
);

export const unreadableData = defineProblem(
  'unreadable-data',
  (d: { cluster: string; host: string; because: string }) => ({
    summary: `Cannot read the data on host ${d.host} of ${d.cluster}`,
    detail: d.because,
    hint: 'Nothing there is touched until it can be read, or until you move it away yourself.',
  }),
);

/** A member is in the list that neither the spec nor any host of ours knows. */
export const strangerInList = defineProblem(
  'stranger-in-list',
  (d: {
    cluster: string;
    memberID: string;
    name: string;
    peerURLs: readonly string[];
    role: string;
  }) => ({
    summary: `${d.cluster} has a member that the spec does not know`,
    detail: `A ${d.role} ${d.name === '' ? 'that never started' : `named "${d.name}"`}, id ${d.memberID}, at ${list(d.peerURLs)}. Somebody else added it.`,
    hint: `Remove it if nobody needs it:\n  quorate member remove ${d.memberID}`,
  }),
);

/** A healthy voter should go, and the rest could then not lose one more. */
export const removalWouldRiskQuorum = defineProblem(
  'removal-would-risk-quorum',
  (d: {
    cluster: string;
    member: string;
    voters: number;
    healthy: number;
    marginBefore: number;
    marginAfter: number;
  }) => ({
    summary: `Not removing ${d.member} from ${d.cluster}: the rest could not lose one more member`,
    detail: `${d.healthy} of ${d.voters} voters are healthy (margin ${d.marginBefore}); without ${d.member} the margin would be ${d.marginAfter}.`,
    hint: `Give it a successor first; it joins, then ${d.member} goes:\n  quorate member replace ${d.member} --with NEWNAME`,
  }),
);

/** A voter has been running for longer than a start takes, and is not well now. Since when it is unwell nobody knows. */
export const memberUnhealthy = defineProblem(
  'member-unhealthy',
  (d: { cluster: string; member: string; forMs: number; saw: string }) => ({
    summary: `Member ${d.member} of ${d.cluster} runs but is not healthy`,
    detail: `It has been running for ${runningFor(d.forMs)}. What we saw last: ${d.saw}. Nothing else is changed meanwhile.`,
    hint: `If it stays so, stop its process, or replace the member:\n  quorate member replace ${d.member}`,
  }),
);

export const learnerStuck = defineProblem(
  'learner-stuck',
  (d: { cluster: string; member: string; forMs: number; saw: string }) => ({
    summary: `Learner ${d.member} of ${d.cluster} does not catch up`,
    detail: `It has been running for ${runningFor(d.forMs)}. What we saw last: ${d.saw}.`,
    hint: `Remove it, or replace it:\n  quorate member remove ${d.member}`,
  }),
);

/** A host did not answer us: nothing may be concluded about it, and something depends on it. */
export const hostUnseen = defineProblem(
  'host-unseen',
  (d: {
    cluster: string;
    host: string;
    because: string;
    forMs: number;
    memberAnswers: boolean;
  }) => ({
    summary: `Cannot see host ${d.host} of ${d.cluster}`,
    detail:
      d.because +
      (d.forMs < NOTICED_MS ? '' : `\nNot seen for ${runningFor(d.forMs)}.`) +
      (d.memberAnswers
        ? '\nIts member answers: what it was started with is not known, and nothing can be changed there.'
        : ''),
    hint: 'Nothing that depends on it is decided until it answers. See whether that machine is up and lets us in; if nobody keeps the cluster, go on then with:\n  quorate apply',
  }),
);

/** A process or data is on a host that is to get a member, and it is no member's. */
export const hostInUse = defineProblem(
  'host-in-use',
  (d: { cluster: string; host: string; because: string }) => ({
    summary: `Not adding a member to ${d.cluster} on host ${d.host}: something is there already`,
    detail: `${d.because}. Nothing was touched.`,
    hint: `See what it is, and stop it or move it away yourself; ${d.host} is used as soon as it is gone.`,
  }),
);

/** A host was told to start with `new`, its data is gone, and the birth never completed without it. */
export const birthIncomplete = defineProblem(
  'birth-incomplete',
  (d: { cluster: string; lost: readonly string[]; withData: readonly string[] }) => ({
    summary: `Cannot finish the birth of ${d.cluster}`,
    detail: `Told once to start as new, and without data now: ${list(d.lost)}. With data: ${list(d.withData)}. Starting them again as new could lose what had been agreed on.`,
    hint: `The cluster never reported itself ready. Begin again (its data is moved aside, not deleted):\n  quorate destroy ${d.cluster}\n  quorate up\nOn hosts, instead of the last:\n  quorate apply -f SPEC`,
  }),
);

/** Members wait at the discovery service, and not all of them have come. */
export const meetingSlow = defineProblem(
  'meeting-slow',
  (d: { cluster: string; waiting: readonly string[]; at: string; size: number }) => ({
    summary: `The birth of ${d.cluster} waits at ${d.at}`,
    detail: `${list(d.waiting)} run and have no log yet: etcd waits until ${d.size} members have registered, and tries for ever when the service does not answer.`,
    hint: 'See who has come:\n  quorate discovery show',
  }),
);

/** The spec's members changed after the first of them was started: the rest would be told another list. */
export const birthChanged = defineProblem(
  'birth-changed',
  (d: { cluster: string; started: readonly string[]; waiting: readonly string[] }) => ({
    summary: `Cannot finish the birth of ${d.cluster}: its members were changed meanwhile`,
    detail:
      `Started with the members of before: ${list(d.started)}.` +
      (d.waiting.length === 0
        ? ' They have no quorum among themselves.'
        : ` Not started: ${list(d.waiting)}; with another list they would found another cluster.`),
    hint: `Set spec.members back until it is born, then change them. Or begin again (its data is moved aside, not deleted):\n  quorate destroy ${d.cluster}\n  quorate up\nOn hosts, instead of the last:\n  quorate apply -f SPEC`,
  }),
);

/** A member is another version than the one it was started as: its binary does not say the truth about itself. */
export const memberWrongVersion = defineProblem(
  'member-wrong-version',
  (d: { cluster: string; member: string; launchedAs: string; answers: string }) => ({
    summary: `Member ${d.member} of ${d.cluster} is not the etcd it was started as`,
    detail: `It was started as etcd ${d.launchedAs}, because the binary says so of itself, and answers that it is ${d.answers}. Nothing else is changed meanwhile.`,
    hint: `Find out which binary that is, and take it out of PATH or out of the cache:\n  quorate versions`,
  }),
);

/** The spec asks for a minor change; upgrades across minors need their own procedure. */
export const minorChange = defineProblem(
  'minor-change',
  (d: { cluster: string; running: string; wanted: string }) => ({
    summary: `Not changing ${d.cluster} from etcd ${d.running} to ${d.wanted}`,
    detail:
      'A change of the minor version is an upgrade with its own checks; this version of Quorate changes patch levels only.',
    hint: 'Set spec.version back to the running minor.',
  }),
);

/** Nothing is known of it: it may need the very member that is to go. */
export const consumerUnseen = defineProblem(
  'consumer-unseen',
  (d: { cluster: string; consumer: string; host: string; because: string }) => ({
    summary: `Cannot see ${d.consumer}, a consumer of ${d.cluster}`,
    detail: `${d.host}: ${d.because}. No member that lives is removed or gets other client URLs as long as a consumer may name it.`,
    hint: 'Bring its host back; or take it out of spec.consumers if it is gone.',
  }),
);

/** It has its list, and is not well with it. */
export const consumerNotFollowing = defineProblem(
  'consumer-not-following',
  (d: { cluster: string; consumer: string; host: string; because: string }) => ({
    summary: `${d.consumer} does not follow ${d.cluster}`,
    detail: `On ${d.host}: ${d.because}. No other consumer is told anything meanwhile, and no member that lives is removed.`,
    hint: `See what it says on ${d.host}; or take it out of spec.consumers if it is gone.`,
  }),
);

/** A member is to go that a consumer names by the spec's own word. */
export const consumerPinned = defineProblem(
  'consumer-pinned',
  (d: { cluster: string; consumer: string; host: string; member: string }) => ({
    summary: `Not removing ${d.member} from ${d.cluster}: ${d.consumer} was pointed at it`,
    detail: `Its endpoints are fixed in the spec or on ${d.host}, and name ${d.member}. They are yours to change.`,
    hint: 'Point it elsewhere, or let it follow with endpoints: members in spec.consumers.',
  }),
);

/** A member is to get other client URLs, and a consumer names the old ones by the spec's own word. */
export const consumerPinnedToMoving = defineProblem(
  'consumer-pinned-to-moving',
  (d: { cluster: string; consumer: string; host: string; member: string }) => ({
    summary: `Not changing the client URLs of ${d.member} in ${d.cluster}: ${d.consumer} was pointed at them`,
    detail: `Its endpoints are fixed in the spec or on ${d.host}, and name ${d.member}. They are yours to change.`,
    hint: 'Point it elsewhere, or let it follow with endpoints: members in spec.consumers.',
  }),
);

/** A member is to get other client URLs, and it is the only one left that a consumer can use. */
export const consumerNeedsMoving = defineProblem(
  'consumer-needs-moving',
  (d: { cluster: string; consumer: string; host: string; member: string }) => ({
    summary: `Not changing the client URLs of ${d.member} in ${d.cluster}: ${d.consumer} has no other endpoint that works`,
    detail: `It runs on ${d.host}, and could reach no member from then on. It is told others before the last of its own goes.`,
    hint: 'See what is in the way:\n  quorate plan',
  }),
);

/** It was pointed somewhere once, by a person, and names something else now. */
export const consumerPinnedElsewhere = defineProblem(
  'consumer-pinned-elsewhere',
  (d: {
    cluster: string;
    consumer: string;
    host: string;
    wanted: readonly string[];
    named: readonly string[];
  }) => ({
    summary: `${d.consumer}, a consumer of ${d.cluster}, does not name the endpoints that the spec says`,
    detail: `On ${d.host} it names ${list(d.named)}; the spec fixes ${list(d.wanted)}. Fixed endpoints are checked and left alone.`,
    hint: 'Change them there and restart it, or let it follow with endpoints: members in spec.consumers.',
  }),
);

/** Nobody has told it yet. */
export const consumerStillLists = defineProblem(
  'consumer-still-lists',
  (d: { cluster: string; consumer: string; host: string; member: string }) => ({
    summary: `Not removing ${d.member} from ${d.cluster}: ${d.consumer} still names it`,
    detail: `It runs on ${d.host}. A consumer forgets a member before that member goes.`,
    hint: 'See what is in the way:\n  quorate plan',
  }),
);

/** The database is full: etcd refuses writes, so growing would not help and is not tried. */
export const noSpace = defineProblem(
  'no-space',
  (d: { cluster: string; members: readonly string[] }) => ({
    summary: `${d.cluster} has a NOSPACE alarm`,
    detail: `${d.members.length > 0 ? `Raised by: ${list(d.members)}. ` : ''}Writes are refused until space is given back; repairs go on, growth waits.`,
    hint: 'Compact and defragment, raise quota-backend-bytes in the spec, then disarm the alarm.',
  }),
);

/** The members' data differs: etcd refuses writes, and whoever copied from them might copy what is wrong. */
export const corruptData = defineProblem(
  'corrupt-data',
  (d: { cluster: string; members: readonly string[] }) => ({
    summary: `${d.cluster} has a CORRUPT alarm: the data of its members differs`,
    detail:
      (d.members.length > 0
        ? `Raised for: ${list(d.members)}. `
        : 'etcd does not say for which member. ') +
      'Writes are refused, and nothing is built on data that may be wrong.',
    hint: 'Compare the members, replace the one that differs, then disarm the alarm:\n  etcdctl endpoint hashkv --cluster\n  quorate member replace NAME\n  etcdctl alarm disarm',
  }),
);

/** A learner that may not be promoted yet because too many voters are down. */
export const promotionWouldRiskQuorum = defineProblem(
  'promotion-would-risk-quorum',
  (d: {
    cluster: string;
    member: string;
    voters: number;
    healthy: number;
    marginAfter: number;
  }) => ({
    summary: `Not promoting ${d.member} in ${d.cluster} yet`,
    detail: `${d.healthy} of ${d.voters} voters are healthy. If ${d.member} failed right after, the margin would be ${d.marginAfter}.`,
    hint: 'It is promoted as soon as the voters are healthy again:\n  quorate status',
  }),
);

/** One authority follows another, and somebody does not trust the new one yet. */
export const rotationHeld = defineProblem(
  'rotation-held',
  (d: { readonly cluster: string; readonly members: readonly string[] }) => ({
    summary: `The old certificate authority of ${d.cluster} cannot be replaced yet`,
    detail:
      d.members.length === 0
        ? 'Some certificates are of the old authority still, or were not seen.'
        : `Not seen to trust the new one: ${d.members.join(', ')}.`,
    hint: 'Members that a person runs need the new bundle and a restart. See who shows what:\n  quorate certificates list',
  }),
);

/** It may end by itself within moments: an election is under way, a host or a member is slow to answer. */
export const mayPass = (problem: Problem): boolean =>
  [noLeader, hostUnseen, memberUnhealthy].some(({ is }) => is(problem));
