import {
  type MemberID,
  parseDurationMs,
  systemClock,
  unsafeBrand,
} from '../../../../src/base/index.js';
import { birthFlags, joinFlags, restartFlags } from '../../../../src/core/bootstrap/index.js';
import type {
  HostName,
  Member,
  MemberName,
  PeerURL,
  TargetMember,
} from '../../../../src/core/cluster/index.js';
import { clusterIDAtBirth, memberIDAtBirth } from '../../../../src/core/cluster/index.js';
import type { Plan, Reason } from '../../../../src/core/planner/index.js';
import type { Args } from '../../../../src/core/planner/testing/language/parse.js';
import {
  sayPlan,
  sayStepOfRun,
  stepText,
} from '../../../../src/core/planner/testing/language/say.js';
import { SHORT_LIFE_MS } from '../../../../src/drivers/evidence/index.js';
import { freeURL } from '../../../lab/ports.js';
import { until } from '../../../lab/wait.js';
import type { Answer } from '../answer.js';
import { NEVER, type RealScene } from './scene.js';

type Command = (scene: RealScene, args: Args) => Promise<string | undefined>;

/** "An hour": long enough for etcd's health interval, and for a life that does not count as a failed start. */
const AN_HOUR_MS = SHORT_LIFE_MS + 500;
const TURN_MS = 250;
const RUN_MS = 90_000;
const REQUEST_MS = 5000;
const WAITS_MAX = 60;

const LOOKS_AGAIN = 3;
const UNREST: ReadonlySet<Reason> = new Set<Reason>([
  'no-leader-yet',
  'member-list-unseen',
  'voter-not-healthy',
  'member-starting',
]);

const BACK_OFF_MS = 1000;
const isBackOff = (plan: Plan): boolean =>
  plan.kind === 'blocked' && plan.problem.code === 'member-killed';

const sleep = (ms: number): Promise<void> => systemClock.sleep(Math.max(0, ms), NEVER);
const deadline = (): AbortSignal => AbortSignal.timeout(REQUEST_MS);

