import type { Instant, Random } from '../../base/index.js';
import { type Result, err, ok } from '../../base/index.js';
import { BACKDATED_MS } from './life.js';
import { pkiLayout } from './layout.js';
import { pkiUnreadable } from './problems.js';
import { type Asked, readAsked, writeAsked } from './state.js';

/** Every leaf that was made before now is made anew, host by host, without a restart. */
export const askForRenewal = (directory: string, now: Instant): Promise<Result<void>> =>
  // Certificates count in seconds, and begin a little before they are made.
  change(directory, () => ({ renewBefore: Math.floor(now / 1000) * 1000 - BACKDATED_MS }));

/** New authorities take the place of those that are; when a rotation is under way, after it. */
export const askForRotation = (directory: string, random: Random): Promise<Result<void>> =>
  change(directory, () => ({ rotation: random.hex(8), finish: false }));

/** The old authority is forgotten although programs have certificates of it. */
export const askToFinish = (directory: string): Promise<Result<void>> =>
  change(directory, () => ({ finish: true }));

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
