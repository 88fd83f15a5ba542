import { type RaftIndex, unsafeBrand } from '../../../../../base/index.js';
import {
  type ConsumerSight,
  type ConsumerTry,
  type EtcdVersion,
  type HostSight,
  type Observation,
  type StatusSight,
} from '../../../../cluster/index.js';
import type { Command } from '../command.js';
import { hostNamed } from '../hosts.js';
import { OTHER_CLUSTER } from '../labels.js';
import type { Args } from '../parse.js';
import { sayObservation } from '../say-observation.js';
import { CommandError, type Scene } from '../scene.js';
import { look } from '../turn.js';

/**
 * Looks, and says what is seen. Without anything the next plan looks for itself. `keep` makes the next plan use this
 * observation, however old it is by then. The rest are troubles of the next look alone.
 *
 *     observe keep
 *     observe list=local               the list could not be read through quorum
 *     observe leader=unknown           members answer, and know no leader
 *     observe silent=(b c)             neither peer port nor client port answers
 *     observe lag=(b:5000)             applied 5000 entries fewer than the leader
 *     observe says-version=(b:3.5.30)  what its Status says
 *     observe other-cluster=b          answers with another ClusterID
 *     observe unnamed-alarm=CORRUPT    every member tells an alarm that names nobody
 *     observe half-told=api            somebody began to tell the consumer on api
 *     observe tried=api                it did not come back with the list that it would be told now
 *     observe unwritten=api            that list could not be written for it
 *     observe no-log=b                it runs, and its directory holds no log (not yet, or not any more)
 */
export const observe: Command = {
  usage: 'observe [keep] [list=…] [leader=unknown] [silent=…] [lag=…] [says-version=…] …',
  words: [0, 1],
  options: [
    'list',
    'leader',
    'silent',
    'lag',
    'says-version',
    'other-cluster',
    'no-log',
    'unnamed-alarm',
    'half-told',
    'tried',
    'unwritten',
  ],
  run: (scene, args) => {
    const [word] = args.words;
    if (word !== undefined && word !== 'keep') throw new CommandError(`"${word}" is not keep`);
    const troubled: Scene = { ...scene, troubles: [...scene.troubles, ...troublesOf(scene, args)] };
    const seen = look(troubled);
    return {
      scene: word === 'keep' ? { ...scene, kept: seen, troubles: [] } : troubled,
      text: sayObservation(seen),
    };
  },
};

type Trouble = Scene['troubles'][number];

function troublesOf(scene: Scene, args: Args): readonly Trouble[] {
  const silent = known(scene, args.list('silent') ?? []);
  const other = known(scene, args.list('other-cluster') ?? []);
  const noLog = known(scene, args.list('no-log') ?? []);
  const lag = new Map(args.pairs('lag'));
  const versions = new Map(args.pairs('says-version'));
  known(scene, [...lag.keys(), ...versions.keys()]);
  const unnamed = args.list('unnamed-alarm') ?? [];
  const leader = args.value('leader');
  if (leader !== undefined && leader !== 'unknown') throw new CommandError('leader= is unknown');
  return [
    ...(other.length > 0 && hostsThatAnswer(scene).every((host) => other.includes(host))
      ? [otherList]
      : []),
    eachHost((sight) => (silent.includes(sight.host) ? silenced(sight) : sight)),
    eachHost((sight) =>
      noLog.includes(sight.host) ? { ...sight, data: { kind: 'empty' } } : sight,
    ),
    eachStatus((status, host) => ({
      ...status,
      errors: [...status.errors, ...unnamed.map((alarm) => `alarm:${alarm}`)],
      ...(other.includes(host) ? { clusterID: unsafeBrand(OTHER_CLUSTER) } : {}),
      ...(versions.has(host)
        ? { version: unsafeBrand<EtcdVersion>(versions.get(host) ?? '') }
        : {}),
    })),
    eachConsumer(args.list('half-told') ?? [], (sight) => ({ ...sight, isHalfTold: true })),
    eachConsumer(args.list('tried') ?? [], (sight) => ({ ...sight, lastTry: tryNow(scene) })),
    eachConsumer(args.list('unwritten') ?? [], (sight) => ({
      ...sight,
      lastTry: { ...tryNow(scene), isUntouched: true },
    })),
    ...(lag.size === 0 ? [] : [eachStatus((status, host) => behind(status, lag.get(host)))]),
    ...(leader === undefined ? [] : [eachStatus(leaderless)]),
    listTrouble(args.value('list') ?? (leader === undefined ? undefined : 'local')),
  ];
}

