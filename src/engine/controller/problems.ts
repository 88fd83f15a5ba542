import { defineProblem, formatDurationMs } from '../../base/index.js';

export const recordMissing = defineProblem('record-missing', (_data: Record<string, never>) => ({
  summary: 'Cannot act on this cluster: it has no record',
  detail:
    'The record holds the cluster token and says whether the cluster was ever born; without it no member may be started.',
  hint: '',
}));

export const wishMissing = defineProblem('wish-missing', (_data: Record<string, never>) => ({
  summary: 'Cannot act on this cluster: nobody has said yet what it should be',
  detail: 'No accepted spec is stored beside its record.',
  hint: 'Accept one:\n  quorate apply',
}));

export const lockLost = defineProblem('lock-lost', (d: { step: string }) => ({
  summary: `Did not carry out "${d.step}": the lock is no longer ours`,
  detail:
    'Another controller may be acting on this cluster. Nothing was sent after the loss was seen.',
  hint: 'See who acts now:\n  quorate status',
}));

export const controllerPaused = defineProblem('controller-paused', (d: { step: string }) => ({
  summary: `Did not carry out "${d.step}": the cluster is paused`,
  detail: 'A paused cluster is observed and planned, but no step is taken.',
  hint: 'It goes on as soon as the pause is taken back.',
}));

export const noEndpoint = defineProblem('no-endpoint', (d: { step: string }) => ({
  summary: `Cannot carry out "${d.step}": no healthy voter has a client URL we know`,
  detail: 'A membership change is sent to a healthy voter only.',
  hint: 'See what each member answers:\n  quorate status',
}));

/** Nothing here can reach the hosts of consumers. */
export const noConsumersHere = defineProblem('no-consumers-here', (d: { consumer: string }) => ({
  summary: `Cannot tell ${d.consumer} its endpoints here`,
  detail: 'This driver reaches no host but for its members.',
  hint: 'Take it out of spec.consumers, and change its endpoints yourself.',
}));

export const stepTimedOut = defineProblem(
  'step-timed-out',
  (d: { step: string; deadlineMs: number }) => ({
    summary: `Nobody knows whether "${d.step}" happened`,
    detail: `No answer within ${formatDurationMs(d.deadlineMs)}. It may still happen, so it is not repeated; the next look at the cluster tells.`,
    hint: '',
  }),
);

/** Asked to end while the step was under way. */
export const stepCancelled = defineProblem(
  'step-cancelled',
  (d: { step: string; cluster: string }) => ({
    summary: `Nobody knows whether "${d.step}" happened`,
    detail: 'It was under way when the controller was asked to end.',
    hint: goOn(d.cluster),
  }),
);

/** Asked to end before anything of the step was sent. */
export const stepNotBegun = defineProblem(
  'step-not-begun',
  (d: { step: string; cluster: string }) => ({
    summary: `Did not carry out "${d.step}": the controller was asked to end`,
    detail: 'Nothing of it was sent.',
    hint: goOn(d.cluster),
  }),
);

const goOn = (cluster: string): string =>
  `The next run looks first, and goes on from what it finds:\n  quorate apply ${cluster}`;

export const stepThrew = defineProblem('step-threw', (d: { step: string; message: string }) => ({
  summary: `Nobody knows whether "${d.step}" happened: this is a bug in Quorate`,
  detail: d.message,
  hint: '',
}));

/** The discovery service gives no token, or one of our own does not come up. */
export const meetingPlaceSlow = defineProblem(
  'meeting-place-slow',
  (d: { cluster: string; deadlineMs: number }) => ({
    summary: `Cannot make a place where the members of ${d.cluster} meet`,
    detail: `The discovery service gave no answer within ${formatDurationMs(d.deadlineMs)}. Nobody is told to go there before.`,
    hint: 'See whether it answers; or name another one in spec.bootstrap.discovery:\n  quorate explain spec.bootstrap.discovery',
  }),
);

/** A birth by discovery where nobody can make a place for it. */
export const noDiscoveryHere = defineProblem('no-discovery-here', (d: { cluster: string }) => ({
  summary: `Cannot let the members of ${d.cluster} meet by discovery here`,
  detail: 'This driver has no discovery service to make a token at.',
  hint: 'Tell the members each other instead, with bootstrap: { static: {} } in the spec.',
}));

/** Neither published nor seen in time. */
export const recordsSlow = defineProblem(
  'dns-records-slow',
  (d: { domain: string; deadlineMs: number }) => ({
    summary: `Cannot see whether the records of ${d.domain} are right`,
    detail: `No answer within ${formatDurationMs(d.deadlineMs)}. Nobody is told to ask the DNS before.`,
    hint: 'Look at them:\n  quorate dns check',
  }),
);

/** A birth by DNS where nobody can look at it. */
export const noDNSHere = defineProblem('no-dns-here', (d: { cluster: string }) => ({
  summary: `Cannot let the members of ${d.cluster} find each other by DNS here`,
  detail: 'This driver cannot look at the records that they would see.',
  hint: 'Tell the members each other instead, with bootstrap: { static: {} } in the spec.',
}));

export const addressesNotFound = defineProblem(
  'addresses-not-found',
  (d: { hosts: readonly string[]; deadlineMs: number }) => ({
    summary: `Cannot find addresses for ${d.hosts.join(', ')}`,
    detail: `No answer within ${formatDurationMs(d.deadlineMs)}.`,
    hint: 'Give peerURLs and clientURLs of these members in the spec, or look at the hosts:\n  quorate status',
  }),
);

export const noCertificatesHere = defineProblem(
  'no-certificates-here',
  (d: { readonly host: string }) => ({
    summary: `Cannot write certificates for ${d.host}: this driver does not do that`,
    detail: 'The spec leaves the certificates to Quorate (spec.tls.auto).',
    hint: 'Bring your own, or go without:\n  quorate explain spec.tls',
  }),
);

export const authoritiesSlow = defineProblem(
  'authorities-slow',
  (d: { readonly cluster: string; readonly deadlineMs: number }) => ({
    summary: `The certificate authorities of ${d.cluster} were not read in time`,
    detail: `No answer within ${d.deadlineMs} ms.`,
    hint: 'Look at the disk of the state directory; it is tried again.',
  }),
);

/** The keys that issued what the members show are gone: what they trust cannot be replaced without a moment of distrust. */
export const authoritiesLost = defineProblem(
  'authorities-lost',
  (d: {
    readonly cluster: string;
    readonly fingerprints: readonly string[];
    readonly directory: string;
  }) => ({
    summary: `The certificate authorities of ${d.cluster} are not on this seat`,
    detail: `Its members were given certificates of ${d.fingerprints.map((each) => each.slice(0, 16)).join(' and ')}, and ${d.directory} does not have them. Members go on with what they have until it expires.`,
    hint: `Bring them, keys and all, from the seat where the cluster was made, or from a copy:\n  scp -rp SEAT:${d.directory} ${parentOf(d.directory)}/`,
  }),
);

const parentOf = (path: string): string => path.replace(/\/[^/]*$/, '');
