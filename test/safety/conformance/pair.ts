import { setMaxListeners } from 'node:events';
import {
  type ClusterID,
  type MemberID,
  instantOf,
  memberIDOf,
  systemClock,
  unsafeBrand,
} from '../../../src/base/index.js';
import { birthFlags, joinFlags, restartFlags } from '../../../src/core/bootstrap/index.js';
import {
  type ClusterToken,
  type HostName,
  type Member,
  type Observation,
  type PeerURL,
  type Target,
  type TargetMember,
  leaderOf,
  memberIDAtBirth,
} from '../../../src/core/cluster/index.js';
import {
  type World,
  type WorldHost,
  advance,
  applyStep,
  catchUp,
  crash,
  fallBehind,
  landLate,
  loseData,
  observe,
  raiseAlarm,
  settle,
} from '../../../src/core/model/index.js';
import type { Launch, Step } from '../../../src/core/planner/index.js';
import { createClient } from '../../../src/etcd/index.js';
import { until } from '../../lab/wait.js';
import { type Answer, type Verdict, compare, ofModel, ofOutcome, tell } from './answer.js';
import { type Explanation, explain } from './explained.js';
import { Names } from './names.js';
import { differenceOf, pictureOf } from './picture.js';
import type { RealCluster } from './real-cluster.js';

/** One request, start or fault, as the model answers it and as etcd does. */
export interface CaseResult {
  readonly what: string;
  readonly model: string;
  readonly etcd: string;
  readonly verdict: Verdict | 'afterwards';
  readonly explained: Explanation | undefined;
  /** For what is not the same: what differs, in a few lines. */
  readonly detail: string;
}

/** The two sides are no longer the same cluster; the rest of the story would compare nothing. */
export class Parted extends Error {
  /** By a difference that is known: the story ends here, and nothing is wrong. */
  readonly isExplained: boolean;
  constructor(why: string, isExplained: boolean) {
    super(why);
    this.isExplained = isExplained;
  }
}

const NEVER = new AbortController().signal;
// Every question of a story listens to it.
setMaxListeners(0, NEVER);
/** As long as the product gives a request. */
const REQUEST_MS = 5000;
/** Connecting, electing and publishing take a moment on a busy machine. */
const AGREE_MS = 20_000;
const LOOK_EVERY_MS = 100;
/** etcd counts its health interval of 5 s from the connection, which is a moment after the start. */
const INTERVAL_MS = 7000;
/** A process that is up for this long without a leader will not end by itself any more. */
const LIVES_MS = 3000;
/** A killed process closes its connections; on a busy machine the others need a moment to see it. */
const NOTICED_MS = 300;
/** At the latest by a read that times out. */
const NOTICE_MS = 10_000;
const SECOND_MS = 1100;
const NOBODY: MemberID = memberIDOf(0xdeadn);
const FULL_LOG_WRITES = 300;
const BIG = 'x'.repeat(1024 * 1024);
const BIG_WRITES_MAX = 100;

/**
 * One cluster twice: real etcd on this machine, and the same cluster in the model. Whatever is done is done to both;
 * what they answer is compared, and then what an observer sees of them.
 */
export class Pair {
  readonly results: CaseResult[] = [];
  readonly names = new Names();
  readonly real: RealCluster;
  #world: World;
  #beforeFault: { readonly world: World; readonly at: number } | undefined;
  readonly #addedAt = new Map<string, number>();
  /** Requests that nobody answered: they may have landed, or land later. */
  #inFlight: Step[] = [];

  private constructor(real: RealCluster, world: World) {
    this.real = real;
    this.#world = world;
  }