function known(scene: Scene, hosts: readonly string[]): readonly string[] {
  for (const host of hosts) hostNamed(scene, host);
  return hosts;
}

const eachHost =
  (how: (sight: HostSight) => HostSight): Trouble =>
  (seen) => ({ ...seen, hosts: seen.hosts.map(how) });

type SeenConsumer = Extract<ConsumerSight, { kind: 'seen' }>;

const eachConsumer =
  (hosts: readonly string[], how: (sight: SeenConsumer) => SeenConsumer): Trouble =>
  (seen) =>
    hosts.length === 0 || seen.consumers === undefined
      ? seen
      : {
          ...seen,
          consumers: seen.consumers.map((sight) =>
            sight.kind === 'seen' && hosts.some((host) => sight.id === `flannel@${host}`)
              ? how(sight)
              : sight,
          ),
        };

/** Of the list that was decided on, or else of the one that the wanted members make. */
const tryNow = ({ world, decided }: Scene): ConsumerTry => ({
  endpoints:
    decided?.plan.step.kind === 'update-consumer'
      ? decided.plan.step.endpoints
      : world.target.members.flatMap(({ clientURLs }) => clientURLs),
  at: world.now,
  inARow: 1,
  problem: {
    code: 'consumer-put-back',
    data: {},
    summary: 'It did not come back with its new endpoints and has its old ones again',
    detail: '(what it said)',
    hint: '',
  },
});

type Answered = Extract<StatusSight, { kind: 'answered' }>;

const eachStatus = (how: (status: Answered, host: string) => Answered): Trouble =>
  eachHost((sight) =>
    sight.status.kind === 'answered' ? { ...sight, status: how(sight.status, sight.host) } : sight,
  );

function leaderless(status: Answered): Answered {
  const { leader: _known, ...rest } = status;
  return rest;
}

const silenced = (sight: HostSight): HostSight => ({
  ...sight,
  peer: { kind: 'silent', because: 'deadline' },
  status: { kind: 'silent', because: 'deadline' },
});

/** When everybody answers for another cluster, so does whoever gives the list. */
const otherList: Trouble = (seen) =>
  seen.memberList.kind === 'unseen'
    ? seen
    : { ...seen, memberList: { ...seen.memberList, clusterID: unsafeBrand(OTHER_CLUSTER) } };

const hostsThatAnswer = (scene: Scene): readonly string[] =>
  look(scene).hosts.flatMap(({ host, status }) => (status.kind === 'answered' ? [host] : []));

const LOG_LENGTH = 100_000n;

const behind = (status: Answered, entries = '0'): Answered => ({
  ...status,
  raftIndex: unsafeBrand<RaftIndex>(LOG_LENGTH),
  raftAppliedIndex: unsafeBrand<RaftIndex>(LOG_LENGTH - BigInt(entries)),
});

function listTrouble(kind: string | undefined): Trouble {
  switch (kind) {
    case undefined:
      return (seen) => seen;
    case 'local':
      return (seen): Observation =>
        seen.memberList.kind === 'unseen'
          ? seen
          : { ...seen, memberList: { ...seen.memberList, kind: 'local' } };
    case 'unseen':
      return (seen) => ({ ...seen, memberList: { kind: 'unseen', because: 'no answer' } });
    default:
      throw new CommandError('list= is local or unseen');
  }
}
