import { defineProblem } from '../../base/index.js';

const quoted = (text: string): string => JSON.stringify(text.slice(0, 200));

/** Something on the command line has the wrong shape. */
export const joinBadValue = defineProblem(
  'join-bad-value',
  (d: { option: string; found: string; allowed: string }) => ({
    summary: `--${d.option} cannot be ${quoted(d.found)}`,
    detail: `Allowed: ${d.allowed}.`,
    hint: '',
  }),
);

/** Options that need or exclude each other. */
export const joinOptionsDiffer = defineProblem(
  'join-options-differ',
  (d: { because: string; instead: string }) => ({
    summary: d.because,
    detail: '',
    hint: d.instead,
  }),
);

/** etcd would wait for the lock of its database for ever, and say nothing for ten seconds. */
export const joinDataInUse = defineProblem(
  'join-data-in-use',
  (d: { dataDir: string; pid: number; isLeftOver: boolean }) => ({
    summary: `Another process uses ${d.dataDir}: ${d.pid}`,
    detail: d.isLeftOver
      ? 'It is what an earlier start left behind. When it has ended, this one goes on with the data.'
      : 'One data directory belongs to one member.',
    hint: d.isLeftOver
      ? `It ends by itself at its next line of log, which may take long. To end it now:\n  kill ${d.pid}`
      : 'Give this host a data directory of its own, or end the other one first:\n  --data-dir DIRECTORY',
  }),
);

/** TLS is not part of `join` yet. */
export const joinNeedsTLS = defineProblem('join-needs-tls', (d: { what: string; url: string }) => ({
  summary: `${d.what} uses TLS, and this host has no certificates: ${d.url}`,
  detail: 'quorate join speaks plain text only; it takes no certificates yet.',
  hint: 'Start etcd itself with its certificates, or use http URLs on a network that is trusted.',
}));

export const joinProtocolUnfit = defineProblem(
  'join-protocol-unfit',
  (d: { version: string; protocol: string }) => ({
    summary: `etcd ${d.version} does not know discovery by ${d.protocol === 'v2' ? 'URL' : 'token'}`,
    detail: 'By URL (the v2 protocol) up to 3.6, by token and endpoints (v3) from 3.6 on.',
    hint:
      d.protocol === 'v2'
        ? 'Name the token and the etcd that keeps it, or take another version:\n  --discovery-token TOKEN --discovery-endpoints URLS'
        : 'Name the URL, or take another version:\n  --discovery URL',
  }),
);

/** The data is there, and nobody says or remembers where the member listened. */
export const joinAddressesUnknown = defineProblem(
  'join-addresses-unknown',
  (d: { dataDir: string; memory: string }) => ({
    summary: 'Cannot tell at which addresses this member was: other ones would cut it off',
    detail: `${d.dataDir} holds a member's log, and ${d.memory} is gone.`,
    hint: 'Say them as the member list has them:\n  --listen-peer URL --listen-client URL',
  }),
);

export const joinMemoryUnreadable = defineProblem(
  'join-memory-unreadable',
  (d: { path: string; because: string }) => ({
    summary: `Cannot use ${d.path}, which remembers the addresses of this host`,
    detail: d.because,
    hint: 'Say both addresses; they are then written there:\n  --listen-peer URL --listen-client URL',
  }),
);

export const joinNoFreePorts = defineProblem(
  'join-no-free-ports',
  (d: { from: number; to: number }) => ({
    summary: `No two free ports from ${d.from} to ${d.to} on this host`,
    detail: '',
    hint: 'Say which ones to use:\n  --listen-peer URL --listen-client URL',
  }),
);

export const joinNothingToJoin = defineProblem(
  'join-nothing-to-join',
  (d: { member: string; dataDir: string }) => ({
    summary: `${d.member} has no data here, and nobody says what to join`,
    detail: `${d.dataDir} holds no write-ahead log.`,
    hint: 'Name where the members meet, or the data directory it had:\n  --discovery URL\n  --discovery-token TOKEN --discovery-endpoints URLS\n  --data-dir DIR',
  }),
);

/** The token is still open, and it knows this host already. */
export const joinRegisteredBefore = defineProblem(
  'join-registered-before',
  (d: { member: string; id: string; place: string }) => ({
    summary: `${d.member} has registered before, and its data directory is empty`,
    detail: `It is ${d.id} at ${d.place}; the others have not all come yet. It ended while it waited, or its data was lost, or another host has its peer URL.`,
    hint: "If it never ran, delete its registration with the token's secret (v2: curl -X DELETE -H 'Authorization: Bearer SECRET' URL/ID; v3: etcdctl del), or begin again with a fresh token for all:\n  quorate discovery new",
  }),
);

/** The cluster knows this host as a member that has run, and its log is gone. */
export const joinDataLost = defineProblem(
  'join-data-lost',
  (d: { member: string; id: string; peerURLs: string; dataDir: string }) => ({
    summary: `Not starting ${d.member}: it was member ${d.id} of this cluster, and its data is gone`,
    detail: `${d.dataDir} holds no write-ahead log. A voter that comes back without its log may vote twice; over the v3 protocol etcd itself would let it.`,
    hint: `Replace it: take the old member out and add this host as a new one, at any member's client URL; then start this command again:\n  quorate member remove ${d.id} --endpoints URLS\n  quorate member add ${d.member} --peer-urls ${d.peerURLs} --endpoints URLS\nor, where Quorate keeps the cluster:\n  quorate member replace ${d.member}`,
  }),
);

export const joinNameTaken = defineProblem(
  'join-name-taken',
  (d: { member: string; by: string }) => ({
    summary: `Another member of this token is called ${d.member}`,
    detail: `It registered with ${d.by}. etcd ends, or crashes, when two have one name; nothing was registered.`,
    hint: 'Give this host a name of its own:\n  --name NAME',
  }),
);

/** As the token says, no more members; and nobody wants a gateway here. */
export const joinClusterFull = defineProblem(
  'join-cluster-full',
  (d: { member: string; size: number; peerURLs: string }) => ({
    summary: `${d.member} cannot join: the cluster is full`,
    detail: `All ${d.size} members that the token is for have registered.`,
    hint: `Add it to the running cluster, then start this command again; or let it forward until then:\n  quorate member add ${d.member} --peer-urls ${d.peerURLs} --endpoints URLS\n  quorate join … --size-exceeded gateway`,
  }),
);

export const joinClusterSilent = defineProblem('join-cluster-silent', (d: { because: string }) => ({
  summary: 'The token is full, and no member of its cluster answers yet',
  detail: d.because,
  hint: 'It is asked again until one does.',
}));

/** Everybody else came with another text for the same token. */
export const joinOtherSpelling = defineProblem('join-other-spelling', (d: { place: string }) => ({
  summary: `The others did not come with exactly ${d.place}`,
  detail:
    'Their ids do not come from this text. etcd computes them from it, letter by letter, so that this host would never find their cluster.',
  hint: 'Use exactly what they were started with: the same host name, no slash more or less.',
}));
