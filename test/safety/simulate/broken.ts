import { type Outcome, err, ok, refused } from '../../../src/base/index.js';
import { GUARDS, type GuardName } from '../../../src/core/planner/guards.js';
import { createPlanner } from '../../../src/core/planner/plan.js';
import type { EtcdAdmin } from '../../../src/engine/ports/index.js';
import type { Breaking } from './controllers.js';
import { trouble } from './trouble.js';

/** Less than the controller waits, so that this answer comes first. */
const IMPATIENT_MS = 4000;

/** Controllers and planners with one mistake that somebody could make. The simulation has to notice each of them. */
const MISTAKES: Readonly<Record<string, Breaking>> = {
  /** A restarted controller knows nothing of the change that its predecessor left open. */
  'forgets-the-quiet-period': (parts) => ({
    ...parts,
    store: { ...parts.store, readJournal: () => Promise.resolve(ok([])) },
  }),
  /** No answer is taken for a no. */
  'takes-silence-for-refusal': (parts) => ({ ...parts, admin: impatient(parts) }),
  /** The lock is taken and never looked at again. */
  'never-looks-at-its-lock': (parts) => ({
    ...parts,
    lock: { ...parts.lock, stillHeld: () => Promise.resolve(true) },
  }),
  /** A journal that cannot be written is no reason to stop. */
  'acts-without-its-journal': (parts) => ({
    ...parts,
    store: {
      ...parts.store,
      appendJournal: async (entry, options) => {
        await parts.store.appendJournal(entry, options);
        return { ok: true, value: undefined };
      },
    },
  }),
  /** The birth of a member is not remembered. */
  'forgets-whom-it-told-new': (parts) => ({
    ...parts,
    store: {
      ...parts.store,
      writeRecord: (record) => parts.store.writeRecord({ ...record, issuedNew: [] }),
      readRecord: async () => {
        const read = await parts.store.readRecord();
        if (!read.ok) return err(read.error);
        const record = read.value;
        return { ok: true, value: record === undefined ? record : { ...record, issuedNew: [] } };
      },
    },
  }),
};

/** By a mistake's name, or by `without-` and the name of a guard of the planner, which then always says yes. */
export function breakingBy(name: string): Breaking | undefined {
  if (Object.hasOwn(MISTAKES, name)) return MISTAKES[name];
  const guard = name.replace(/^without-/, '');
  if (guard === name || !Object.hasOwn(GUARDS, guard)) return undefined;
  const plan = createPlanner({ ...GUARDS, [guard as GuardName]: () => true });
  return (parts) => ({ ...parts, plan });
}

export const breakingNames = (): readonly string[] => [
  ...Object.keys(MISTAKES),
  ...Object.keys(GUARDS).map((guard) => `without-${guard}`),
];

function impatient({
  admin,
  clock,
}: {
  admin: EtcdAdmin;
  clock: Parameters<Breaking>[0]['clock'];
}): EtcdAdmin {
  const no = refused(trouble({ what: 'no answer' }));
  const sure = async <T>(asked: Promise<Outcome<T>>): Promise<Outcome<T>> => {
    const late = new Promise<Outcome<T>>((resolve) => {
      clock.after(IMPATIENT_MS, () => resolve(no));
    });
    const end = await Promise.race([asked, late]);
    return end.kind === 'unknown' ? no : end;
  };
  return {
    ...admin,
    addMember: (...args) => sure(admin.addMember(...args)),
    promote: (...args) => sure(admin.promote(...args)),
    remove: (...args) => sure(admin.remove(...args)),
    updatePeerURLs: (...args) => sure(admin.updatePeerURLs(...args)),
  };
}
