import type { Instant, Random } from '../../base/index.js';
import { type Result, err, ok } from '../../base/index.js';
import { BACKDATED_MS } from './life.js';
import { pkiLayout } from './layout.js';
import { pkiUnreadable } from './problems.js';
import { type Asked, readAsked, readState, writeAsked } from './state.js';

/** Every leaf that was made before now is made anew, host by host, without a restart. */
export const askForRenewal = (directory: string, now: Instant): Promise<Result<void>> =>
  // Certificates count in seconds, and begin a little before they are made.
  change(directory, () => ({ renewBefore: Math.floor(now / 1000) * 1000 - BACKDATED_MS }));

/** New authorities take the place of those that are; when a rotation is under way, after it. */
export const askForRotation = (directory: string, random: Random): Promise<Result<void>> =>
  change(directory, () => ({ rotation: random.hex(8) }));

/**
 * The rotation that is under way goes on: programs have certificates of the new authority and trust both, or are to be shut
 * out. Where none is under way there is nothing to say.
 */
export async function askToFinish(directory: string): Promise<Result<void>> {
  const state = await readState(pkiLayout(directory));
  if (!state.ok) return state;
  const trusted = state.value?.planes.client.trusted ?? [];
  const readyFor = trusted.at(-1);
  if (trusted.length < 2 || readyFor === undefined) return ok(undefined);
  return change(directory, () => ({ readyFor }));
}

async function change(directory: string, how: () => Partial<Asked>): Promise<Result<void>> {
  const layout = pkiLayout(directory);
  const before = await readAsked(layout);
  if (!before.ok) return before;
  try {
    await writeAsked(layout, { ...before.value, ...how() });
    return ok(undefined);
  } catch (error) {
    return err(pkiUnreadable({ path: layout.asked, because: String(error) }));
  }
}
