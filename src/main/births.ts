import type { ClusterName } from '../core/cluster/index.js';
import type { BirthRecords, MeetingPlaces } from '../engine/ports/index.js';
import type { ManagedCluster } from '../frontends/cli/index.js';
import type { LendPort, Machine } from './machine.js';

/** Loaded when a cluster is to be born by discovery, which few are. */
export function meetingPlacesLater(
  machine: Machine,
  open: (name: ClusterName) => ManagedCluster,
  lend?: LendPort,
): MeetingPlaces {
  let loaded: Promise<MeetingPlaces> | undefined;
  const places = () =>
    (loaded ??= import('./meeting-places.js').then(({ meetingPlacesOf }) =>
      meetingPlacesOf(machine, open, lend),
    ));
  return {
    make: async (wanted, signal) => (await places()).make(wanted, signal),
    keep: async (place, signal) => (place.isOurs ? (await places()).keep(place, signal) : KEPT),
    leave: async (signal) => {
      if (loaded === undefined) return;
      await (await loaded).leave(signal);
      loaded = undefined;
    },
  };
}

const KEPT = { ok: true, value: undefined } as const;

/** Loaded when a cluster is to be born by DNS. */
export const birthRecordsLater = (machine: Machine): BirthRecords => ({
  ready: async (spec, record, signal) => {
    const { birthRecordsOf } = await import('./birth-records.js');
    return birthRecordsOf(machine).ready(spec, record, signal);
  },
});
