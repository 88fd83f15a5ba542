import {
  type Instant,
  type Problem,
  type Result,
  deadlineSignal,
  err,
  ok,
  silentLogger,
} from '../base/index.js';
import {
  type ClusterRecord,
  type ConsumerSight,
  type HostName,
  type HostSight,
  IMAGINED_AUTHORITIES,
  type Observation,
  type Target,
  certificatePaths,
  consumerID,
} from '../core/cluster/index.js';
import { certificatesOn, imaginedPlace } from '../core/bootstrap/index.js';
import {
  NOTHING_LATELY,
  type PlanInput,
  type UnresolvedChange,
  plan,
} from '../core/planner/index.js';
import {
  type ControllerTimings,
  DEFAULT_TIMINGS,
  JOURNAL_LOOKBACK_ENTRIES,
  createController,
  hostsWithoutAddresses,
} from '../engine/controller/index.js';
import { unresolvedFrom, unseenSinceFrom } from '../engine/journal/index.js';
import type { ClusterStore, HeldLock, JournalEntry, Wish } from '../engine/ports/index.js';
import type { ImaginedWish, Look } from '../frontends/cli/index.js';
import type { Parts, Machine } from './machine.js';

/**
 * One turn of the controller with its hands tied: it sees what the acting one sees, and neither writes nor acts.
 * No lock is needed, so a look works beside a running supervisor and without one.
 */
export async function lookAt(
  parts: Parts,
  machine: Machine,
  signal: AbortSignal,
): Promise<Result<Look, readonly Problem[]>> {
  const { store } = parts;
  const wish = await store.readWish();
  if (!wish.ok) return err([wish.error]);
  // What the controller reads of it says as well since when a host has not been seen.
  const journal = store.readJournal(JOURNAL_LOOKBACK_ENTRIES);
  const controller = createController({
    ...parts,
    ...machine,
    store: {
      ...readOnly(parts, wish.value, signal),
      readJournal: () => journal,
    },
    lock: NO_LOCK,
    logger: silentLogger,
    timings: { ...parts.timings, ...PATIENT, ...patientWithHosts(parts.timings) },
  });
  const [turn, entries, holder] = await Promise.all([
    controller.turn(signal),
    journal,
    store.lockHolder(),
  ]);
  const view = 'view' in turn ? turn.view : undefined;
  if (view === undefined || wish.value === undefined) {
    return err(turn.kind === 'blocked' ? turn.problems : []);
  }
  const now = machine.clock.now();
  if (!entries.ok) return err([entries.error]);
  const unresolved = unresolvedOf(entries.value, now);
  const { target, record, observation } = view;
  const input: PlanInput = {
    target,
    record,
    observation,
    now,
    lately: { ...NOTHING_LATELY, unseenSince: unseenSinceFrom(entries.value) },
    ...(unresolved === undefined ? {} : { unresolved }),
  };
  return ok({
    wish: wish.value,
    input,
    plan: plan(input),
    ...(holder === undefined ? {} : { controller: holder }),
  });
}

function unresolvedOf(
  entries: readonly JournalEntry[],
  now: Instant,
): UnresolvedChange | undefined {
  const last = unresolvedFrom(entries, now).at(-1);
  return last === undefined ? undefined : { step: last.step.kind, at: last.at };
}

/**
 * One question to one member. With one second, on a machine that had a twelfth of a processor to spare, 4 of 10 looks called
 * a healthy cluster of seven `quorum-lost`; with three, none of 20 did, at a twelfth and at a twentieth.
 */
const PROBE_MS = 3 * DEFAULT_TIMINGS.probeMs;

/** One look has no second chance: a member that is slow to answer is not silent. */
const PATIENT: Partial<ControllerTimings> = {
  consumerMs: 4 * DEFAULT_TIMINGS.consumerMs,
  hurriedConsumerMs: 4 * DEFAULT_TIMINGS.consumerMs,
  probeMs: PROBE_MS,
  leaderlessProbeMs: PROBE_MS,
  formingProbeMs: PROBE_MS,
};

/**
 * Over SSH a look at a host may take as long as when somebody acts. On this machine no network can hang, only processor time
 * be scarce, and three seconds were too few beside sixteen processes that never sleep.
 */
const patientWithHosts = ({
  hostMs = 10 * DEFAULT_TIMINGS.hostMs,
}: Partial<ControllerTimings>): Partial<ControllerTimings> => ({ hostMs });

const NO_LOCK: HeldLock = { stillHeld: async () => true, release: async () => undefined };

/**
 * Paused, so that a step is only shown; and whatever would be written is not. Hosts that the wish has and the record does
 * not know yet have the addresses that the acting one is about to find.
 */
