import type { World } from './world.js';

/** What etcd or the host answers to a step. `unknown`: nobody answered, as when there is no leader. */
export interface Applied {
  readonly outcome: 'applied' | 'refused' | 'unknown';
  /** etcd's own reason, as the client names it; absent when applied. */
  readonly reason?: string;
  readonly world: World;
}

export const applied = (world: World): Applied => ({ outcome: 'applied', world });
export const refuse = (world: World, reason: string): Applied => ({
  outcome: 'refused',
  reason,
  world,
});
/** Nobody answered, and nothing came of it. */
export const unanswered = (world: World, reason: string): Applied => ({
  outcome: 'unknown',
  reason,
  world,
});
