import { type Problem, type Result, err, ok } from '../../base/index.js';
import type { Wish } from '../../engine/ports/index.js';
import type { Context } from './context.js';
import type { ManagedCluster } from './ports.js';
import { wishContended } from './problems.js';

/** Two people changing one cluster at the same moment is rare; five in a row is a bug somewhere. */
const TRIES_MAX = 5;

export type WishEdit = (wish: Wish) => Result<Omit<Wish, 'generation'>, Problem>;

/** Changes what the cluster should be, on top of whatever it should be now. A change that changes nothing is not written. */
export async function editWish(
  { ports }: Context,
  cluster: ManagedCluster,
  by: string,
  edit: WishEdit,
): Promise<Result<{ readonly wish: Wish; readonly changed: boolean }>> {
  for (let i = 0; i < TRIES_MAX; i++) {
    const read = await cluster.store.readWish();
    if (!read.ok) return read;
    if (read.value === undefined) return err(wishContended({ cluster: cluster.name, tries: i }));
    const { generation, ...before } = read.value;
    const after = edit(read.value);
    if (!after.ok) return after;
    if (JSON.stringify(withoutGeneration(after.value)) === JSON.stringify(before)) {
      return ok({ wish: read.value, changed: false });
    }
    const written = await cluster.store.writeWish(withoutGeneration(after.value), generation);
    if (written.ok) {
      const at = ports.clock.now();
      const entry = { kind: 'wish', at, generation: written.value.generation, by } as const;
      await cluster.store.appendJournal(entry, { durable: false });
      return ok({ wish: written.value, changed: true });
    }
    const now = await cluster.store.readWish();
    if (!now.ok || now.value?.generation === generation) return written;
  }
  return err(wishContended({ cluster: cluster.name, tries: TRIES_MAX }));
}

/** An edit may give back a whole wish; the generation is the store's to count. */
function withoutGeneration(wish: Omit<Wish, 'generation'>): Omit<Wish, 'generation'> {
  const { spec, state, paused, retire } = wish;
  return { spec, state, paused, retire };
}