function readOnly(
  { store, driver }: Parts,
  wish: Wish | undefined,
  signal: AbortSignal,
): ClusterStore {
  return {
    ...store,
    readRecord: async () => {
      const record = await store.readRecord();
      if (!record.ok || record.value === undefined || wish === undefined) return record;
      const missing = hostsWithoutAddresses(wish, record.value);
      if (missing.length === 0) return record;
      const { addresses } = record.value;
      const found = await driver.allocate(missing, addresses, signal);
      if (!found.ok) return record;
      return ok({ ...record.value, addresses: { ...found.value, ...addresses } });
    },
    readWish: async () => ok(wish === undefined ? undefined : { ...wish, paused: true }),
    writeRecord: async () => ok(undefined),
    writeWish: async (wish, basedOn) => ok({ ...wish, generation: basedOn }),
    appendJournal: async () => ok(undefined),
  };
}

/**
 * The same look planned for another wish. Hosts that are new in it get addresses as they would be found now, and are
 * looked at; nothing is written.
 */
export async function imagineFor(
  parts: Parts,
  machine: Machine,
  base: { readonly record: ClusterRecord; readonly look: Look | undefined },
  imagined: ImaginedWish,
  signal: AbortSignal,
): Promise<Result<PlanInput, readonly Problem[]>> {
  const { look, record } = base;
  const missing = hostsWithoutAddresses(imagined, record);
  const found = await parts.driver.allocate(missing, record.addresses, signal);
  if (!found.ok) return found;
  const completed = imaginedPlace(imagined.spec, {
    ...record,
    addresses: { ...found.value, ...record.addresses },
  });
  const wish: Wish = {
    generation: look?.wish.generation ?? 0,
    spec: imagined.spec,
    state: imagined.state ?? look?.wish.state ?? 'up',
    paused: false,
    retire: imagined.retire ?? look?.wish.retire ?? [],
  };
  const held = await parts.certificates.authorities(imagined.spec, 'look', signal);
  if (!held.ok) return err([held.error]);
  const target = parts.resolveTarget(wish, completed, held.value ?? IMAGINED_AUTHORITIES);
  if (!target.ok) return target;
  const observation: Observation = look?.input.observation ?? {
    at: machine.clock.now(),
    hosts: [],
    memberList: { kind: 'unseen', because: 'there is no cluster yet' },
  };
  const { members, proxies } = target.value;
  const byHand = new Set(members.filter((member) => member.byHand).map(({ host }) => host));
  const unseen = [...members, ...proxies].filter(
    ({ host }) => !observation.hosts.some((sight) => sight.host === host),
  );
  const lookOn = async (host: HostName) => {
    const wanted = certificatesOn(target.value, completed.addresses, host);
    const more = wanted === undefined ? undefined : { certificates: certificatePaths(wanted) };
    const { certificates: files, ...facts } = await parts.driver.observe(host, signal, more);
    const judged =
      wanted === undefined || files === undefined
        ? {}
        : { certificates: parts.certificates.judge(wanted, files) };
    return { ...facts, ...judged };
  };
  const added = unseen.map(async ({ host }): Promise<HostSight> => {
    const silent = { kind: 'silent', because: 'it has not been started yet' } as const;
    return {
      host,
      ...(await lookOn(host)),
      ...(byHand.has(host) ? { process: { kind: 'by-hand' as const } } : {}),
      peer: silent,
      status: silent,
    };
  });
  // Who runs in plain text was not asked for certificates.
  const known = observation.hosts.map(async (sight): Promise<HostSight> => {
    const wanted = certificatesOn(target.value, completed.addresses, sight.host);
    if (wanted === undefined || sight.certificates?.kind === 'seen') return sight;
    const { certificates } = await lookOn(sight.host);
    return certificates === undefined ? sight : { ...sight, certificates };
  });
  const [hosts, consumers] = await Promise.all([
    Promise.all([...known, ...added]),
    consumersOf(parts, target.value, observation, signal),
  ]);
  return ok({
    target: target.value,
    record: completed,
    observation: { ...observation, hosts, ...(consumers === undefined ? {} : { consumers }) },
    now: machine.clock.now(),
    ...(look?.input.lately === undefined ? {} : { lately: look.input.lately }),
    ...(look?.input.unresolved === undefined ? {} : { unresolved: look.input.unresolved }),
  });
}

/** Those of the wish as they were seen, and those that are new in it as they are now. */
async function consumersOf(
  { consumers: port, timings }: Parts,
  target: Target,
  observation: Observation,
  signal: AbortSignal,
): Promise<Observation['consumers']> {
  const seen = observation.consumers ?? [];
  const wanted = target.consumers;
  if (wanted === undefined || port === undefined) return observation.consumers;
  const { consumerMs = DEFAULT_TIMINGS.consumerMs } = timings;
  return await Promise.all(
    wanted.map(async (consumer): Promise<ConsumerSight> => {
      const id = consumerID(consumer);
      const known = seen.find((sight) => sight.id === id);
      return known ?? (await port.observe(consumer, deadlineSignal(consumerMs, signal)));
    }),
  );
}
