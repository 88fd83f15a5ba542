import { setMaxListeners } from 'node:events';
import {
  type Instant,
  type MemberID,
  instantOf,
  ok,
  silentLogger,
  systemClock,
  unsafeBrand,
} from '../../../../src/base/index.js';
import {
  type ClusterRecord,
  type ClusterToken,
  type Member,
  type Target,
  leaderOf,
  quorumOf,
  standingOf,
  votersOf,
} from '../../../../src/core/cluster/index.js';
import type { World } from '../../../../src/core/model/index.js';
import {
  MEMBERSHIP_STEPS,
  type Plan,
  type Step,
  type UnresolvedChange,
  plan as planNext,
} from '../../../../src/core/planner/index.js';
import type { PlannedStep } from '../../../../src/core/planner/testing/language/scene.js';
import { NO_CERTIFICATES } from '../../../../src/engine/controller/authorities.js';
import { carryOut } from '../../../../src/engine/controller/carry-out.js';
import type { Sighting } from '../../../../src/engine/controller/observe.js';
import type { ClusterStore, HeldLock } from '../../../../src/engine/ports/index.js';
import { type Answer, ofOutcome } from '../answer.js';
import type { RealCluster } from '../real-cluster.js';

/** The controller's own word for how long an unknown change is kept in mind. */
const QUIET_MS = 7000;
const CALM_MS = 25_000;
const LOOK_EVERY_MS = 100;
const HAND_OVER_MS = 5000;
export const NEVER: AbortSignal = new AbortController().signal;
setMaxListeners(0, NEVER);

/** A step that was decided, with the look it was decided on. */
export interface Decision {
  readonly plan: PlannedStep;
  readonly sighting: Sighting;
}

/**
 * A scenario on real members: what a controller may remember, the production planner on what the production observer
 * sees, and the production code that carries a step out. Only the list is put in the order of the scenario, because
 * etcd's own order comes from ids that nobody chooses.
 */
export class RealScene {
  readonly real: RealCluster;
  target: Target;
  record: ClusterRecord;
  unresolved: UnresolvedChange | undefined;
  decided: Decision | undefined;
  /** Requests that were said to be sent and were not. */
  inFlight: Decision[] = [];
  readonly #order: MemberID[] = [];
  /** Who leads in the scenario. etcd elects whom it likes, and is then asked to hand over. */
  #leads: MemberID | undefined;

  constructor(real: RealCluster) {
    this.real = real;
    const name = real.name;
    const token = unsafeBrand<ClusterToken>(`${name}-1`);
    const { version } = real.etcd;
    this.target = {
      name,
      token,
      birth: { kind: 'static' },
      version,
      members: [],
      proxies: [],
      state: 'up',
      firstLife: 'plain',
      retire: [],
    };
    this.record = {
      formatVersion: 1,
      name,
      token,
      version,
      issuedNew: [],
      addresses: {},
      retire: [],
    };
  }

  /** Another target; new hosts get addresses, and what the record has stays. */
  want(target: Target): void {
    this.target = target;
    const { retire } = target;
    const addresses = { ...this.real.addresses, ...this.record.addresses };
    this.record = { ...this.record, retire, addresses };
  }

  async look(): Promise<Sighting> {
    const sighting = await this.real.sight(this.target, this.record);
    const { observation } = sighting;
    const list = observation.memberList;
    if (list.kind === 'unseen') return sighting;
    const members = this.#inOrder(list.members);
    return { ...sighting, observation: { ...observation, memberList: { ...list, members } } };
  }

  async decide(): Promise<Plan> {
    const sighting = await this.look();
    const { observation } = sighting;
    const list = observation.memberList;
    const { unresolved } = this;
    if (unresolved !== undefined && list.kind === 'linearizable') {
      if (list.at >= unresolved.at + QUIET_MS) this.unresolved = undefined;
    }
    const plan = planNext({
      target: this.target,
      record: this.record,
      observation,
      now: systemClock.now(),
      ...(this.unresolved === undefined ? {} : { unresolved: this.unresolved }),
    });
    this.decided = plan.kind === 'step' ? { plan, sighting } : undefined;
    return plan;
  }

  /** Carries out what was decided, as the controller does. */
  async carryOut({ plan, sighting }: Decision): Promise<Answer> {
    const { observation, clientURLs } = sighting;
    const { outcome } = await carryOut(
      plan.step,
      {
        driver: this.real.driver,
        admin: this.real.admin,
        certificates: NO_CERTIFICATES,
        store: this.#store(),
        lock: LOCK,
        clock: systemClock,
        logger: silentLogger,
        target: this.target,
        record: this.record,
        standing: standingOf(this.target, observation, this.record.addresses),
        clientURLs,
      },
      NEVER,
    );
    if (plan.step.kind === 'move-leader') this.#leads = plan.step.to;
    return ofOutcome(outcome);
  }

  noteUnknown(step: Step, at: Instant = systemClock.now()): void {
    if (MEMBERSHIP_STEPS.has(step.kind)) this.unresolved = { step: step.kind, at };
  }

  /** That a host is told `new` is written before it is started, whatever becomes of it. */
  noteIntent(step: Step): void {
    if (step.kind !== 'start-member' || step.launch.purpose !== 'birth') return;
    const issuedNew = [...new Set([...this.record.issuedNew, step.host])];
    this.record = { ...this.record, issuedNew };
  }

