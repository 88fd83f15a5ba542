import type { Reason } from './plan-types.js';

const SENTENCES = {
  'first-member-of-a-birth': 'no host holds data and nobody answers: the cluster is born here',
  'next-member-of-a-birth': 'the cluster is being born and this member has not started yet',
  'birth-complete':
    'the members agree on their ClusterID: it is recorded, and never again is one started as new',
  'process-not-running': 'its data is here and its process is not running',
  'registered-not-started': 'it is registered in the member list and has not started yet',
  'data-lost':
    'its data directory is gone: a voter without its log must not start again under the old id',
  'learner-in-sync': 'the learner has caught up with the leader',
  'learner-unwanted': 'the spec does not want this learner',
  'learner-data-lost': 'the learner lost its data; a new one takes its place',
  'below-wanted-size': 'the spec wants this member and the member list does not have it',
  'not-in-spec': 'the spec does not want this member any more',
  'replacement-asked': 'somebody asked for this member to be replaced or removed',
  'leader-moves-first': 'it leads, and a leader hands over before it is stopped or removed',
  'not-a-member-any-more': 'the member list, read through quorum, does not contain it',
  'timings-of-first-life':
    'it still runs with the short timings of its first moments and gets its final ones now',
  'flags-differ': 'it runs with other flags than the spec asks for',
  'version-differs': 'it runs another version than the spec asks for',
  'name-differs': 'the spec gives it another name',
  'peer-urls-differ': 'the spec gives it other peer URLs',
  'proxy-not-running': 'the spec wants a gateway here and none runs',
  'proxy-unwanted': 'the spec wants no gateway here any more',
  'proxy-listens-elsewhere': 'it listens elsewhere than the spec wants',
  'proxy-names-others':
    'it forwards to others than the members there are, and does not follow by itself',
  'gateway-makes-way': 'a member starts here and listens where the gateway does',
  'consumer-learns': 'members have come that it does not know',
  'consumer-forgets': 'a member that it names is about to go, and must not be missed by it',
  'consumer-names-others': 'it names endpoints that are no members of this cluster',
  'consumer-half-told': 'somebody began to tell it its endpoints and never came to an end',
  'consumer-cut-off': 'none of the endpoints that it names is a member that is well',
  'consumer-endpoints-move': 'the last endpoint that it names is about to move',
  'consumer-starting': 'a consumer was started a moment ago and is not connected yet',
  'certificates-missing': 'its host lacks a certificate, its key or an authority that it trusts',
  'certificates-expired': 'its certificate has expired',
  'certificates-due': 'its certificate is due for renewal',
  'issuer-differs': 'its certificate is from another authority than the one that issues now',
  'certificate-names-differ': 'its certificate lacks a name or address that it is dialled by',
  'new-authority-trusted': 'every member trusts the new authority',
  'old-authority-unused': 'nobody has a certificate of the old authority any more',
  'asked-down': 'the cluster was asked to go down',
  'unresolved-change': 'the outcome of the last membership change is not known; it may still land',
  'no-leader-yet': 'enough members run, and they have not chosen a leader yet',
  'not-all-have-come': 'the members of a birth wait until all of them have registered',
  'member-starting': 'a member has started and does not answer yet',
  'member-stopping': 'a member was asked to stop and still runs',
  'member-list-unseen': 'no member gave the member list through quorum',
  'learner-catching-up': 'the learner is still receiving the log',
  'members-not-connected-long-enough':
    'etcd adds or removes a member only when the others have been connected for five seconds',
  'voter-not-healthy': 'a voter is not healthy, and nothing else is changed before it is',
  'start-failed-lately': 'its last start failed and the next try is due a little later',
  'started-by-hand': 'somebody starts this member by hand, and it does not run yet',
  'host-unseen': 'a host does not answer us',
} as const satisfies Record<Reason, string>;

/** The reason as a sentence for people. */
export const sentenceOf = (reason: Reason): string => SENTENCES[reason];
