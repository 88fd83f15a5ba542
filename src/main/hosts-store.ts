import { hostname, userInfo } from 'node:os';
import type { Problem } from '../base/index.js';
import type { ClusterName } from '../core/cluster/index.js';
import type { HostsStore, Seat } from '../drivers/seats/index.js';
import type { JoinedLooks } from '../drivers/shell/index.js';
import type { ClusterStore } from '../engine/ports/index.js';
import type { Machine } from './machine.js';
import { hasEnded, lifeOf } from './own-life.js';
import type { SeatFile } from './seat-file.js';
import { shellWith } from './shells.js';

export interface KeptOnHosts {
  readonly name: ClusterName;
  readonly seat: () => SeatFile;
  /** How its questions share round trips with looks at the hosts. Absent: they do not. */
  readonly looks?: () => Promise<JoinedLooks>;
  /** Hears of what was mended on the hosts, and of what could not be. */
  readonly tell?: (problem: Problem) => void;
}

/** The state that the hosts of a cluster keep; how to speak with it is loaded when somebody asks. */
export function hostsStoreLater(machine: Machine, cluster: KeptOnHosts): ClusterStore {
  let loaded: Promise<ClusterStore> | undefined;
  const store = (): Promise<ClusterStore> =>
    (loaded ??= open(machine, cluster).then((made) => machine.between?.store(made) ?? made));
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

function thisSeat(): Seat {
  const life = lifeOf(process.pid);
  return {
    name: `${userInfo().username}@${hostname()}`,
    pid: process.pid,
    ...(life === undefined ? {} : { life }),
    hasEnded: async (other) => hasEnded(other),
  };
}

async function open(
  machine: Machine,
  { name, seat: seatNow, looks, tell }: KeptOnHosts,
): Promise<HostsStore> {
  const seat = seatNow();
  const [{ createHostsStore }, shell, joined] = await Promise.all([
    import('../drivers/seats/index.js'),
    shellWith(machine, seat.ssh),
    looks?.(),
  ]);
  const { clock, random } = machine;
  return createHostsStore({
    cluster: name,
    hosts: seat.holders,
    shell: joined?.acting ?? shell,
    lookShell: joined?.asking ?? shell,
    clock,
    random,
    seat: thisSeat(),
    ...(tell === undefined ? {} : { tell }),
  });
}
