import { hostname, userInfo } from 'node:os';
import type { ClusterName } from '../core/cluster/index.js';
import type { HostsStore } from '../drivers/seats/index.js';
import type { ClusterStore } from '../engine/ports/index.js';
import type { Machine } from './machine.js';
import type { SeatFile } from './seat-file.js';
import { shellWith } from './shells.js';

/** The state that the hosts of a cluster keep; how to speak with it is loaded when somebody asks. */
export function hostsStoreLater(
  machine: Machine,
  cluster: { readonly name: ClusterName; readonly seat: () => SeatFile },
): ClusterStore {
  let loaded: Promise<ClusterStore> | undefined;
  const store = (): Promise<ClusterStore> =>
    (loaded ??= open(machine, cluster.name, cluster.seat()).then(
      (made) => machine.between?.store(made) ?? made,
    ));
  return {
    readRecord: async () => (await store()).readRecord(),
    writeRecord: async (record) => (await store()).writeRecord(record),
    readWish: async () => (await store()).readWish(),
    writeWish: async (wish, basedOn) => (await store()).writeWish(wish, basedOn),
    appendJournal: async (entry, options) => (await store()).appendJournal(entry, options),
    readJournal: async (entryCount) => (await store()).readJournal(entryCount),
    lock: async (purpose, options) => (await store()).lock(purpose, options),
    lockHolder: async () => (await store()).lockHolder(),
  };
}

async function open(machine: Machine, name: ClusterName, seat: SeatFile): Promise<HostsStore> {
  const [{ createHostsStore }, shell] = await Promise.all([
    import('../drivers/seats/index.js'),
    shellWith(machine, seat.ssh),
  ]);
  const { clock, random } = machine;
  return createHostsStore({
    cluster: name,
    hosts: seat.holders,
    shell,
    clock,
    random,
    seat: { name: `${userInfo().username}@${hostname()}`, pid: process.pid },
  });
}
