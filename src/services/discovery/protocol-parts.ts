import type { Clock, Logger, Random } from '../../base/index.js';
import type { DiscoveryLimits } from './limits.js';
import type { DiscoveryStore } from './store.js';

export interface ProtocolParts {
  readonly store: DiscoveryStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: DiscoveryLimits;
  /** `https://discovery.example:8087`: how members reach the service. Absent: as the request did. */
  readonly baseURL: string | undefined;
  /** Told to whoever makes a token for the v3 protocol. */
  readonly endpoints: readonly string[];
}
