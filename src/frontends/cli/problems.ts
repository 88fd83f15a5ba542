import { defineProblem, formatDurationMs } from '../../base/index.js';

const lines = (items: readonly string[]): string => items.map((item) => `  ${item}`).join('\n');

/** The command line is not understood. */
export const usage = defineProblem('usage', (d: { message: string; hint: string }) => ({
  summary: d.message,
  detail: '',
  hint: d.hint,
}));

/** A name, size, version or URL on the command line has the wrong shape. */
export const badValue = defineProblem(
  'bad-value',
  (d: { what: string; found: string; allowed: string; nearest: string }) => ({
    summary: `${d.what} cannot be ${JSON.stringify(d.found)}`,
    detail: `Allowed: ${d.allowed}.`,
    hint: d.nearest === '' ? '' : `Did you mean ${d.nearest}?`,
  }),
);

export const noSuchCluster = defineProblem(
  'no-such-cluster',
  (d: { cluster: string; known: readonly string[] }) => ({
    summary: `There is no cluster ${d.cluster} on this machine`,
    detail: d.known.length === 0 ? 'There is none at all.' : `There is: ${d.known.join(', ')}.`,
    hint:
      d.known.length === 0
        ? 'Start one:\n  quorate up'
        : 'Name one of them:\n  quorate status NAME',
  }),
);

/** A cluster that was to be adopted has a name that is kept already. */
export const clusterKnown = defineProblem(
  'cluster-known',
  (d: { cluster: string; place: string }) => ({
    summary: `A cluster ${d.cluster} is kept already`,
    detail: `In ${d.place}.`,
    hint: `Look whether it is the same:\n  quorate status ${d.cluster}\nElse give the new one another name, with --cluster NAME.`,
  }),
);

/** What was to be written is there, and may be a person's. */
export const specFileThere = defineProblem('spec-file-there', (d: { file: string }) => ({
  summary: `${d.file} is there already, and is not replaced`,
  detail: '',
  hint: 'Name another one with --out FILE, or "-" to have it printed.',
}));

/** A spec file that nobody applied yet. */
export const notBegun = defineProblem('not-begun', (d: { cluster: string; file: string }) => ({
  summary: `The cluster ${d.cluster} of ${d.file} has not been begun`,
  detail: '',
  hint: `See what would be done, then do it:\n  quorate plan -f ${d.file}\n  quorate apply -f ${d.file}`,
}));

export const whichCluster = defineProblem('which-cluster', (d: { known: readonly string[] }) => ({
  summary: `Which cluster? There are ${d.known.length} on this machine`,
  detail: lines(d.known),
  hint: 'Name one with --cluster NAME, or set QUORATE_CLUSTER.',
}));

/** The file speaks of one cluster and the command line of another. */
export const namesDiffer = defineProblem(
  'names-differ',
  (d: { inFile: string; asked: string; file: string }) => ({
    summary: `${d.file} describes the cluster ${d.inFile}, not ${d.asked}`,
    detail: '',
    hint: 'A cluster keeps its name; leave the name away on the command line, or change metadata.name in the file.',
  }),
);

export const noSuchMember = defineProblem(
  'no-such-member',
  (d: { cluster: string; asked: string; known: readonly string[]; nearest: string }) => ({
    summary: `${d.cluster} has no member ${d.asked}`,
    detail: `There is: ${d.known.join(', ')}.`,
    hint:
      d.nearest === ''
        ? 'Names and ids are both accepted:\n  quorate member list'
        : `Did you mean ${d.nearest}?`,
  }),
);

export const ambiguousMember = defineProblem(
  'ambiguous-member',
  (d: { cluster: string; asked: string; matches: readonly string[] }) => ({
    summary: `${d.asked} names more than one member of ${d.cluster}`,
    detail: lines(d.matches),
    hint: 'Say which one by its id:\n  quorate member list',
  }),
);

/** A destructive act without a person's word for it. */
export const notConfirmed = defineProblem(
  'not-confirmed',
  (d: { cluster: string; what: string; answer: string; command: string }) => ({
    summary: `Did not ${d.what}: nobody confirmed it`,
    detail:
      d.answer === ''
        ? 'Nothing was changed.'
        : `The name typed was ${JSON.stringify(d.answer)}, not ${d.cluster}. Nothing was changed.`,
    hint: `Type the name when asked, or give it:\n  ${d.command} --yes=${d.cluster}`,
  }),
);

