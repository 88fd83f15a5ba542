import { parseMemberID } from '../../../src/base/index.js';
import { renameMember, setPeerURLs } from '../../../src/core/spec/index.js';
import { createClient } from '../../../src/etcd/index.js';
import { until } from '../../lab/wait.js';
import type { Stage } from './stage.js';
import type { Survey, SurveyedMember } from './survey.js';

/** One way of doing an operation. What has been done once can be done again, or another move undoes it. */
export interface Move {
  readonly operation: Operation;
  /** Moves of one operation that end differently have different keys. */
  readonly key: string;
  /** Brings about what the controller has to act on. */
  begin(stage: Stage, before: Survey): Promise<Begun>;
  /** What happens between the death of a controller and the next one; absent: nothing. */
  readonly between?: (stage: Stage) => Promise<void>;
}

export interface Begun {
  /** Hosts whose member has another id afterwards. */
  readonly replaced: readonly string[];
  /** Write-ahead logs that the experiment itself took away, by inode. */
  readonly taken?: readonly number[];
  /** What goes on beside the controllers until they have come to their end. */
  readonly meanwhile?: (signal: AbortSignal) => Promise<void>;
}

export const OPERATIONS = [
  'birth',
  'restart',
  'replace-lost',
  'replace-sick',
  'rename',
  'peer-urls',
  'flags',
  'down',
  'up',
  'grow',
  'shrink',
  'to-tls',
  'rotate-ca',
  'adopt',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * `born` serves all runs of a cycle, and `secured` too, which was born with TLS. Else every run has one of its own: `unborn`, which is
 * not there before, `young`, which was just born, or `adopted`, which a person made on hosts and has given into our keeping.
 */
export type ClusterKind = 'born' | 'secured' | 'young' | 'unborn' | 'adopted';

/** Moves that follow each other on one cluster and lead back to where they began. */
export interface Cycle {
  readonly moves: readonly Move[];
  readonly cluster: ClusterKind;
}

const NOTHING: Begun = { replaced: [] };

const leaderOf = ({ members, leader }: Survey): SurveyedMember => {
  const found = members.find(({ id }) => id === leader);
  if (found === undefined) throw new Error('no member leads');
  return found;
};

const followerOf = ({ members, leader }: Survey): SurveyedMember => {
  const found = members.find(({ id }) => id !== leader);
  if (found === undefined) throw new Error('no member follows');
  return found;
};

/** Of two followers by turns, so that each lives long enough in between. */
function followersInTurn(): Who {
  let last = '';
  return ({ members, leader }) => {
    const followers = members.filter(({ id }) => id !== leader);
    const next = followers.find(({ host }) => host !== last) ?? followers[0];
    if (next === undefined) throw new Error('no member follows');
    last = next.host;
    return next;
  };
}

type Who = (before: Survey) => SurveyedMember;

export const birth: Move = { operation: 'birth', key: 'birth', begin: async () => NOTHING };

const restart = (who: Who, role: string): Move => ({
  operation: 'restart',
  key: `restart a crashed ${role}`,
  begin: async (stage, before) => {
    await stage.crash(who(before).host);
    return NOTHING;
  },
});

const replaceLost = (who: Who, role: string): Move => ({
  operation: 'replace-lost',
  key: `replace a ${role} without its data`,
  begin: async (stage, before) => {
    const { host } = who(before);
    const taken = await stage.loseData(host);
    return { replaced: [host], taken };
  },
});

/** Frozen, so that it is alive and answers nobody; it thaws when it is told to stop, or has been removed. */
const replaceSick: Move = {
  operation: 'replace-sick',
  key: 'replace a frozen follower',
  begin: async (stage, before) => {
    const { host, id } = followerOf(before);
    const startedAt = Date.now();
    const thaw = await stage.freeze(host);
    const member = parseMemberID(id);
    if (member === undefined) throw new Error(`${id} is no MemberID`);
    await stage.wish(() => ({ retire: [member] }));
    return {
      replaced: [host],
      meanwhile: async (signal) => {
        await until(
          `${host} is told to stop`,
          async () => {
            const lines = await stage.journalSince(startedAt);
            const isTold = lines.some(
              ({ kind, step }) =>
                kind === 'decided' && (step as { kind: string }).kind === 'stop-member',
            );
            return isTold || signal.aborted ? { done: true } : { seen: `${lines.length} lines` };
          },
          { everyMs: 50, signal },
        ).catch(() => undefined);
        // A moment later, so that the controller has asked it while it was frozen.
        await new Promise((resolve) => setTimeout(resolve, 500));
        await thaw();
      },
    };
  },
};

/** Of the leader, so that it has to hand over first. */
const renameTo = (from: string, to: string): Move => ({
  operation: 'rename',
  key: `rename ${from} to ${to}`,
  begin: async (stage, before) => {
    await lead(stage, before, from);
    await stage.wish(({ spec }) => {
      const renamed = renameMember(spec, from, to);
      if (!renamed.ok) throw new Error(renamed.error.summary);
      return { spec: renamed.value };
    });
    return NOTHING;
  },
});

/** Two addresses by turns, so that every second run undoes the first. */
function peerURLs(name: string): readonly Move[] {
  let urls: readonly [string, string] | undefined;
  const to = (which: 0 | 1): Move => ({
    operation: 'peer-urls',
    key: `peer URL ${which + 1}`,
    begin: async (stage, before) => {
      await lead(stage, before, 'm1');
      const host = before.members.find((member) => member.name === name)?.host ?? '';
      urls ??= [await stage.sparePeerURL(host), await stage.sparePeerURL(host)];
      const url = urls[which];
      await stage.wish(({ spec }) => {
        const moved = setPeerURLs(spec, name, [url]);
        if (!moved.ok) throw new Error(moved.error.summary);
        return { spec: moved.value };
      });
      return NOTHING;
    },
  });
  return [to(0), to(1)];
}

export const snapshotCount = (count: number): Move => ({
  operation: 'flags',
  key: `snapshot-count ${count}`,
  begin: async (stage) => {
    await stage.wish(({ spec }) => ({ spec: { ...spec, etcd: { 'snapshot-count': count } } }));
    return NOTHING;
  },
});

/** What a person started is stopped and started by us, one member after the other, because a flag is to change. */
const takeOver: Move = {
  operation: 'adopt',
  key: 'take over',
  begin: async (stage) => {
    await stage.wish(({ spec }) => ({
      spec: { ...spec, etcd: { ...spec.etcd, 'snapshot-count': 5000 } },
    }));
    return NOTHING;
  },
};

/** Whatever is half taken over goes through a boot. */
const takeOverBooted: Move = {
  ...takeOver,
  key: 'take over, with a boot of all hosts after the death',
  between: async (stage) => await stage.boot(),
};

/** Certificates for every host, then each member in turn from http to https, peers and clients at once. */
const toTLS: Move = {
  operation: 'to-tls',
  key: 'from plain text to TLS',
  begin: async (stage) => {
    await stage.wish(({ spec }) => ({ spec: { ...spec, tls: { kind: 'auto' } } }));
    return NOTHING;
  },
};

/** Both authorities are exchanged, in three phases, with two restarts of every member. */
const rotateCA: Move = {
  operation: 'rotate-ca',
  key: 'other authorities',
  begin: async (stage) => {
    await stage.askForRotation();
    return NOTHING;
  },
};

const turn = (state: 'up' | 'down'): Move => ({
  operation: state,
  key: state,
  begin: async (stage) => {
    await stage.wish(() => ({ state }));
    return NOTHING;
  },
});

export const growTo = (size: number): Move => ({
  operation: 'grow',
  key: 'grow',
  begin: async (stage) => {
    await resize(stage, size);
    return NOTHING;
  },
});

/** One of those that go leads. */
export const shrinkTo = (size: number, leader: string): Move => ({
  operation: 'shrink',
  key: 'shrink',
  begin: async (stage, before) => {
    await lead(stage, before, leader);
    await resize(stage, size);
    return NOTHING;
  },
});

async function resize(stage: Stage, size: number): Promise<void> {
  await stage.wish(({ spec }) => ({ spec: stage.resized(spec, size) }));
}

/** Sees to it that the member leads before anything begins. */
async function lead(stage: Stage, before: Survey, name: string): Promise<void> {
  const { id, clientURL: endpoint } = leaderOf(before);
  const heir = before.members.find((member) => member.name === name);
  const target = parseMemberID(heir?.id ?? '');
  if (target === undefined) throw new Error(`there is no ${name}`);
  if (target === id) return;
  const client = createClient({ endpoints: [endpoint], tls: stage.tls });
  try {
    const moved = await client.maintenance.moveLeader(target, { endpoint, deadlineMs: 5000 });
    if (!moved.ok) throw new Error(`the lead could not be moved: ${moved.error.message}`);
  } finally {
    await client.close();
  }
}

/** Every operation, grouped by the cluster it shares with others; new objects, because some remember addresses. */
export const cycles = (): readonly Cycle[] => [
  { cluster: 'unborn', moves: [birth] },
  { cluster: 'born', moves: [restart(followersInTurn(), 'follower'), restart(leaderOf, 'leader')] },
  {
    cluster: 'born',
    moves: [replaceLost(followerOf, 'follower'), replaceLost(leaderOf, 'leader')],
  },
  { cluster: 'born', moves: [replaceSick] },
  { cluster: 'born', moves: [renameTo('m2', 'renamed'), renameTo('renamed', 'm2')] },
  { cluster: 'born', moves: peerURLs('m3') },
  { cluster: 'born', moves: [snapshotCount(20_000), snapshotCount(30_000)] },
  { cluster: 'born', moves: [turn('down'), turn('up')] },
  { cluster: 'born', moves: [growTo(5), shrinkTo(3, 'm5')] },
  { cluster: 'young', moves: [toTLS] },
  { cluster: 'secured', moves: [rotateCA] },
  { cluster: 'adopted', moves: [takeOver, takeOverBooted] },
];
