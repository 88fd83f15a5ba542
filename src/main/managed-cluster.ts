import { type Result, err, ok, silentLogger, unsafeBrand } from '../base/index.js';
import {
  type ClusterName,
  type ClusterRecord,
  type ClusterToken,
  type EtcdVersion,
  parseEtcdVersion,
} from '../core/cluster/index.js';
import type { ClusterSpec } from '../core/spec/index.js';
import { clusterDirectory, stateHome } from '../drivers/local/index.js';
import { type RunEnd, createController } from '../engine/controller/index.js';
import type { ClusterStore } from '../engine/ports/index.js';
import {
  type FoundOptions,
  type ManagedCluster,
  type RunOptions,
  cliProblems,
} from '../frontends/cli/index.js';
import { birthRecordsLater, meetingPlacesLater } from './births.js';
import { firstWrite } from './first-write.js';
import type { Keeping } from './keeping.js';
import { localKeeping } from './local-keeping.js';
import { imagineFor, lookAt } from './look.js';
import {
  type LendPort,
  type Machine,
  type Parts,
  binariesFor,
  rememberEtcd,
  seatFilesOf,
  tlsOf,
} from './machine.js';
import { stateInUse } from './problems.js';
import { readyHosts } from './ready-hosts.js';
import { settleVersion } from './resolve.js';

const TOKEN_BYTES = 4;

/** One cluster, as the commands see it. */
export function managedCluster(
  machine: Machine,
  name: ClusterName,
  keeping: Keeping,
): ManagedCluster {
  const { clock } = machine;
  const { store, place, pki } = keeping;
  let loaded: Promise<Parts> | undefined;
  const parts = (): Promise<Parts> => (loaded ??= keeping.parts());

  const prepare = async (spec: ClusterSpec, options: FoundOptions): Promise<Result<string>> => {
    const accepted = await keeping.accept(spec);
    if (!accepted.ok) return accepted;
    const binaries = await binariesFor(machine, { ...options, sources: spec.sources });
    const found = await binaries.resolve('etcd', spec.version, options.signal);
    if (!found.ok) return found;
    rememberEtcd(found.value.version, found.value.path);
    return ok(found.value.version);
  };

  return {
    name,
    place,
    store,
    exists: () => keeping.exists(),
    prepare,
    found: async (spec, options) => {
      const version = await prepare(spec, options);
      if (!version.ok) return version;
      return writeFirst(store, machine, name, version.value, spec);
    },
    adopt: async (spec, record) => {
      const accepted = await keeping.accept(spec);
      if (!accepted.ok) return accepted;
      const written = await writeAdopted(store, spec, record, place);
      if (!written.ok || spec.tls.kind === 'off') return written;
      // What this seat shows to members is kept at hand, where every look finds it.
      const { certificates } = await parts();
      const kept = await certificates.authorities(spec, 'use', NEVER);
      return kept.ok ? ok(undefined) : kept;
    },
    look: async (signal) => closing(await parts(), (all) => lookAt(all, machine, signal)),
    imagine: async (look, imagined, signal) => {
      const record = look?.input.record ?? unwrittenRecord(machine, name, imagined.spec.version);
      return imagineFor(await parts(), machine, { record, look }, imagined, signal);
    },
    run: (options) => runController(machine, keeping, options),
    firstWrite: async (endpoints, signal) =>
      firstWrite(endpoints, clock, tlsOf((await seatFilesOf(pki)).client), signal),
    certificates: async () =>
      (await import('./certificates.js')).certificatePorts(machine, { name, pki, store }),
    supervise: (signal) => keeping.supervise(signal),
    discard: (options) => discard(machine, name, keeping, options),
  };

  /** Connections end with the look; the next one opens its own. */
  async function closing<T>(all: Parts, look: (all: Parts) => Promise<T>): Promise<T> {
    try {
      return await look(all);
    } finally {
      await all.admin.close();
      loaded = undefined;
    }
  }
}

const recordOf = ({ random }: Machine, name: ClusterName, version: EtcdVersion): ClusterRecord => ({
  formatVersion: 1,
  name,
  // Unique per incarnation: the same addresses and the same token would give the same ids again (etcd-facts 1.1).
  token: unsafeBrand<ClusterToken>(`${name}-${random.hex(TOKEN_BYTES)}`),
  version,
  issuedNew: [],
  addresses: {},
  retire: [],
});

const unwrittenRecord = (machine: Machine, name: ClusterName, version: string): ClusterRecord =>
  recordOf(machine, name, parseEtcdVersion(version) ?? unsafeBrand<EtcdVersion>(`${version}.0`));

