import { defineProblem } from '../../base/index.js';

export const shellHere = defineProblem('shell-here', (d: { doing: string; because: string }) => ({
  summary: `Could not ${d.doing} on this machine`,
  detail: d.because,
  hint: '',
}));

export const hostsUnfit = defineProblem(
  'hosts-unfit',
  (d: {
    cluster: string;
    isBorn: boolean;
    problems: readonly string[];
    hosts: readonly string[];
  }) => ({
    summary: d.isBorn
      ? `${d.cluster} is not changed: what would get a member or gateway there is not fit for it`
      : `${d.cluster} is not founded: its hosts are not fit for it`,
    detail: d.problems.join('\n'),
    hint: `Nothing was touched. See everything that was looked at:\n  quorate hosts check ${d.hosts.map((host) => `--host ${host} `).join('')}[-f FILE]\nTo go on all the same: --skip-hosts-check.`,
  }),
);
