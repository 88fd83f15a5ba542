import { defineProblem } from '../../base/index.js';

const quoted = (text: string): string => JSON.stringify(text);

export const discoveryUnknownToken = defineProblem(
  'discovery-unknown-token',
  (d: { token: string; asked: string }) => ({
    summary: `There is no discovery token ${d.token}`,
    detail: d.asked,
    hint: 'It was never made here, is not as it was made, or has expired. Make one:\n  quorate discovery new --size 3',
  }),
);

/** The path is not the token's own. */
export const discoveryOtherPath = defineProblem(
  'discovery-other-path',
  (d: { token: string; asked: string; path: string }) => ({
    summary: `The discovery token ${d.token} is not at ${d.asked}`,
    detail: `It is at ${d.path}. etcd computes the ids of members and cluster from the URL, letter by letter, so a token has one.`,
    hint: '',
  }),
);

/** A member was started with another spelling of the discovery URL. */
export const discoveryOtherURL = defineProblem(
  'discovery-other-url',
  (d: { token: string; member: string; id: string; url: string; written: string }) => ({
    summary: `${d.member} was started with another spelling of the discovery URL`,
    detail: [
      d.written === ''
        ? `Its id ${d.id} does not come from ${d.url}.`
        : `Its id ${d.id} comes from ${d.written}, not from ${d.url}.`,
      'etcd computes the ids of members and cluster from the URL, letter by letter; it would never have found its cluster. Nothing was registered.',
    ].join(' '),
    hint: `Start it with exactly:\n  --discovery=${d.url}`,
  }),
);

export const discoveryNameTaken = defineProblem(
  'discovery-name-taken',
  (d: { token: string; member: string; by: string }) => ({
    summary: `Two members of the discovery token ${d.token} have the name ${d.member}`,
    detail: `${d.by} registered it first. Nothing more was registered.`,
    hint: 'Give each member a name of its own (--name).',
  }),
);

export const discoveryPeerURLTaken = defineProblem(
  'discovery-peer-url-taken',
  (d: { token: string; member: string; peerURL: string; by: string }) => ({
    summary: `${d.member} advertises the peer URL of another member: ${d.peerURL}`,
    detail: `${d.by} registered it first. Nothing more was registered.`,
    hint: 'Give each member a peer URL of its own (--initial-advertise-peer-urls).',
  }),
);

/** The same member again: wiped, started twice, or a token that was used before. */
export const discoveryRegisteredBefore = defineProblem(
  'discovery-registered-before',
  (d: { token: string; member: string; id: string; isClosed: boolean }) => ({
    summary: `${d.member} has registered with the discovery token ${d.token} before`,
    detail: d.isClosed
      ? `Its id is ${d.id}. The cluster has formed: a member without its data is replaced, never started again.`
      : `Its id is ${d.id}. The cluster has not formed yet.`,
    hint: d.isClosed
      ? 'Remove it from the running cluster and add it again; a new cluster needs a new token:\n  quorate discovery new --size 3'
      : "If it never got further, delete its registration with the token's secret and start it again:\n  curl -X DELETE -H 'Authorization: Bearer SECRET' URL/ID",
  }),
);

export const discoveryBadRegistration = defineProblem(
  'discovery-bad-registration',
  (d: { found: string; because: string }) => ({
    summary: `${quoted(d.found.slice(0, 200))} is no registration of a member`,
    detail: d.because,
    hint: 'etcd itself registers as NAME=PEER-URL, with one pair for each of its URLs.',
  }),
);

export const discoveryBadSize = defineProblem(
  'discovery-bad-size',
  (d: { found: string; max: number }) => ({
    summary: `A discovery token cannot be for ${quoted(d.found.slice(0, 40))} members`,
    detail: `Allowed: a whole number from 1 to ${d.max}. Other sizes make etcd end or crash.`,
    hint: '',
  }),
);

export const discoverySizeFixed = defineProblem(
  'discovery-size-fixed',
  (d: { token: string; size: number; asked: string }) => ({
    summary: `The size of the discovery token ${d.token} stays ${d.size}`,
    detail: `Asked for: ${d.asked.slice(0, 40)}. Members that wait do not notice a change, and the others would found a second cluster.`,
    hint: 'Make a new token for another size, or grow the cluster once it runs.',
  }),
);

