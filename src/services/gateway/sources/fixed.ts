import type { Result } from '../../../base/index.js';
import { parseBackends } from '../addresses.js';
import type { Backend } from '../backend.js';
import type { BackendSource } from './source.js';

/** The backends given, until somebody updates the gateway. Endpoints without a scheme are https when `hasTLS`. */
export function fixedBackends(endpoints: readonly string[], hasTLS: boolean): BackendSource {
  return {
    name: 'the endpoints given',
    start: async (): Promise<Result<readonly Backend[]>> => parseBackends(endpoints, hasTLS),
    refresh: async () => undefined,
    close: async () => undefined,
  };
}
