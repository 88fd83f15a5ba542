import type { Consumers, HostShell } from '../engine/ports/index.js';
import type { ClusterName } from '../core/cluster/index.js';
import type { Machine } from './machine.js';

/** Loaded when the first consumer is looked at: most clusters have none. */
export function consumersLater(
  { clock }: Pick<Machine, 'clock'>,
  cluster: ClusterName,
  shell: HostShell,
): Consumers {
  let loaded: Promise<Consumers> | undefined;
  const load = () =>
    (loaded ??= import('../services/consumers/index.js').then(({ createConsumers }) =>
      createConsumers({ shell, clock, stateDir: `/var/lib/quorate/${cluster}` }),
    ));
  return {
    observe: async (consumer, signal) => (await load()).observe(consumer, signal),
    update: async (consumer, endpoints, signal) =>
      (await load()).update(consumer, endpoints, signal),
  };
}
