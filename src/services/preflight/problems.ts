import { defineProblem } from '../../base/index.js';

export const shellHere = defineProblem('shell-here', (d: { doing: string; because: string }) => ({
  summary: `Could not ${d.doing} on this machine`,
  detail: d.because,
  hint: '',
}));

export const hostsUnfit = defineProblem(
  'hosts-unfit',
  (d: { cluster: string; problems: readonly string[] }) => ({
    summary: `Did not found ${d.cluster}: its hosts are not fit for it`,
    detail: d.problems.join('\n'),
    hint: 'See everything that was looked at, with what to do:\n  quorate hosts check',
  }),
);