/** The commands of the language that can be done on real members; `playable.ts` has kept all others away. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  cluster: async (scene, args) => {
    const voters = args.list('voters') ?? [];
    const wanted = args.list('target') ?? voters;
    const { real } = scene;
    if (args.has('unborn')) {
      scene.want({ ...scene.target, members: await real.membersOn(wanted) });
      return undefined;
    }
    scene.want({ ...scene.target, members: await real.membersOn(voters) });
    await bear(scene);
    await scene.calm();
    await lead(scene, args.value('leader') ?? voters[0] ?? '');
    if (!args.has('young')) await sleep(AN_HOUR_MS);
    scene.want({ ...scene.target, members: await real.membersOn(wanted) });
    for (const host of args.list('learner') ?? []) {
      await register(scene, host, true);
      await join(scene, host);
      await scene.calm();
      await sleep(AN_HOUR_MS);
    }
    for (const host of args.list('unstarted') ?? []) await register(scene, host, true);
    for (const host of args.list('unstarted-voter') ?? []) await register(scene, host, false);
    await scene.calm();
    return undefined;
  },

  crash: async (scene, { words }) => {
    await Promise.all(words.map((host) => scene.real.crash(host)));
    await sleep(TURN_MS);
    await scene.calm();
    return undefined;
  },

  'lose-data': async (scene, { words }) => {
    await Promise.all(words.map((host) => scene.real.loseData(host)));
    await sleep(TURN_MS);
    await scene.calm();
    return undefined;
  },

  start: async (scene, { words: [host = ''] }) => {
    const { data } = await scene.real.driver.observe(unsafeBrand<HostName>(host), NEVER);
    if (data.kind === 'empty') {
      await join(scene, host);
    } else {
      const flags = restartFlags(memberOf(scene, host).flags);
      await start(scene, host, { purpose: 'restart', version: scene.target.version, flags });
    }
    await sleep(TURN_MS);
    await scene.calm();
    return undefined;
  },

  spec: async (scene, args) => {
    const { target } = scene;
    const listed = await scene.members();
    const retire = (args.list('retire') ?? []).map((host) => idOf(scene, listed, host));
    const hosts = args.list('members') ?? target.members.map(({ host }) => host);
    const known = await scene.real.membersOn(hosts);
    const moves = args.list('move') ?? [];
    const members: TargetMember[] = [];
    for (const fresh of known) {
      const member = target.members.find(({ host }) => host === fresh.host) ?? fresh;
      const url = moves.includes(member.host) ? await freeURL() : undefined;
      const [, name = member.name] =
        args.pairs('rename').find(([host]) => host === member.host) ?? [];
      const peerURLs = url === undefined ? member.peerURLs : [unsafeBrand<PeerURL>(url)];
      members.push({
        ...member,
        name: unsafeBrand<MemberName>(name),
        peerURLs,
        flags: {
          ...member.flags,
          name,
          'listen-peer-urls': peerURLs.join(),
          ...Object.fromEntries(args.pairs('flags')),
        },
      });
    }
    const state =
      args.value('state') === 'down' ? 'down' : args.value('state') === 'up' ? 'up' : target.state;
    const firstLife = args.value('first-life') === 'fast' ? 'fast' : target.firstLife;
    scene.want({ ...target, state, firstLife, retire, members });
    return undefined;
  },

  plan: async (scene) => {
    let plan = await scene.decide();
    // On a busy machine the lead may be lost and found again between coming to rest and looking.
    for (let i = 0; i < LOOKS_AGAIN && plan.kind === 'wait' && UNREST.has(plan.because); i++) {
      await scene.calm();
      plan = await scene.decide();
    }
    // A member that was killed right after its start waits a moment, by the driver's count of short lives.
    for (let i = 0; i < LOOKS_AGAIN && isBackOff(plan); i++) {
      await sleep(BACK_OFF_MS);
      plan = await scene.decide();
    }
    return sayPlan(plan, scene.world);
  },

  apply: async (scene, args) => {
    const { decided } = scene;
    if (decided === undefined) throw new Error('no step was decided');
    scene.decided = undefined;
    const { step } = decided.plan;
    const text = stepText(step);
    switch (args.value('outcome')) {
      case 'refused':
        scene.noteIntent(step);
        return `refused: ${text}`;
      case 'unknown':
        if (args.has('landed')) {
          await scene.carryOut(decided);
          await scene.calm();
        } else {
          scene.noteIntent(step);
          scene.inFlight.push(decided);
        }
        scene.noteUnknown(step);
        return `unknown: ${text}`;
      default: {
        const answer = await scene.carryOut(decided);
        if (answer.kind === 'nobody') scene.noteUnknown(step);
        await scene.calm();
        return `${WORD[answer.kind]}: ${text}${reasonIn(answer)}`;
      }
    }
  },

  late: async (scene) => {
    const first = scene.inFlight.shift();
    if (first === undefined) throw new Error('no request is in flight');
    const answer = await scene.carryOut(first);
    await scene.calm();
    const end = answer.kind === 'done' ? 'landed' : WORD[answer.kind];
    return `${end}: ${stepText(first.plan.step)}${reasonIn(answer)}`;
  },

  'restart-controller': async (scene) => {
    const { decided } = scene;
    scene.decided = undefined;
    if (decided === undefined) return undefined;
    const { step } = decided.plan;
    scene.noteIntent(step);
    scene.inFlight.push(decided);
    scene.noteUnknown(step);
    return `the journal holds no outcome of: ${stepText(step)}`;
  },

  advance: async (scene, { words: [text = ''] }) => {
    await sleep(parseDurationMs(text) ?? 0);
    await scene.calm();
    return undefined;
  },

  run: async (scene, args) => {
    const stopAt = args.value('until');
    const lines: string[] = [];
    const endMs = performance.now() + RUN_MS;
    let waits = 0;
    for (;;) {
      const plan = await scene.decide();
      const end = () => [...lines, sayPlan(plan, scene.world)].join('\n');
      if (performance.now() > endMs) return end();
      switch (plan.kind) {
        case 'converged':
          return end();
        case 'blocked':
          // Real members end for reasons of their own for a moment: a block that stays is the end.
          if (++waits > WAITS_MAX / 4) return end();
          await sleep(TURN_MS);
          break;
        case 'wait':
          if (++waits > WAITS_MAX) return end();
          await sleep(Math.max(TURN_MS, (plan.until ?? 0) - Date.now()));
          break;
        case 'step': {
          waits = 0;
          const { decided } = scene;
          if (plan.step.kind === stopAt || decided === undefined) return end();
          scene.decided = undefined;
          const answer = await scene.carryOut(decided);
          if (answer.kind === 'nobody') scene.noteUnknown(plan.step);
          const told = answer.kind === 'done' ? '' : `   ${WORD[answer.kind]}${reasonIn(answer)}`;
          const line = `${sayStepOfRun(plan)}${told}`;
          if (lines.at(-1) !== line) lines.push(line);
          await scene.calm();
          break;
        }
      }
    }
  },

  invariants: async () => undefined,
};

const WORD = { done: 'applied', refused: 'refused', nobody: 'unknown' } as const;

const reasonIn = (answer: Answer): string =>
  answer.kind === 'refused' ? ` (${answer.reasons.join()})` : '';

function memberOf(scene: RealScene, host: string): TargetMember {
  const member = scene.target.members.find((each) => each.host === host);
  if (member === undefined) throw new Error(`the target has no member on ${host}`);
  return member;
}

/** The member that is registered for a host: by its addresses, else by its name. */
function idOf(scene: RealScene, listed: readonly Member[], host: string): MemberID {
  const urls = scene.record.addresses[host]?.peerURLs ?? [];
  const member =
    listed.find(({ peerURLs }) => peerURLs.some((url) => urls.includes(url))) ??
    listed.find(({ name }) => name === host);
  if (member === undefined) throw new Error(`no member ${host} is in the list`);
  return member.id;
}

