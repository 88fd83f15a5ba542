/** For tests only: a cluster that somebody made, as the test wants it found. */
import type { Problem, Result } from '../../../base/index.js';
import type { Adoption } from '../../../core/adoption/index.js';
import type { AdoptionPorts } from '../adoption-ports.js';

export interface FakeAdoption {
  found: Result<Adoption, readonly Problem[]> | undefined;
}

export const fakeAdoption = (asked: string[], fake: FakeAdoption): AdoptionPorts => ({
  read: async (settings) => {
    const { signal: _signal, ...given } = settings;
    asked.push(`adopt ${JSON.stringify(given)}`);
    if (fake.found === undefined) throw new Error('no cluster to adopt');
    return fake.found;
  },
});
