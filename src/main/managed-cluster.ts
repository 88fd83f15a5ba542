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
import type { ClusterStore, HeldLock } from '../engine/ports/index.js';
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
import { type Settled, settleVersion } from './resolve.js';

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
  let begun: Begun | undefined;
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
      const record = recordOf(machine, name, exactVersion(version.value));
      const { thenRuns, progress, signal } = options;
      if (thenRuns === undefined) {
        const first = await writeFirst(store, record, spec, 'founding');
        if (first.ok) await first.value.lock.release();
        return first.ok ? ok(first.value.record) : first;
      }
      // Nobody waits for a copy while the state is founded.
      const made = await keeping.parts(record);
      const bringing = readyHosts(made, { spec, version: record.version }, progress, signal);
      await made.admin.close();
      const first = await writeFirst(store, record, spec, thenRuns);
      if (!first.ok) return first;
      begun = { ...first.value, bringing };
      return ok(first.value.record);
    },
    holdsLock: () => begun !== undefined,
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
    run: (options) => {
      const founding = begun;
      begun = undefined;
      return runController(machine, keeping, options, founding);
    },
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

const exactVersion = (version: string): EtcdVersion =>
  parseEtcdVersion(version) ?? unsafeBrand<EtcdVersion>(version);

interface Founded {
  readonly record: ClusterRecord;
  /** The caller's to release. */
  readonly lock: HeldLock;
}

/** What was just founded here and is acted on at once, while etcd is brought to its hosts. */
interface Begun extends Founded {
  readonly bringing: Promise<void>;
}

/** Record, then wish: a crash between them leaves a cluster without a wish, which is founded again. */
async function writeFirst(
  store: ClusterStore,
  first: ClusterRecord,
  spec: ClusterSpec,
  purpose: string,
): Promise<Result<Founded>> {
  const lock = await store.lock(purpose);
  if (!lock.ok) return lock;
  const written = await writeBoth(store, first, spec);
  if (written.ok) return ok({ record: written.value, lock: lock.value });
  await lock.value.release();
  return written;
}

async function writeBoth(
  store: ClusterStore,
  first: ClusterRecord,
  spec: ClusterSpec,
): Promise<Result<ClusterRecord>> {
  const before = await store.readRecord();
  if (!before.ok) return before;
  const record = before.value ?? first;
  if (before.value === undefined) {
    const written = await store.writeRecord(record);
    if (!written.ok) return written;
  }
  const wish = await store.writeWish({ spec, state: 'up', paused: false, retire: [] }, 0);
  return wish.ok ? ok(record) : wish;
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
  begun: Begun | undefined,
): Promise<Result<RunEnd>> {
  const parts = await keeping.parts(begun?.record);
  const births = birthPorts(machine, parts.lend);
  const { takeOver, onProgress = () => undefined } = options;
  keeping.hear(({ summary, detail }) =>
    onProgress(detail === '' ? summary : `${summary}\n${detail}`),
  );
  const lock = await lockFor(parts.store, options.purpose, takeOver, begun);
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
    const ready = begun?.bringing ?? bringTo(parts, settled.value, onProgress, options.interrupt);
    const controller = createController({
      ...parts,
      ...machine,
      ...births,
      store: told,
      lock: lock.value,
      logger: silentLogger,
      ready,
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

/** That of the founding as long as it is ours; else a new one. */
async function lockFor(
  store: ClusterStore,
  purpose: string,
  takeOver: string | undefined,
  begun: Begun | undefined,
): Promise<Result<HeldLock>> {
  if (begun !== undefined) {
    if (await begun.lock.stillHeld()) return ok(begun.lock);
    await begun.lock.release();
  }
  return store.lock(purpose, takeOver === undefined ? {} : { takeOver });
}

async function bringTo(
  parts: Parts,
  settled: Settled | undefined,
  tell: (line: string) => void,
  interrupt: AbortSignal,
): Promise<void> {
  if (settled === undefined || settled.wish.state === 'down' || settled.wish.paused) return;
  const { wish, record } = settled;
  await readyHosts(parts, { spec: wish.spec, version: record.version }, tell, interrupt);
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