  /** Both sides with `count` voters m1…, just born. */
  static async born(real: RealCluster, count: number): Promise<Pair> {
    const hosts = Array.from({ length: count }, (_, i) => `m${i + 1}`);
    const members = await real.membersOn(hosts);
    const target: Target = {
      name: real.name,
      token: unsafeBrand<ClusterToken>(`${real.name}-1`),
      birth: { kind: 'static' },
      version: real.etcd.version,
      members,
      proxies: [],
      state: 'up',
      firstLife: 'plain',
      retire: [],
    };
    const pair = new Pair(real, unborn(target, real));
    for (const member of members) {
      const id = memberIDAtBirth(member.peerURLs, target.token);
      pair.names.add(member.host, id, id);
    }
    for (const [i, { host }] of members.entries()) {
      await pair.#startBoth(host, pair.#birth(host));
      // lab-etcd 2.3: the first one answers before the others begin, so that nobody waits in etcd's bootstrap check.
      if (i === 0) await pair.#untilPeerAnswers(host);
    }
    await pair.#agree();
    const { clusterID } = pair.#world;
    if (clusterID === undefined) throw new Error('the model was not born');
    const born = applyStep(pair.#world, { kind: 'record-birth', clusterID });
    pair.#world = born.world;
    return pair;
  }

  get world(): World {
    return this.#world;
  }

  get clusterID(): ClusterID | undefined {
    return this.#world.clusterID;
  }

  // --- what people and machines do ---

  /** Registers the member of a host as a learner; `urls`: with these instead of its own. */
  async add(host: string, urls?: readonly string[]): Promise<void> {
    const [member] = await this.#knowHosts([host]);
    if (member === undefined) throw new Error(`no host ${host}`);
    await this.#untilNextSecond(host);
    const peerURLs = (urls ?? member.peerURLs) as readonly PeerURL[];
    const step: Step = { kind: 'add-learner', name: member.name, host: member.host, peerURLs };
    let added: MemberID | undefined;
    await this.#ask(
      `add ${host}${urls === undefined ? '' : ' with a URL that is taken'}`,
      step,
      async (endpoint, signal) => {
        const end = await this.real.admin.addMember(
          [endpoint],
          peerURLs,
          { isLearner: true },
          signal,
        );
        if (end.kind === 'applied') added = end.value.memberID;
        return end;
      },
      (world) => {
        const inModel = world.members.find((each) => each.peerURLs === peerURLs)?.id;
        if (added !== undefined && inModel !== undefined) this.names.add(host, inModel, added);
      },
    );
  }