type Launch = Parameters<RealScene['real']['driver']['start']>[1];

async function start(scene: RealScene, host: string, launch: Launch): Promise<void> {
  const outcome = await scene.real.driver.start(unsafeBrand<HostName>(host), launch, NEVER);
  if (outcome.kind !== 'applied') throw new Error(outcome.problem.summary);
}

/** Everybody of the target, the first one alone until it answers; and the birth is recorded. */
async function bear(scene: RealScene): Promise<void> {
  const { members, version } = scene.target;
  for (const [i, member] of members.entries()) {
    const flags = birthFlags(member, scene.target);
    await start(scene, member.host, { purpose: 'birth', version, flags });
    if (i > 0) continue;
    await until(
      `${member.host} answers`,
      async () => {
        const sight = await scene.real.admin.peer(member.peerURLs[0] ?? '', deadline());
        return sight.kind === 'answered' ? { done: true } : { seen: sight.because };
      },
      { everyMs: 20 },
    );
  }
  const ids = members.map(({ peerURLs }) => memberIDAtBirth(peerURLs, scene.target.token));
  const issuedNew = members.map(({ host }) => host);
  scene.record = { ...scene.record, clusterID: clusterIDAtBirth(ids), issuedNew };
  await until('everybody has found everybody', async () => {
    const { memberList, hosts } = (await scene.look()).observation;
    const answers = hosts.filter(({ status }) => status.kind === 'answered').length;
    return memberList.kind === 'linearizable' && answers === members.length
      ? { done: true }
      : { seen: `${answers} answer, the list is ${memberList.kind}` };
  });
}

const endpointsOf = (members: readonly Member[]): readonly string[] =>
  members.flatMap(({ clientURLs, isLearner }) => (isLearner ? [] : [...clientURLs]));

async function lead(scene: RealScene, host: string): Promise<void> {
  scene.leads(idOf(scene, await scene.members(), host));
  await scene.calm();
}

async function register(scene: RealScene, host: string, isLearner: boolean): Promise<void> {
  const { peerURLs } = memberOf(scene, host);
  const endpoints = endpointsOf(await scene.members());
  const end = await scene.real.admin.addMember(endpoints, peerURLs, { isLearner }, deadline());
  if (end.kind !== 'applied') throw new Error(end.problem.summary);
}

async function join(scene: RealScene, host: string): Promise<void> {
  const member = memberOf(scene, host);
  const members = await scene.members();
  const flags = joinFlags(member, { members, self: idOf(scene, members, host) });
  await start(scene, host, { purpose: 'join', version: scene.target.version, flags });
}
