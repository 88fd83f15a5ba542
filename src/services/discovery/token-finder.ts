import { type Problem, type Result, err, ok } from '../../base/index.js';
import type { TokenPlace } from './place.js';
import { discoveryOtherPath, discoveryOtherProtocol, discoveryUnknownToken } from './problems.js';
import { type Answer, v2Error } from './replies.js';
import type { DiscoveryStore, KeptToken, Registration, TokenSight } from './store.js';

export interface Found {
  readonly sight: TokenSight;
  readonly kept: KeptToken;
}

/** Tokens as the v2 protocol sees them. */
export class TokenFinder {
  readonly #store: Pick<DiscoveryStore, 'read' | 'glance'>;

  constructor(store: Pick<DiscoveryStore, 'read' | 'glance'>) {
    this.#store = store;
  }

  /** A token must exist, be of this protocol, and be asked for at its own path. */
  async find(place: TokenPlace): Promise<Result<Found, Answer>> {
    const read = await this.#store.read(place.token);
    if (!read.ok) return err(v2Error('storage', { cause: '', problem: read.error }));
    const sight = read.value;
    const { kept, index } = sight;
    const missing = (problem: Problem) =>
      err(v2Error('keyNotFound', { index, cause: place.path, problem }));
    if (kept === undefined) {
      return missing(discoveryUnknownToken({ token: place.token, asked: place.path }));
    }
    const { token, path, protocols } = kept.record;
    if (!protocols.includes('v2')) {
      return missing(discoveryOtherProtocol({ token, uses: 'v3', asked: 'v2' }));
    }
    if (path !== place.path) return missing(discoveryOtherPath({ token, asked: place.path, path }));
    return ok({ sight, kept });
  }

  /** The same token as it was seen before: good for a change, which names the version it is made on. */
  glance(place: TokenPlace): Found | undefined {
    const sight = this.#store.glance(place.token);
    const kept = sight?.kept;
    if (sight === undefined || kept === undefined) return undefined;
    const { path, protocols } = kept.record;
    return path === place.path && protocols.includes('v2') ? { sight, kept } : undefined;
  }

  /** Likewise, for what can not be otherwise any more. One that expires may be another one by now. */
  seen(place: TokenPlace): Found | undefined {
    const found = this.glance(place);
    return found?.kept.record.leaseID === undefined ? found : undefined;
  }
}

export const registered = ({ sight }: Found, id: string): Registration | undefined =>
  sight.registrations.find((each) => each.id === id);
