/**
 * services/consumers — the port `Consumers`: kube-apiserver, flanneld and files on hosts that we reach over a shell.
 *
 * Contract:
 * - Of a manifest, a unit or an environment file only the endpoints are changed (text/: pure functions); of a templated file
 *   the whole. Written atomically; what was there is kept in the state directory, never beside a manifest, where the kubelet
 *   would run it.
 * - Whether a consumer is well is what is seen: its process runs with the endpoints of its file and holds a connection to one
 *   of them, and /readyz says so where there is one. flanneld's /healthz proves nothing and is not asked.
 * - A change ends `applied`, or `refused` with what was there before in place, or `unknown`; one that was cut off is marked on
 *   the host and taken up by whoever comes next. A list that a consumer did not come back with is noted there.
 * - Certificates are looked for, never made up. Nothing secret is printed by a script, nor is it in one.
 *
 * Decides nothing: who is told what, and when, is core/planner's.
 * Start reading at update.ts.
 */
import type { Consumers } from '../../engine/ports/index.js';
import { look } from './look.js';
import { type ConsumersOptions, DEFAULT_TIMINGS, type Parts } from './parts.js';
import { update } from './update.js';

export type { ConsumerTimings, ConsumersOptions } from './parts.js';

export function createConsumers(options: ConsumersOptions): Consumers {
  const timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const parts: Parts = { ...options, timings };
  return {
    observe: async (consumer, signal) => (await look(parts, consumer, signal)).sight,
    update: (consumer, endpoints, signal) => update(parts, consumer, endpoints, signal),
  };
}
