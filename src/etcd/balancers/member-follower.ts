import type { Clock } from '../../base/index.js';
import type { EndpointState } from './state.js';

interface FollowerParts {
  readonly clock: Clock;
  /** The endpoints the client was given; where to begin again when no listed member can be reached. */
  readonly seeds: () => readonly string[];
  readonly states: () => readonly EndpointState[];
  /** The client URLs of all started members, or undefined when nobody told. */
  readonly list: () => Promise<readonly string[] | undefined>;
  readonly use: (urls: readonly string[]) => void;
}

const EVERY_MS = 5_000;
/** When an endpoint does not serve, the list may be why. */
const EVERY_MS_IN_DOUBT = 500;

const GONE: ReadonlySet<EndpointState['condition']> = new Set(['unreachable', 'silent']);

/** Keeps the endpoints in step with the member list while the client is used. */
export class MemberFollower {
  readonly #parts: FollowerParts;
  #askedMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** The client is being used. */
  touch(): void {
    const { clock, states } = this.#parts;
    const nowMs = clock.monotonicMs();
    const isInDoubt = states().some(({ condition }) => condition !== 'well');
    const waitMs = isInDoubt ? EVERY_MS_IN_DOUBT : EVERY_MS;
    if (this.#isAsking || nowMs - this.#askedMs < waitMs) return;
    this.#askedMs = nowMs;
    this.#isAsking = true;
    void this.#follow().finally(() => {
      this.#isAsking = false;
    });
  }

  async #follow(): Promise<void> {
    const { states, list, seeds, use } = this.#parts;
    const urls = await list();
    const current = states();
    if (urls !== undefined && urls.length > 0) {
      const known = new Set(current.map(({ endpoint }) => endpoint.url));
      if (urls.length !== known.size || urls.some((url) => !known.has(url))) use(urls);
    } else if (current.every(({ condition }) => GONE.has(condition))) {
      use([...new Set([...current.map(({ endpoint }) => endpoint.url), ...seeds()])]);
    }
  }
}