/** Whoever asks for tokens without end must not fill the etcd. */
export const discoveryTooManyOpen = defineProblem(
  'discovery-too-many-open',
  (d: { max: number }) => ({
    summary: `The discovery service makes no further token: ${d.max} that it keeps are still open`,
    detail:
      'A token is kept from its first registration on, or from the start when it expires or is for v3, and is open until all its members have registered. Members of tokens that exist are served as ever.',
    hint: 'Use one that you have, wait until some expire, or make one in the etcd itself:\n  quorate discovery new --endpoints URLS',
  }),
);

export const discoveryBadExpiry = defineProblem('discovery-bad-expiry', (d: { found: string }) => ({
  summary: `A discovery token cannot expire after ${quoted(d.found.slice(0, 40))}`,
  detail: 'Allowed: a duration from 1m to 366d, such as 30m or 24h.',
  hint: '',
}));

/** Members have registered over the other protocol. */
export const discoveryOtherProtocol = defineProblem(
  'discovery-other-protocol',
  (d: { token: string; uses: string; asked: string }) => ({
    summary: `The discovery token ${d.token} is used over the protocol ${d.uses}`,
    detail: `A member came over ${d.asked}. The two make different ids, so that one cluster uses one of them.`,
    hint: 'Start every member with the flags of one protocol.',
  }),
);

export const discoverySecretNeeded = defineProblem(
  'discovery-secret-needed',
  (d: { token: string }) => ({
    summary: `Not deleting from the discovery token ${d.token} without its secret`,
    detail: 'The secret was told once, when the token was made.',
    hint: "Give it:\n  curl -X DELETE -H 'Authorization: Bearer SECRET' URL/ID",
  }),
);

export const discoveryTokenClosed = defineProblem(
  'discovery-token-closed',
  (d: { token: string; size: number }) => ({
    summary: `Not deleting from the discovery token ${d.token}: all ${d.size} members have registered`,
    detail: 'The cluster has formed, or forms now, from exactly these registrations.',
    hint: 'Members of a running cluster are removed there; a new cluster needs a new token.',
  }),
);

export const discoveryBadRequest = defineProblem(
  'discovery-bad-request',
  (d: { asked: string; because: string }) => ({
    summary: `The discovery service does not understand ${quoted(d.asked.slice(0, 200))}`,
    detail: d.because,
    hint: '',
  }),
);

export const discoveryStorageSilent = defineProblem(
  'discovery-storage-silent',
  (d: { because: string }) => ({
    summary: 'The discovery service cannot reach its etcd',
    detail: d.because,
    hint: 'Members that ask go on asking; see to the etcd behind the service.',
  }),
);

export const discoveryListenFailed = defineProblem(
  'discovery-listen-failed',
  (d: { address: string; because: string }) => ({
    summary: `The discovery service cannot listen on ${d.address}`,
    detail: d.because,
    hint: 'Give an address of this machine that is free:\n  quorate discovery serve --listen 127.0.0.1:8087',
  }),
);

export const discoveryPlainText = defineProblem(
  'discovery-plain-text',
  (d: { address: string }) => ({
    summary: `Not serving discovery in plain text on ${d.address}`,
    detail:
      'Whoever reads a token on the way can register in the place of a member. Only loopback is served without TLS.',
    hint: 'Give a certificate (members need SSL_CERT_FILE for a private authority), or say that the network is trusted:\n  quorate discovery serve --tls-cert FILE --tls-key FILE\n  quorate discovery serve --insecure',
  }),
);

export const discoveryBadAddress = defineProblem(
  'discovery-bad-address',
  (d: { found: string; because: string }) => ({
    summary: `${quoted(d.found)} cannot be used for discovery`,
    detail: d.because,
    hint: '',
  }),
);

/** What a service answered when a token was asked for, or one was looked at. */
export const discoveryServiceSilent = defineProblem(
  'discovery-service-silent',
  (d: { url: string; because: string }) => ({
    summary: `The discovery service at ${d.url} gave no usable answer`,
    detail: d.because,
    hint: 'Start one here:\n  quorate discovery serve',
  }),
);