  async promote(label: string): Promise<void> {
    const { inModel, inEtcd } = this.#named(label);
    await this.#ask(
      `promote ${this.#called(label)}`,
      { kind: 'promote-learner', member: inModel, name: label },
      (endpoint, signal) => this.real.admin.promote([endpoint], inEtcd, signal),
    );
  }

  async remove(label: string): Promise<void> {
    const { inModel, inEtcd } = this.#named(label);
    await this.#ask(
      `remove ${this.#called(label)}`,
      { kind: 'remove-member', member: inModel, name: label },
      (endpoint, signal) => this.real.admin.remove([endpoint], inEtcd, signal),
    );
  }

  async update(label: string, urls: readonly string[]): Promise<void> {
    const { inModel, inEtcd } = this.#named(label);
    const peerURLs = urls as readonly PeerURL[];
    await this.#ask(
      `change the peer URLs of ${this.#called(label)}`,
      { kind: 'update-peer-urls', member: inModel, name: label, peerURLs },
      (endpoint, signal) => this.real.admin.updatePeerURLs([endpoint], inEtcd, peerURLs, signal),
    );
  }

  async moveLeader(to: string): Promise<void> {
    const { inModel, inEtcd } = this.#named(to);
    const from = this.#world.leader ?? NOBODY;
    const step: Step = { kind: 'move-leader', from, to: inModel, fromName: '', toName: to };
    await this.#ask(`move the lead to ${this.#called(to)}`, step, (endpoint, signal) =>
      this.real.admin.moveLeader(endpoint, inEtcd, signal),
    );
  }

  /** Starts the member of a host: with its data, on nothing as a new member of the cluster, or on nothing as `new`. */
  async start(host: string, how: Launch['purpose']): Promise<void> {
    await this.#knowHosts([host]);
    const launch = { restart: this.#restart, join: this.#join, birth: this.#birth }[how].bind(this);
    await this.#compareStart(`start ${host} ${HOW[how]}`, host, launch(host));
  }

  /** Killed, and what comes next is asked before anybody has noticed. */
  async crashUnnoticed(...hosts: readonly string[]): Promise<void> {
    this.#beforeFault = { world: this.#world, at: Date.now() };
    for (const host of hosts) {
      await this.real.crash(host);
      this.#now((world) => crash(world, unsafeBrand<HostName>(host)));
    }
  }

  /** The process is killed; nothing is compared but what is seen afterwards. */
  async crash(...hosts: readonly string[]): Promise<void> {
    await this.crashUnnoticed(...hosts);
    await systemClock.sleep(NOTICED_MS, NEVER);
    await this.#seeSame(`${hosts.join(' and ')} ${hosts.length > 1 ? 'crash' : 'crashes'}`);
  }

  async loseData(...hosts: readonly string[]): Promise<void> {
    this.#beforeFault = { world: this.#world, at: Date.now() };
    for (const host of hosts) {
      await this.real.loseData(host);
      this.#now((world) => loseData(world, unsafeBrand<HostName>(host)));
    }
    await this.#seeSame(`${hosts.join(' and ')} ${hosts.length > 1 ? 'lose' : 'loses'} the data`);
  }

  /** Until everybody who runs has been connected for etcd's health interval. */
  async interval(): Promise<void> {
    const youngest = Math.max(
      ...this.#world.hosts.map(({ process, rejoinedAt }) =>
        Math.max(process.kind === 'running' ? process.startedAt : 0, rejoinedAt ?? 0),
      ),
    );
    await systemClock.sleep(Math.max(0, youngest + INTERVAL_MS - Date.now()), NEVER);
    this.#now((world) => world);
  }

  /** So many writes that a log which did not get them is behind by every measure. `host` is the one who is away. */
  async leaveBehind(host: string): Promise<void> {
    const client = createClient({ endpoints: this.#endpoints() });
    try {
      for (let i = 0; i < FULL_LOG_WRITES; i++) {
        const put = await client.kv.put(`behind/${i}`, 'x', { deadlineMs: REQUEST_MS });
        if (!put.ok) throw new Error(`a write failed: ${put.error.message}`);
      }
    } finally {
      await client.close();
    }
    this.#now((world) => fallBehind(world, unsafeBrand<HostName>(host)));
  }

  /** Writes until the database has reached its quota and the alarm is raised. */
  async fillUp(): Promise<void> {
    const client = createClient({ endpoints: this.#endpoints() });
    try {
      for (let i = 0; i < BIG_WRITES_MAX; i++) {
        const put = await client.kv.put(`big/${i}`, BIG, { deadlineMs: REQUEST_MS });
        if (!put.ok && put.error.kind === 'refused' && put.error.reason === 'no-space') break;
        if (!put.ok) throw new Error(`a write failed: ${put.error.message}`);
      }
      const alarms = await client.maintenance.alarms({ deadlineMs: REQUEST_MS });
      if (!alarms.ok || alarms.value.alarms.length === 0) throw new Error('no alarm is raised');
    } finally {
      await client.close();
    }
    const [{ host } = { host: '' }] = this.#world.hosts;
    this.#now((world) => raiseAlarm(world, unsafeBrand<HostName>(host), 'NOSPACE'));
    await this.#seeSame('the database is full');
  }

  /** It has been started again and has had time to receive what it missed. */
  async catchUp(host: string): Promise<void> {
    this.#now((world) => catchUp(world, unsafeBrand<HostName>(host)));
    await this.#seeSame(`${host} catches up`);
  }

  /** From its next start on the member of a host listens there. */
  async relisten(host: string, urls: readonly string[]): Promise<void> {
    const moved = this.real.moved(host, urls as readonly PeerURL[]);
    this.#now((world) => ({
      ...world,
      target: {
        ...world.target,
        members: world.target.members.map((member) => (member.host === host ? moved : member)),
      },
      record: { ...world.record, addresses: this.real.addresses },
    }));
  }

  /** A host's peer URLs, registered or not. */
  async urlsOf(host: string): Promise<readonly string[]> {
    const [member] = await this.real.membersOn([host]);
    return member?.peerURLs ?? [];
  }

  /** Whoever leads, or the n-th of those who follow, by label. */
  async leader(): Promise<string> {
    const { leader } = this.#world;
    if (leader === undefined) throw new Error('nobody leads');
    return this.names.labelOf('inModel', leader);
  }

  async follower(nth = 0): Promise<string> {
    const followers = this.#world.members.filter(
      ({ id, isLearner }) => !isLearner && id !== this.#world.leader,
    );
    const found = followers[nth];
    if (found === undefined) throw new Error(`there is no follower ${nth}`);
    return this.names.labelOf('inModel', found.id);
  }

  // --- how it is compared ---

  /**
   * Each living voter judges a request by its own connections, so that one after the other is asked until one takes
   * it. The model says what the most willing of them says.
   */
  async #ask(
    what: string,
    step: Step,
    send: (endpoint: string, signal: AbortSignal) => Promise<Parameters<typeof ofOutcome>[0]>,
    registered: (world: World) => void = () => undefined,
  ): Promise<void> {
    this.#now((world) => world);
    const before = this.#world;
    const applied = applyStep(before, step);
    const model = ofModel(applied);
    const endpoints =
      step.kind === 'move-leader' ? this.#leaderEndpoint() : this.#endpoints(memberIn(step));
    const etcd = await askEach(endpoints, send);
    const verdict = compare(model, etcd);
    if (verdict === 'same' && model.kind === 'done') {
      registered(applied.world);
      this.#now(() => settle(applied.world));
    }
    if (etcd.kind === 'nobody') this.#inFlight.push(step);
    const late = verdict === 'less' ? this.#takenBeforeTheFault(step) : undefined;
    if (late !== undefined) {
      registered(late);
      this.#now(() => settle(late));
      await this.#conclude(`${what}, before the fault was noticed`, etcd, etcd, 'same');
      return;
    }
    await this.#conclude(what, model, etcd, verdict);
  }

  /**
   * Members notice a moment late that one of them is gone. What they take in that moment is, in the model, a request
   * that was taken before the fault and landed after it; undefined when the model has no such story either.
   */
  #takenBeforeTheFault(step: Step): World | undefined {
    if (this.#beforeFault === undefined) return undefined;
    const { world, at } = this.#beforeFault;
    if (Date.now() - at > NOTICE_MS || applyStep(world, step).outcome !== 'applied') {
      return undefined;
    }
    const late = landLate(this.#world, step);
    return late.outcome === 'applied' ? late.world : undefined;
  }

  async #compareStart(what: string, host: string, launches: Launches): Promise<void> {
    const { model, etcd } = await this.#startBoth(host, launches);
    const verdict = compare(model, etcd);
    if (verdict !== 'same' && etcd.kind === 'refused') {
      // What etcd did not let live does not live in the model either.
      this.#now((world) => crash(world, unsafeBrand<HostName>(host)));
    }
    await this.#conclude(what, model, etcd, verdict);
  }

  async #startBoth(
    host: string,
    { inModel, inEtcd }: Launches,
  ): Promise<{ readonly model: Answer; readonly etcd: Answer }> {
    const name = unsafeBrand<HostName>(host);
    const outcome = ofOutcome(await this.real.driver.start(name, inEtcd, NEVER));
    this.#now((world) => world);
    const step = {
      kind: 'start-member',
      host: name,
      name: this.#member(host).name,
      launch: inModel,
    } as const;
    const applied = applyStep(this.#world, step);
    this.#now(() => settle(applied.world));
    const settled = this.#world.hosts.find((each) => each.host === host);
    const model: Answer =
      applied.outcome === 'applied' && settled?.process.kind !== 'running'
        ? { kind: 'refused', reasons: ['removed'] }
        : ofModel(applied);
    // At a birth nobody answers before the others are there.
    const isBirth = this.#world.record.clusterID === undefined;
    const etcd = outcome.kind === 'done' && !isBirth ? await this.#lifeOf(host) : outcome;
    return { model, etcd };
  }

  /** Whether a member that was started lives, or why it ended. */
  async #lifeOf(host: string): Promise<Answer> {
    const name = unsafeBrand<HostName>(host);
    const member = this.#member(host);
    let answersSince: number | undefined;
    return until(
      `${host} lives or ends`,
      async (): Promise<{ done: Answer } | { seen: string }> => {
        const { process } = await this.real.driver.observe(name, NEVER);
        if (process.kind === 'stopped') {
          const reasons = [process.lastExit?.reason ?? 'without a reason'];
          return { done: { kind: 'refused', reasons } };
        }
        const peer = await this.real.admin.peer(
          process.kind === 'running' ? listenPeerURLOf(process.flags) : (member.peerURLs[0] ?? ''),
          AbortSignal.timeout(1000),
        );
        if (peer.kind === 'silent') return { seen: peer.because };
        answersSince ??= performance.now();
        const lives = performance.now() - answersSince > LIVES_MS;
        return lives ? { done: { kind: 'done' } } : { seen: 'answers' };
      },
      { timeoutMs: AGREE_MS, everyMs: LOOK_EVERY_MS },
    );
  }

  async #conclude(what: string, model: Answer, etcd: Answer, verdict: Verdict): Promise<void> {
    const told = { what, model: tell(model), etcd: tell(etcd), verdict };
    const explained = verdict === 'same' ? undefined : explain({ ...told, version: this.#version });
    const detail = verdict === 'same' ? '' : why(etcd);
    const difference = await this.#agree();
    this.results.push({ ...told, explained, detail });
    if (verdict === 'less' || (verdict !== 'same' && explained === undefined)) {
      throw new Parted(`${what}: the model says ${told.model}, etcd ${told.etcd}`, false);
    }
    if (difference !== undefined) this.#part(`seen after: ${what}`, difference);
  }

  async #seeSame(what: string): Promise<void> {
    const difference = await this.#agree();
    if (difference !== undefined) this.#part(what, difference);
    this.results.push({
      what,
      model: 'done',
      etcd: 'done',
      verdict: 'same',
      explained: undefined,
      detail: '',
    });
  }

  #part(what: string, detail: string): never {
    const told = { what, model: '', etcd: '', verdict: 'afterwards' } as const;
    const explained = explain({ ...told, model: detail, version: this.#version });
    this.results.push({ ...told, explained, detail });
    throw new Parted(detail, explained !== undefined);
  }

  /**
   * Waits until an observer sees the same of both; answers what differs when that does not come. A request without an
   * answer may have landed: then it lands in the model, too.
   */
  async #agree(): Promise<string | undefined> {
    const end = performance.now() + AGREE_MS;
    for (;;) {
      const seen = await this.real.observe(this.#world.target, this.#world.record);
      this.#now((world) => settle(world));
      const picture = pictureOf(this.#ofOurHosts(seen), this.clusterID, this.names, 'inEtcd');
      for (const { world, landed } of this.#possible()) {
        if (pictureOf(observe(world), this.clusterID, this.names, 'inModel') !== picture) continue;
        this.#world = withLeader(world, this.names.modelIDOf(leaderOf(seen) ?? NOBODY));
        this.#inFlight = this.#inFlight.filter((step) => !landed.includes(step));
        return undefined;
      }
      if (performance.now() > end) {
        return differenceOf(
          pictureOf(observe(this.#world), this.clusterID, this.names, 'inModel'),
          picture,
        );
      }
      await systemClock.sleep(LOOK_EVERY_MS, NEVER);
    }
  }

  /** The controller also shows members that live on no host it knows; the model has none. */
  #ofOurHosts(seen: Observation): Observation {
    const ours = new Set(this.#world.hosts.map(({ host }) => host));
    return { ...seen, hosts: seen.hosts.filter(({ host }) => ours.has(host)) };
  }

  /** The world as it is, and as it is when what nobody answered has landed. */
  #possible(): readonly Possible[] {
    let worlds: readonly Possible[] = [{ world: this.#world, landed: [] }];
    for (const step of this.#inFlight) {
      const landed = worlds.flatMap((possible): readonly Possible[] => {
        const late = landLate(possible.world, step);
        return late.outcome === 'applied'
          ? [{ world: settle(late.world), landed: [...possible.landed, step] }]
          : [];
      });
      worlds = [...worlds, ...landed];
    }
    return worlds;
  }

  // --- what is needed for it ---

  get #version() {
    return this.real.etcd.version;
  }

  /** The model's clock is the machine's. */
  #now(change: (world: World) => World): void {
    const now = instantOf(Date.now());
    this.#world = change(advance(this.#world, Math.max(0, now - this.#world.now)));
  }

  #named(label: string): { readonly inModel: MemberID; readonly inEtcd: MemberID } {
    return this.names.named(label) ?? { inModel: NOBODY, inEtcd: NOBODY };
  }

  /** With the part it plays, because that is what the answer depends on. */
  #called(label: string): string {
    const { members, leader, hosts } = this.#world;
    const registration = this.names.named(label);
    if (registration === undefined) return 'an unknown id';
    const member = members.find(({ id }) => id === registration.inModel);
    if (member === undefined) return `${label}, which is no member any more`;
    const host = hosts.find(({ data }) => data.kind === 'present' && data.memberID === member.id);
    const state =
      member.name === '' ? 'unstarted' : host?.process.kind === 'running' ? '' : 'that is down';
    const role = member.isLearner ? 'learner' : member.id === leader ? 'leader' : 'voter';
    return [label, `(${role}${state === '' ? '' : ` ${state}`})`].join(' ');
  }

  #member(host: string): TargetMember {
    const member = this.#world.target.members.find((each) => each.host === host);
    if (member === undefined) throw new Error(`the target has no ${host}`);
    return member;
  }

  /** Hosts that nobody wanted before are wanted now, on both sides, and there is nothing on them. */
  async #knowHosts(hosts: readonly string[]): Promise<readonly TargetMember[]> {
    const members = await this.real.membersOn(hosts);
    const { target, record } = this.#world;
    const added = members.filter(({ host }) => !target.members.some((each) => each.host === host));
    if (added.length > 0) {
      this.#now((world) => ({
        ...world,
        target: { ...target, members: [...target.members, ...added] },
        record: { ...record, addresses: this.real.addresses },
        hosts: [...world.hosts, ...added.map(emptyHost)],
      }));
    }
    return members;
  }

  #birth(host: string): Launches {
    const { target } = this.#world;
    const flags = birthFlags(this.#member(host), target);
    return same({ purpose: 'birth', version: target.version, flags });
  }

  #restart(host: string): Launches {
    const flags = restartFlags(this.#member(host).flags);
    return same({ purpose: 'restart', version: this.#version, flags });
  }

  /** Beside everybody who is listed; a member that is not listed names itself all the same. */
  #join(host: string): Launches {
    const member = this.#member(host);
    const launch = (idOf: (each: Member) => MemberID): Launch => {
      const members = this.#world.members.map((each) => ({ ...each, id: idOf(each) }));
      const self = members.find(({ peerURLs }) =>
        peerURLs.some((url) => member.peerURLs.includes(url)),
      );
      const flags = joinFlags(member, { members, self: self?.id ?? NOBODY });
      return { purpose: 'join', version: this.#version, flags };
    };
    const inEtcd = (each: Member): MemberID =>
      this.#named(this.names.labelOf('inModel', each.id)).inEtcd;
    return { inModel: launch(({ id }) => id), inEtcd: launch(inEtcd) };
  }

  /** Of the voters that live. Who is to leave is asked last: it may end before it answers. */
  #endpoints(leaving?: MemberID): readonly string[] {
    return this.#world.members
      .filter(({ id, isLearner }) => {
        const host = this.#world.hosts.find(
          ({ data }) => data.kind === 'present' && data.memberID === id,
        );
        return !isLearner && host?.process.kind === 'running';
      })
      .sort((a, b) => Number(a.id === leaving) - Number(b.id === leaving))
      .flatMap(({ clientURLs }) => [...clientURLs]);
  }

  #leaderEndpoint(): readonly string[] {
    const { leader, members } = this.#world;
    const leading = members.find(({ id }) => id === leader)?.clientURLs ?? [];
    return leading.length > 0 ? leading : this.#endpoints().slice(0, 1);
  }

  /**
   * etcd makes the id of a new member of its URLs and the time in seconds (etcd-facts 1.1): asked twice within one
   * second it speaks of the id that is there, or was there, and not of what it was asked.
   */
  async #untilNextSecond(host: string): Promise<void> {
    const leftMs = (this.#addedAt.get(host) ?? 0) + SECOND_MS - Date.now();
    if (leftMs > 0) await systemClock.sleep(leftMs, NEVER);
    this.#addedAt.set(host, Date.now());
  }

  #untilPeerAnswers(host: string): Promise<void> {
    const [url = ''] = this.#member(host).peerURLs;
    return until(
      `${host} answers`,
      async () => {
        const sight = await this.real.admin.peer(url, AbortSignal.timeout(1000));
        return sight.kind === 'answered' ? { done: undefined } : { seen: sight.because };
      },
      { everyMs: 20 },
    );
  }
}

