import { defineProblem, formatDurationMs } from '../../base/index.js';

type Silent = readonly { readonly host: string; readonly because: string }[];

const listed = (silent: Silent): string =>
  silent.map(({ host, because }) => `${host}: ${because}`).join('\n');

const counted = (hosts: readonly string[]): string =>
  hosts.length === 0 ? 'none' : hosts.join(', ');

export const stateMajorityLost = defineProblem(
  'state-majority-lost',
  (d: {
    cluster: string;
    path: string;
    needed: number;
    hosts: readonly string[];
    /** While the hosts are being changed: a majority of these is needed too. */
    before?: readonly string[];
    holding: readonly string[];
    empty: readonly string[];
    silent: Silent;
  }) => ({
    summary: `Cannot know the state of ${d.cluster}: too few of its hosts have it`,
    detail: [
      `It is kept on ${d.hosts.join(', ')}, and ${d.needed} of them make a majority${d.before === undefined ? '' : `; it is moving there from ${d.before.join(', ')}, and a majority of these is needed too`}. With it now: ${counted(d.holding)}.`,
      ...(d.empty.length === 0 ? [] : [`Reached, and nothing usable there: ${counted(d.empty)}.`]),
      ...(d.silent.length === 0 ? [] : [listed(d.silent)]),
    ].join('\n'),
    hint: `Bring hosts back. What each of them has is in:\n  ls -l ${d.path}`,
  }),
);

export const stateUnsure = defineProblem(
  'state-unsure',
  (d: { cluster: string; hosts: number; silent: Silent }) => ({
    summary: `Cannot tell whether ${d.cluster} exists already`,
    detail: `${d.silent.length} of ${d.hosts} hosts do not answer${d.silent.length === d.hosts ? '' : ', and the others know nothing of it'}. A cluster is begun only when all do.\n${listed(d.silent)}`,
    hint: 'Make these hosts reachable, or take them out of the spec.',
  }),
);

export const stateOfTwo = defineProblem(
  'state-of-two',
  (d: {
    cluster: string;
    path: string;
    states: readonly { readonly token: string; readonly hosts: readonly string[] }[];
  }) => ({
    summary: `The hosts hold states of different clusters named ${d.cluster}`,
    detail: d.states
      .map(
        ({ token, hosts }) =>
          `${hosts.join(', ')}: cluster token ${token === '' ? 'not set' : token}`,
      )
      .join('\n'),
    hint: `What is left of a cluster that is no more, move away on its hosts:\n  mv ${d.path} ${d.path}.old`,
  }),
);

export const stateNotWritten = defineProblem(
  'state-not-written',
  (d: {
    doing: string;
    needed: number;
    hosts: readonly string[];
    written: readonly string[];
    others: Silent;
  }) => ({
    summary: `Could not ${d.doing} on a majority of the hosts`,
    detail: `It is on ${counted(d.written)}, and ${d.needed} of ${d.hosts.length} are needed. Whether it counts is known when a majority answers again.\n${listed(d.others)}`,
    hint: 'Bring hosts back, then repeat the command.',
  }),
);

export const seatSuperseded = defineProblem(
  'seat-superseded',
  (d: { doing: string; fence: number; seen: number }) => ({
    summary: `Did not ${d.doing}: another seat has taken the lock since`,
    detail: `This lock has number ${d.fence}, and the hosts have seen ${d.seen}.`,
    hint: 'See who acts now:\n  quorate status',
  }),
);

export const stateUnsettled = defineProblem('state-unsettled', (d: { cluster: string }) => ({
  summary: `Cannot read the state of ${d.cluster} now: it is just being changed`,
  detail: 'The newest copy is on a minority of the hosts only, and another seat is acting.',
  hint: 'Repeat the command in a moment.',
}));

export const stateNotFounded = defineProblem(
  'state-not-founded',
  (d: { cluster: string; doing: string }) => ({
    summary: `Could not ${d.doing}: nothing is known of ${d.cluster} on its hosts`,
    detail: '',
    hint: 'Begin it:\n  quorate apply',
  }),
);

export const lockContended = defineProblem(
  'lock-contended',
  (d: { tries: number; silent: Silent }) => ({
    summary: 'Could not take the lock on a majority of the hosts',
    detail: `It was tried ${d.tries} times.\n${listed(d.silent)}`.trimEnd(),
    hint: 'Another seat may be trying too. Repeat the command.',
  }),
);

export const stateRepaired = defineProblem(
  'state-repaired',
  (d: { host: string; path: string; was: 'blank' | 'damaged' }) => ({
    summary: `The state on ${d.host} was brought back from the other hosts`,
    detail:
      d.was === 'blank'
        ? `${d.path} held none, although the host is one of those that keep it. Its disk may have been replaced.`
        : `A file in ${d.path} did not have the checksum that it was written with.`,
    hint: d.was === 'blank' ? '' : `Look at the disk of ${d.host}:\n  dmesg`,
  }),
);

export const hostsNotChanged = defineProblem(
  'state-hosts-not-changed',
  (d: { from: readonly string[]; to: readonly string[]; because: string }) => ({
    summary: 'The state stays on the hosts that have it for now',
    detail: `It is on ${d.from.join(', ')} and belongs on ${d.to.join(', ')}. ${d.because}`,
    hint: '',
  }),
);

/** How long, in words, for whoever waits for a lease. */
export const inWords = (ms: number): string => formatDurationMs(Math.ceil(ms / 1000) * 1000);