export const discoveryNoService = defineProblem(
  'discovery-no-service',
  (d: { running: readonly string[] }) => ({
    summary:
      d.running.length === 0
        ? 'No discovery service runs for this etcd, so the v2 protocol has no URL'
        : 'Several discovery services run for this etcd',
    detail: d.running.join(', '),
    hint:
      d.running.length === 0
        ? 'Start one, or ask for the v3 protocol only:\n  quorate discovery serve\n  quorate discovery new --protocol v3'
        : 'Name the one whose URL the members get:\n  quorate discovery new --service URL',
  }),
);

export const discoveryNoV3Here = defineProblem('discovery-no-v3-here', (d: { url: string }) => ({
  summary: `${d.url} does not say where its etcd is, so the v3 protocol cannot be used through it`,
  detail: 'Over v3 members speak to the etcd itself.',
  hint: 'Name the etcd, with addresses that the members can reach:\n  quorate discovery new --protocol v3 --endpoints URLS',
}));

/** Two members have one name: etcd ends both, or crashes, and the registrations stay. */
export const discoveryDuplicateName = defineProblem(
  'discovery-duplicate-name',
  (d: { token: string; member: string; ids: readonly string[] }) => ({
    summary: `The token ${d.token} is burnt: ${d.ids.length} members have registered the name ${d.member}`,
    detail: `They are ${d.ids.join(', ')}. etcd cannot form a cluster from this.`,
    hint: 'Give each member its own name, clear their data directories, and start them with a new token:\n  quorate discovery new',
  }),
);

/** The registrations cannot become one cluster, ever. */
export const discoveryBurnt = defineProblem(
  'discovery-burnt',
  (d: { token: string; because: string }) => ({
    summary: `The token ${d.token} is burnt: no cluster can form from it`,
    detail: d.because,
    hint: 'Clear the data directories of members that never ran, and start them with a new token:\n  quorate discovery new',
  }),
);

/** A registered member speaks for another cluster than its registration leads to. */
export const discoveryForeignCluster = defineProblem(
  'discovery-foreign-cluster',
  (d: { member: string; peerURL: string; expected: string; answers: string }) => ({
    summary: `What answers at the peer URL of ${d.member} belongs to another cluster`,
    detail: `${d.peerURL} answers ClusterID ${d.answers}; the registrations of this token make ${d.expected}.`,
    hint: 'It was started with another token or another spelling of the URL, or something else runs there.',
  }),
);

/** All have registered, and one of them is not there. */
export const discoveryMemberAbsent = defineProblem(
  'discovery-member-absent',
  (d: { member: string; peerURL: string; because: string }) => ({
    summary: `${d.member} has registered and does not answer`,
    detail: `${d.peerURL}: ${d.because}`,
    hint: 'With its data directory it comes back when it is started again, with any flags. Without, remove it from the cluster and add it.',
  }),
);

/**
 * A member registered once more, over v3, when the cluster had formed. etcd registers only without a log, and lets it in
 * in silence: it has forgotten what it had voted for (etcd-facts 14.1).
 */
export const discoveryCameBackEmpty = defineProblem(
  'discovery-came-back-empty',
  (d: { token: string; member: string; id: string }) => ({
    summary: `${d.member} registered with the token ${d.token} a second time, after all places were taken`,
    detail: `It was started again without its data. etcd lets ${d.id} in under its old identity, and what it had acknowledged before is lost with its disk.`,
    hint: `Take it out, clear its data directory, and add it as a new member:\n  quorate member remove ${d.id} --endpoints URLS\n  quorate member add NAME --peer-urls URL --endpoints URLS`,
  }),
);

export const discoveryBeyondSize = defineProblem(
  'discovery-beyond-size',
  (d: { token: string; member: string; size: number }) => ({
    summary: `${d.member} registered after the ${d.size} members that the token ${d.token} is for`,
    detail: 'It is no member of the cluster.',
    hint: 'Add it to the running cluster:\n  quorate member add NAME',
  }),
);