interface Possible {
  readonly world: World;
  readonly landed: readonly Step[];
}

interface Launches {
  readonly inModel: Launch;
  readonly inEtcd: Launch;
}

const same = (launch: Launch): Launches => ({ inModel: launch, inEtcd: launch });

const HOW = {
  restart: 'with its data',
  join: 'on nothing, to join',
  birth: 'on nothing, as new',
} as const;

/** Until one takes it. One without an answer ends the asking: it may have taken it. */
async function askEach(
  endpoints: readonly string[],
  send: (endpoint: string, signal: AbortSignal) => Promise<Parameters<typeof ofOutcome>[0]>,
): Promise<Answer> {
  const reasons: string[] = [];
  for (const endpoint of endpoints) {
    const answer = ofOutcome(await send(endpoint, AbortSignal.timeout(REQUEST_MS)));
    if (answer.kind !== 'refused') return answer;
    reasons.push(...answer.reasons.filter((reason) => !reasons.includes(reason)));
  }
  return endpoints.length === 0
    ? { kind: 'nobody', why: 'nobody is there to ask' }
    : { kind: 'refused', reasons };
}

const memberIn = (step: Step): MemberID | undefined =>
  step.kind === 'remove-member' ? step.member : undefined;

const why = (answer: Answer): string => (answer.kind === 'nobody' ? answer.why : '');

const listenPeerURLOf = (flags: Readonly<Record<string, string>>): string =>
  flags['listen-peer-urls']?.split(',')[0] ?? '';

const emptyHost = ({ host }: TargetMember): WorldHost => ({
  host,
  process: { kind: 'stopped' },
  data: { kind: 'empty' },
});

function unborn(target: Target, real: RealCluster): World {
  return {
    now: instantOf(Date.now()),
    target,
    record: {
      formatVersion: 1,
      name: target.name,
      token: target.token,
      version: target.version,
      issuedNew: [],
      addresses: real.addresses,
      retire: [],
    },
    members: [],
    clusterID: undefined,
    leader: undefined,
    term: 1n,
    hosts: target.members.map(emptyHost),
    addedCount: 0,
  };
}

/** Which of several able members leads is etcd's choice, and the model follows it. */
const withLeader = (world: World, leader: MemberID | undefined): World =>
  leader === undefined || leader === world.leader
    ? world
    : { ...world, leader, term: world.term + 1n };
