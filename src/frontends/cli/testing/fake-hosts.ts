/** For tests only: hosts that are what the test wants. */
import { defineProblem, ok } from '../../../base/index.js';
import type { HostVerdict, HostsPorts } from '../hosts-ports.js';

const unfit = defineProblem('hosts-unfit', (d: { cluster: string; because: string }) => ({
  summary: `${d.cluster} has hosts that are not fit`,
  detail: d.because,
  hint: '',
}));

export interface FakeHosts {
  verdicts: readonly HostVerdict[];
}

export const fakeHosts = (asked: string[], { verdicts }: FakeHosts): HostsPorts => ({
  check: async ({ spec, record, only }) => {
    const told = { hosts: spec.members.map(({ host }) => host), born: record?.clusterID, only };
    asked.push(`hosts check ${JSON.stringify(told)}`);
    return ok({ verdicts });
  },
  fitness: async ({ spec, hosts }) => {
    asked.push(`hosts fitness ${JSON.stringify(hosts)}`);
    const problems = verdicts
      .filter(({ standing }) => standing === 'problem')
      .map(({ summary }) => unfit({ cluster: spec.name, because: summary }));
    return { verdicts, problems };
  },
});
