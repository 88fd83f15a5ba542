import {
  type HoldingConsumer,
  type TrustPhase,
  consumersHolding,
  nextPhase,
} from '../../../core/cluster/index.js';
import type { PlanInput } from '../../../core/planner/index.js';

/** One authority follows another, and its next phase waits for programs that are not ready for it. */
export interface RotationReport {
  readonly next: TrustPhase;
  /** Clients that were issued certificates: that they are ready is for people to say. */
  readonly clients: readonly string[];
  /** Consumers of the spec: that they are ready is seen. */
  readonly consumers: readonly HoldingConsumer[];
}

/** Undefined: nothing follows, or nobody holds it back. */
export function rotationReportOf({
  target,
  observation,
}: Pick<PlanInput, 'target' | 'observation'>): RotationReport | undefined {
  const { authorities } = target;
  const next = authorities === undefined ? undefined : nextPhase(authorities);
  if (authorities === undefined || next === undefined) return undefined;
  const consumers = consumersHolding(target.consumers, observation.consumers, authorities, next);
  const clients = authorities.heldBy;
  return clients.length === 0 && consumers.length === 0 ? undefined : { next, clients, consumers };
}