export const waitedTooLong = defineProblem(
  'waited-too-long',
  (d: { cluster: string; forMs: number; what: string; saw: string }) => ({
    summary: `Waited ${formatDurationMs(d.forMs)} for ${d.cluster}: ${d.what} has not happened`,
    detail: d.saw,
    hint: 'What was begun goes on if a supervisor runs. Look, or wait longer with --timeout:\n  quorate status',
  }),
);

/** Ctrl-C. */
export const interrupted = defineProblem(
  'interrupted',
  (d: { cluster: string; state: string; command: string }) => ({
    summary: `Stopped, as asked, between two steps of ${d.cluster}`,
    detail: d.state,
    hint: `Go on from here:\n  ${d.command}`,
  }),
);

export const clusterPaused = defineProblem('cluster-paused', (d: { cluster: string }) => ({
  summary: `${d.cluster} is paused: it is observed, and no step is taken`,
  detail: '',
  hint: `Let it go on first:\n  quorate resume ${d.cluster}`,
}));

export const clusterDown = defineProblem('cluster-down', (d: { cluster: string }) => ({
  summary: `${d.cluster} is down, as asked`,
  detail: 'Its data is kept. A change to its members is made while it runs.',
  hint: `Bring it up first:\n  quorate up ${d.cluster}`,
}));

/** The etcd that a member change needs is not in agreement enough to be asked. */
export const notSettled = defineProblem(
  'not-settled',
  (d: { cluster: string; what: string; because: string }) => ({
    summary: `Did not ${d.what} in ${d.cluster}: another change is under way`,
    detail: d.because,
    hint: 'Wait until the plan is converged:\n  quorate plan',
  }),
);

export const marginTooLow = defineProblem(
  'margin-too-low',
  (d: {
    cluster: string;
    what: string;
    voters: number;
    healthy: number;
    marginBefore: number;
    marginAfter: number;
  }) => ({
    summary: `Not going to ${d.what} in ${d.cluster}: it could lose its quorum`,
    detail: `${d.healthy} of ${d.voters} voters are healthy (margin ${d.marginBefore}); after this the margin would be ${d.marginAfter}.`,
    hint: 'Bring the unhealthy voters back first:\n  quorate status',
  }),
);

export const notALearner = defineProblem(
  'not-a-learner',
  (d: { cluster: string; member: string }) => ({
    summary: `${d.member} of ${d.cluster} is a voter already`,
    detail: '',
    hint: '',
  }),
);

export const notForLearners = defineProblem(
  'not-for-learners',
  (d: { cluster: string; member: string }) => ({
    summary: `Did not change the peer URLs of ${d.member} in ${d.cluster}: it is a learner`,
    detail: 'Many versions of etcd forget that it is a learner when they are changed.',
    hint: `Remove it and add it again:\n  quorate member remove ${d.member}`,
  }),
);

export const noLeaderToMove = defineProblem(
  'no-leader-to-move',
  (d: { cluster: string; because: string }) => ({
    summary: `Cannot move the leader of ${d.cluster}`,
    detail: d.because,
    hint: 'See who leads and who is healthy:\n  quorate member list',
  }),
);

/** Somebody else wrote a newer wish each time we tried. */
export const wishContended = defineProblem(
  'wish-contended',
  (d: { cluster: string; tries: number }) => ({
    summary: `Could not write down what ${d.cluster} should be`,
    detail: `${d.tries} times somebody else had just changed it.`,
    hint: 'Look what it is now, and try again:\n  quorate plan',
  }),
);

/** The cluster does not answer on the endpoints given. */
export const endpointsSilent = defineProblem(
  'endpoints-silent',
  (d: { endpoints: readonly string[]; because: string }) => ({
    summary: `No member answered on ${d.endpoints.join(', ')}`,
    detail: d.because,
    hint: '',
  }),
);

export const notForEndpoints = defineProblem('not-for-endpoints', (d: { command: string }) => ({
  summary: `"${d.command}" needs a cluster that Quorate keeps; --endpoints names one that it does not`,
  detail: 'Starting, stopping and replacing members needs their hosts.',
  hint: 'Register, promote, update, remove and move-leader work with --endpoints.',
}));

/** The member that was asked about cannot be acted on in this way. */
export const memberByHand = defineProblem(
  'member-by-hand',
  (d: { cluster: string; member: string; what: string }) => ({
    summary: `Cannot ${d.what} ${d.member} of ${d.cluster}: somebody starts and stops it by hand`,
    detail: '',
    hint: '',
  }),
);

/** A section of the spec that is read and not acted on yet. */
export const sectionNotHere = defineProblem(
  'section-not-here',
  (d: { section: string; cluster: string }) => ({
    summary: `Cannot do what ${d.section} of ${d.cluster} asks for`,
    detail:
      'This version of Quorate reads that section and does not act on it; leaving it out in silence would not be what the spec says.',
    hint: 'Take the section out of the spec for now.',
  }),
);

