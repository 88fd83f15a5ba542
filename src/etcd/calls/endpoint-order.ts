import type { Endpoint } from '../endpoints.js';

/**
 * Which endpoints a call tries, and in which order. The balancers of a later issue implement this; a call asks once
 * for an order and reports how each endpoint did.
 */
export interface EndpointOrder {
  candidates(): readonly Endpoint[];
  /** It answered, be it with a refusal. */
  answered(endpoint: Endpoint): void;
  /** It gave no answer, or cannot serve at the moment. */
  failed(endpoint: Endpoint): void;
  replace(endpoints: readonly Endpoint[]): void;
}

/** Stays with one endpoint until it fails, then goes on with the next in the list. */
export class PinFirst implements EndpointOrder {
  #endpoints: readonly Endpoint[] = [];
  #pinned = 0;

  candidates(): readonly Endpoint[] {
    return [...this.#endpoints.slice(this.#pinned), ...this.#endpoints.slice(0, this.#pinned)];
  }

  answered(endpoint: Endpoint): void {
    const index = this.#endpoints.findIndex(({ url }) => url === endpoint.url);
    if (index >= 0) this.#pinned = index;
  }

  failed(endpoint: Endpoint): void {
    if (this.#endpoints[this.#pinned]?.url !== endpoint.url) return;
    this.#pinned = (this.#pinned + 1) % this.#endpoints.length;
  }

  replace(endpoints: readonly Endpoint[]): void {
    const pinnedURL = this.#endpoints[this.#pinned]?.url;
    this.#endpoints = endpoints;
    this.#pinned = Math.max(
      0,
      endpoints.findIndex(({ url }) => url === pinnedURL),
    );
  }
}
