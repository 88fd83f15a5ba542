import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { err, ok } from '../base/index.js';
import type { ClusterName } from '../core/cluster/index.js';
import type { Keeping } from './keeping.js';
import { type Machine, localParts, localStore, pkiDirectory } from './machine.js';
import { stateNotMoved } from './problems.js';
import { sameDriver } from './seat-file.js';
import { ensureSupervisor } from './supervise.js';

/** A cluster of this machine: everything is in one directory. */
export function localKeeping(machine: Machine, name: ClusterName, stateDir: string): Keeping {
  const store = localStore(machine, stateDir);
  return {
    place: stateDir,
    store,
    pki: pkiDirectory(stateDir),
    exists: async () =>
      ok(
        await access(stateDir).then(
          () => true,
          () => false,
        ),
      ),
    parts: () => localParts(machine, { name, stateDir }),
    accept: async (spec) => sameDriver(name, 'local', spec),
    hear: () => undefined,
    supervise: (signal) => ensureSupervisor(store, stateDir, machine, signal),
    moveAway: async ({ deleteData }) => {
      const home = dirname(dirname(stateDir));
      const movedTo = join(home, 'destroyed', `${name}-${machine.clock.now()}`);
      try {
        // Out of sight first, in one step; so that a deletion that is cut short leaves no half cluster behind.
        await mkdir(dirname(movedTo), { recursive: true, mode: 0o700 });
        await rename(stateDir, movedTo);
        if (!deleteData) return ok({ movedTo });
        await rm(movedTo, { recursive: true, force: true });
        return ok({});
      } catch (error) {
        const because = error instanceof Error ? error.message : String(error);
        return err(stateNotMoved({ cluster: name, stateDir, because }));
      }
    },
  };
}