  /**
   * Waits until what follows by itself has followed: members that run and can have a leader know one and have
   * published their names, those that cannot know that they have none, and the removed have ended.
   */
  async calm(): Promise<void> {
    const end = performance.now() + CALM_MS;
    for (;;) {
      const unrest = await this.#unrest();
      if (unrest === undefined) return;
      if (performance.now() > end) throw new Error(`it does not come to rest: ${unrest}`);
      await systemClock.sleep(LOOK_EVERY_MS, NEVER);
    }
  }

  /** From now on this member leads. */
  leads(id: MemberID): void {
    this.#leads = id;
  }

  async #unrest(): Promise<string | undefined> {
    const isBorn = this.record.clusterID !== undefined;
    const sighting = await this.look();
    const unrest = unrestIn(sighting, isBorn ? 0 : this.target.members.length);
    return unrest ?? (isBorn ? this.#handOver(sighting) : undefined);
  }

  /** As in the model: whoever led goes on as long as it lives, and then the first that lives. */
  async #handOver({ observation }: Sighting): Promise<string | undefined> {
    const { hosts, memberList } = observation;
    const leader = leaderOf(observation);
    if (memberList.kind !== 'linearizable' || leader === undefined) return undefined;
    const able = votersOf(memberList.members).filter(({ id }) =>
      hosts.some(
        ({ process, data, status }) =>
          process.kind === 'running' &&
          data.kind === 'present' &&
          data.memberID === id &&
          status.kind === 'answered',
      ),
    );
    this.#leads = able.find(({ id }) => id === this.#leads)?.id ?? able[0]?.id;
    const endpoint = memberList.members.find(({ id }) => id === leader)?.clientURLs[0];
    if (this.#leads === undefined || this.#leads === leader || endpoint === undefined) {
      return undefined;
    }
    await this.real.admin.moveLeader(endpoint, this.#leads, AbortSignal.timeout(HAND_OVER_MS));
    return 'the lead is to change hands';
  }

  async members(): Promise<readonly Member[]> {
    const list = (await this.look()).observation.memberList;
    return list.kind === 'unseen' ? [] : list.members;
  }

  /** For texts that want a world: its time and its target. */
  get world(): World {
    return {
      now: instantOf(Date.now()),
      target: this.target,
      record: this.record,
      members: [],
      clusterID: this.record.clusterID,
      leader: undefined,
      term: 0n,
      hosts: [],
      addedCount: 0,
    };
  }

  #inOrder(members: readonly Member[]): readonly Member[] {
    const wanted = this.target.members.flatMap(({ peerURLs }) => peerURLs);
    const placeInTarget = ({ peerURLs }: Member): number => {
      const place = wanted.findIndex((url) => peerURLs.includes(url));
      return place < 0 ? wanted.length : place;
    };
    const fresh = members.filter(({ id }) => !this.#order.includes(id));
    for (const { id } of [...fresh].sort((a, b) => placeInTarget(a) - placeInTarget(b))) {
      this.#order.push(id);
    }
    const place = ({ id }: Member): number => this.#order.indexOf(id);
    return [...members].sort((a, b) => place(a) - place(b));
  }

  #store(): ClusterStore {
    const nothing = async () => ok(undefined);
    return {
      readRecord: async () => ok(this.record),
      writeRecord: async (record) => {
        this.record = record;
        return ok(undefined);
      },
      readWish: nothing,
      writeWish: async (wish, basedOn) => ok({ ...wish, generation: basedOn + 1 }),
      appendJournal: nothing,
      readJournal: async () => ok([]),
      lock: async () => ok(LOCK),
      lockHolder: async () => undefined,
    };
  }
}

const LOCK: HeldLock = { stillHeld: async () => true, release: async () => undefined };

/** `unborn`: how many are still to be born together; 0 when that is over. */
function unrestIn({ observation }: Sighting, unborn: number): string | undefined {
  const { hosts, memberList } = observation;
  const up = hosts.filter(({ process }) => process.kind === 'running');
  const mute = up.find(({ data, peer }) => data.kind === 'empty' || peer.kind === 'silent');
  if (mute !== undefined) return `${mute.host} is starting`;
  if (unborn > 0) {
    const led = up.filter(({ status }) => status.kind === 'answered').length;
    return up.length >= quorumOf(unborn) && led < up.length ? 'the born have no leader' : undefined;
  }
  if (memberList.kind === 'unseen') return undefined;
  const { members, clusterID } = memberList;
  const live = hosts.filter(({ process, data }) => {
    if (process.kind !== 'running' || data.kind !== 'present') return false;
    return data.clusterID === clusterID;
  });
  const idOn = (host: (typeof live)[number]): MemberID | undefined =>
    host.data.kind === 'present' ? host.data.memberID : undefined;
  const isVoter = (id: MemberID | undefined): boolean =>
    votersOf(members).some((member) => member.id === id);
  const voters = votersOf(members).length;
  const canLead = live.filter((host) => isVoter(idOn(host))).length >= quorumOf(voters);
  const leader = leaderOf(observation);
  for (const sight of live) {
    const { host, status } = sight;
    const member = members.find(({ id }) => id === idOn(sight));
    if (member === undefined) {
      if (canLead && memberList.kind === 'linearizable')
        return `${host} was removed and still runs`;
      continue;
    }
    const knows = status.kind === 'answered' ? status.leader : undefined;
    if (!canLead && knows !== undefined) return `${host} still believes in a leader`;
    if (!canLead) continue;
    if (knows === undefined || knows !== leader || !isVoter(leader)) return `${host} has no leader`;
    if (member.name === '') return `${host} has not published its name`;
    const runsAs = sight.process.kind === 'running' ? sight.process.flags['name'] : member.name;
    if (member.name !== runsAs) return `${host} has not published its new name`;
  }
  return undefined;
}
