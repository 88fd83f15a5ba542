/** For tests only: hosts that are what the test wants. */
import { ok } from '../../../base/index.js';
import type { HostVerdict, HostsPorts } from '../hosts-ports.js';

export interface FakeHosts {
  verdicts: readonly HostVerdict[];
}

export const fakeHosts = (asked: string[], { verdicts }: FakeHosts): HostsPorts => ({
  check: async ({ spec, record, only }) => {
    const told = { hosts: spec.members.map(({ host }) => host), born: record?.clusterID, only };
    asked.push(`hosts check ${JSON.stringify(told)}`);
    return ok({ verdicts });
  },
});