/** Record, then wish: a crash between them leaves a cluster without a wish, which is founded again. */
async function writeFirst(
  store: ClusterStore,
  machine: Machine,
  name: ClusterName,
  version: string,
  spec: ClusterSpec,
): Promise<Result<ClusterRecord>> {
  const lock = await store.lock('founding');
  if (!lock.ok) return lock;
  try {
    const exact = parseEtcdVersion(version) ?? unsafeBrand<EtcdVersion>(version);
    const before = await store.readRecord();
    if (!before.ok) return before;
    const record = before.value ?? recordOf(machine, name, exact);
    if (before.value === undefined) {
      const written = await store.writeRecord(record);
      if (!written.ok) return written;
    }
    const wish = await store.writeWish({ spec, state: 'up', paused: false, retire: [] }, 0);
    return wish.ok ? ok(record) : wish;
  } finally {
    await lock.value.release();
  }
}

/** Record, then wish, as at a founding. What another adoption of the same cluster began is written once more. */
async function writeAdopted(
  store: ClusterStore,
  spec: ClusterSpec,
  record: ClusterRecord,
  place: string,
): Promise<Result<void>> {
  const lock = await store.lock('adoption');
  if (!lock.ok) return lock;
  try {
    const [before, wish] = [await store.readRecord(), await store.readWish()];
    if (!before.ok) return before;
    if (!wish.ok) return wish;
    const isOther = before.value !== undefined && before.value.clusterID !== record.clusterID;
    if (isOther || wish.value !== undefined) {
      return err(cliProblems.clusterKnown({ cluster: spec.name, place }));
    }
    const written = await store.writeRecord(record);
    if (!written.ok) return written;
    const wished = await store.writeWish({ spec, state: 'up', paused: false, retire: [] }, 0);
    return wished.ok ? ok(undefined) : wished;
  } finally {
    await lock.value.release();
  }
}

/** What a birth needs beside the hosts; an etcd that keeps discovery tokens is a cluster like any other. */
export const birthPorts = (machine: Machine, lend?: LendPort) => ({
  birthRecords: birthRecordsLater(machine),
  meetingPlaces: meetingPlacesLater(
    machine,
    (name) =>
      managedCluster(
        machine,
        name,
        localKeeping(machine, name, clusterDirectory(stateHome(machine.env), name)),
      ),
    lend,
  ),
});

async function runController(
  machine: Machine,
  keeping: Keeping,
  options: RunOptions,
): Promise<Result<RunEnd>> {
  const parts = await keeping.parts();
  const births = birthPorts(machine, parts.lend);
  const { takeOver, onProgress = () => undefined } = options;
  keeping.hear(({ summary, detail }) =>
    onProgress(detail === '' ? summary : `${summary}\n${detail}`),
  );
  const lock = await parts.store.lock(options.purpose, takeOver === undefined ? {} : { takeOver });
  if (!lock.ok) return lock;
  const told: ClusterStore = {
    ...parts.store,
    appendJournal: (entry, durable) => {
      options.onEntry?.(entry);
      return parts.store.appendJournal(entry, durable);
    },
  };
  try {
    const settled = await settleVersion(parts.store, lock.value);
    if (!settled.ok) return settled;
    await readyHosts(parts, onProgress, options.interrupt);
    const controller = createController({
      ...parts,
      ...machine,
      ...births,
      store: told,
      lock: lock.value,
      logger: silentLogger,
      who: { pid: process.pid, purpose: options.purpose },
    });
    const { until, interrupt, deadlineMs } = options;
    const deadline = deadlineMs === undefined ? {} : { deadlineMs };
    return ok(await controller.run({ until, interrupt, ...deadline, signal: NEVER }));
  } finally {
    await births.meetingPlaces.leave(NEVER);
    await lock.value.release();
    await parts.admin.close();
  }
}

/** A step is never cut short from here: the interrupt ends a run between two turns. */
const NEVER = new AbortController().signal;

/** For looking whether anything still runs. */
const DISCARD_LOOK_MS = 10_000;
/** A supervisor that has just stopped the last member needs a moment to end; one that stays is in the way. */
const HOLDER_ENDS_MS = 5000;
const HOLDER_POLL_MS = 50;

async function holderAfterAMoment(store: ClusterStore, { clock }: Machine) {
  const endMs = clock.monotonicMs() + HOLDER_ENDS_MS;
  for (;;) {
    const holder = await store.lockHolder();
    if (holder === undefined || clock.monotonicMs() > endMs) return holder;
    await clock.sleep(HOLDER_POLL_MS, NEVER);
  }
}

async function discard(
  machine: Machine,
  name: ClusterName,
  keeping: Keeping,
  options: { readonly deleteData: boolean },
): Promise<Result<{ readonly movedTo?: string }>> {
  const { driver } = await keeping.parts();
  const signal = AbortSignal.timeout(DISCARD_LOOK_MS);
  const running: string[] = [];
  for (const host of await driver.knownHosts(signal)) {
    const { process: sight } = await driver.observe(host, signal);
    if (sight.kind !== 'stopped') running.push(host);
  }
  const holder = await holderAfterAMoment(keeping.store, machine);
  if (running.length > 0 || holder !== undefined) {
    const by = holder === undefined ? '' : `${holder.purpose} (process ${holder.pid})`;
    return err(stateInUse({ cluster: name, running, by }));
  }
  return keeping.moveAway(options);
}