export const driverNotHere = defineProblem(
  'driver-not-here',
  (d: { driver: string; cluster: string }) => ({
    summary: `${d.cluster} is to run through the driver "${d.driver}", which this version does not have`,
    detail: 'This version runs members as processes of this machine.',
    hint: 'Write `driver: { local: {} }`, or leave the driver away.',
  }),
);

/** A member's own troubles, as `status` tells them. */
export const memberStopped = defineProblem(
  'member-not-running',
  (d: { member: string; because: string }) => ({
    summary: `${d.member} is not running`,
    detail: d.because,
    hint: '',
  }),
);
export const memberSilent = defineProblem(
  'member-silent',
  (d: { member: string; because: string; peerNames?: readonly string[] }) => ({
    summary: `${d.member} runs and does not answer clients`,
    detail: d.because,
    hint: hintOnNames(d.peerNames),
  }),
);
export const memberWithoutLeader = defineProblem(
  'member-without-leader',
  (d: { member: string; peerNames?: readonly string[] }) => ({
    summary: `${d.member} knows no leader`,
    detail: 'It is cut off from the others, or they have none.',
    hint: hintOnNames(d.peerNames),
  }),
);
/** Members that were connected stay so without the DNS; one that starts finds nobody. */
const hintOnNames = (names: readonly string[] = []): string =>
  names.length === 0
    ? ''
    : `It reaches the others by names (it is ${names.join(', ')} to them). Does the DNS answer?\n  quorate dns check`;

export const memberDataLost = defineProblem('member-data-lost', (d: { member: string }) => ({
  summary: `${d.member} lost its data directory`,
  detail: 'It is never started again under its old id; it is replaced while a quorum is healthy.',
  hint: '',
}));
export const memberReports = defineProblem(
  'member-reports',
  (d: { member: string; says: string }) => ({
    summary: `${d.member} reports: ${d.says}`,
    detail: '',
    hint: '',
  }),
);
export const memberOfAnotherCluster = defineProblem(
  'member-of-another-cluster',
  (d: { member: string; expected: string; answers: string }) => ({
    summary: `What runs as ${d.member} speaks for another cluster`,
    detail: `Expected ClusterID ${d.expected}; it answers ${d.answers}.`,
    hint: '',
  }),
);
export const memberHostUnseen = defineProblem(
  'member-host-unseen',
  (d: { member: string; because: string }) => ({
    summary: `The host of ${d.member} could not be looked at`,
    detail: d.because,
    hint: '',
  }),
);

/** Nobody said where tokens live, and this machine keeps none. */
export const discoveryNowhere = defineProblem('discovery-nowhere', (d: { cluster: string }) => ({
  summary: 'Which discovery service? None runs on this machine',
  detail: `There is no cluster ${d.cluster} here that would hold its tokens.`,
  hint: 'Start one, or name one:\n  quorate discovery serve\n  quorate discovery new --service URL\n  quorate discovery new --endpoints URLS',
}));

/** Nothing here issues certificates: the spec goes without, or brings its own. */
export const notOurCertificates = defineProblem(
  'not-our-certificates',
  (d: { cluster: string }) => ({
    summary: `Quorate has no authority of its own for ${d.cluster}`,
    detail: 'The spec brings its own certificates or authority, or goes without (spec.tls).',
    hint: 'See what it may say:\n  quorate explain spec.tls',
  }),
);

export const dnsMembersUnknown = defineProblem(
  'dns-members-unknown',
  (d: { readonly because: string }) => ({
    summary: 'Nothing was published: somebody answers and does not say who is in the cluster',
    detail: d.because,
    hint: 'Without its member list the spec is only a wish. Wait for a leader, or say where the members are: --endpoints.',
  }),
);

/** Nobody renews the certificate of a consumer but people. */
export const consumerCertificateExpires = defineProblem(
  'consumer-certificate-expires',
  (d: { readonly consumer: string; readonly inMs: number }) => ({
    summary: `The certificate that ${d.consumer} shows to etcd ${d.inMs > 0 ? 'expires soon' : 'has expired'}`,
    detail:
      d.inMs > 0
        ? `It is valid for another ${formatDurationMs(d.inMs)}. Members accept no connection of it after that.`
        : `It was valid until ${formatDurationMs(-d.inMs)} ago. Members accept no new connection of it.`,
    hint: 'Make another one and put it in its place; it is read anew at each connection:\n  quorate certificates issue client NAME',
  }),
);
