import { type Instant, type MemberID, instantOf } from '../../../src/base/index.js';
import {
  BOOTSTRAP_ONLY_FLAGS,
  type Member,
  type StartFlags,
} from '../../../src/core/cluster/index.js';
import type {
  Alarm,
  Registration,
  World,
  WorldConsumer,
  WorldHost,
} from '../../../src/core/model/index.js';
import { Interner } from './interner.js';
import { NumberMap } from './number-map.js';
import { RowTable } from './row-table.js';

/** It is always this moment. Processes and links are either new (since now) or old (long enough for every interval). */
export const NOW: Instant = instantOf(1_000_000_000);
/** Longer than etcd's health interval and the quiet period, shorter than what counts as stuck. */
export const OLD_MS = 10_000;
export const LONG_AGO: Instant = instantOf(NOW - OLD_MS);

const STATE = 'initial-cluster-state';

type Running = Extract<WorldHost['process'], { kind: 'running' }>;
/** What a process runs with. */
type Life = Pick<Running, 'flags' | 'version'>;

/** Where the numbers of a world's parts stand in the row that it is packed into; from `hosts` on one for each host. */
export const PARTS = {
  list: 0,
  leader: 1,
  target: 2,
  record: 3,
  cluster: 4,
  registered: 5,
  consumers: 6,
  hosts: 7,
} as const;
const HOSTS_MAX = 7;
/** So many numbers at most of each part; of the hosts there may be 2^27. */
export const LISTS = 2 ** 16;
export const LEADERS = 2 ** 6;
export const TARGETS = 2 ** 4;
export const MEETINGS = 2 ** 6;
export const ROW_LENGTH = PARTS.hosts + HOSTS_MAX;

/**
 * Every distinct world of one case, by number. Two worlds are the same when no planner and no rule of etcd could tell
 * them apart: times are new or old, terms do not count, and of the flags that are read only at a first start none but
 * the state does for one that joined. Equal parts are one object, so that a million worlds fit into memory.
 */
export class WorldTable {
  readonly #rows = new RowTable(ROW_LENGTH);
  readonly #row = new Int32Array(ROW_LENGTH);
  readonly #worlds: World[] = [];
  readonly #lists = new Interner<readonly Member[]>();
  readonly #lives = new Interner<Life>();
  readonly #targets = new Interner<World['target']>();
  readonly #records = new Interner<World['record']>();
  readonly #registrations = new Interner<readonly Registration[]>();
  readonly #consumers = new Interner<readonly WorldConsumer[]>();
  readonly #certificates = new Interner<WorldHost['certificates']>();
  readonly #hosts: WorldHost[] = [];
  readonly #hostIDs = new NumberMap();
  /** Most hosts of a next world are those of the last one. */
  readonly #knownHosts = new Map<WorldHost, number>();
  readonly #identities = new Map<string, number>();
  readonly #dataCodes = new WeakMap<WorldHost['data'], number>();
  readonly #lifeCodes = new WeakMap<StartFlags, number>();
  readonly #listCodes = new WeakMap<readonly Member[], number>();
  readonly #recordCodes = new WeakMap<World['record'], number>();
  readonly #targetCodes = new WeakMap<World['target'], number>();

  /** What is new counts as new only where time is not coarse. */
  readonly #isCoarse: boolean;

  constructor(isCoarse = false) {
    this.#isCoarse = isCoarse;
    this.#registrations.idOf('', []);
    this.#consumers.idOf('', []);
    this.#certificates.idOf('', undefined);
  }

  /** Nearly always the same one. */
  #lastRecord: World['record'] | undefined;
  #lastRecordCode = 0;
  #lastList: readonly Member[] | undefined;
  #lastListCode = 0;

  get size(): number {
    return this.#worlds.length;
  }

  at(id: number): World {
    const world = this.#worlds[id];
    if (world === undefined) throw new Error(`no world has the number ${id}`);
    return world;
  }

  /** The number of this world. Its time must be `NOW`. */
  idOf(world: World): number {
    const row = this.#row.fill(-1);
    row[PARTS.list] = this.#listCode(world.members);
    row[PARTS.leader] = world.leader === undefined ? 0 : this.#memberCode(world.leader) + 1;
    row[PARTS.target] = this.#targetCode(world.target);
    row[PARTS.record] = this.#recordCode(world.record);
    row[PARTS.cluster] =
      world.clusterID === undefined ? 0 : 1 + this.#identityCode(world.clusterID);
    row[PARTS.registered] = this.#registeredCode(world.registered);
    row[PARTS.consumers] = this.#consumersCode(world.consumers);
    within(world.hosts.length, HOSTS_MAX, 'hosts');
    world.hosts.forEach((host, slot) => {
      row[PARTS.hosts + slot] = this.#hostIDOf(slot, host);
    });
    const id = this.#rows.idOf(row);
    if (id === this.#worlds.length) this.#worlds.push(this.#canonical(world, row));
    return id;
  }

  /** Writes the numbers of the parts of a world into a row. */
  unpack(id: number, row: Int32Array): void {
    this.#rows.copy(id, row);
  }

  #canonical(world: World, row: Int32Array): World {
    const registered = this.#registrations.at(row[PARTS.registered] ?? 0);
    const consumers = this.#consumers.at(row[PARTS.consumers] ?? 0);
    return {
      now: NOW,
      ...(registered.length === 0 ? {} : { registered }),
      ...(consumers.length === 0 ? {} : { consumers }),
      target: this.#targets.at(row[PARTS.target] ?? -1),
      record: this.#records.at(row[PARTS.record] ?? -1),
      members: this.#lists.at(row[PARTS.list] ?? -1),
      clusterID: world.clusterID,
      leader: world.leader,
      term: 2n,
      hosts: world.hosts.map((host, slot) => this.#hosts[row[PARTS.hosts + slot] ?? -1] ?? host),
      addedCount: 0,
    };
  }

  /** A small number for every member that ever was in the case. */
  #memberCode(id: MemberID): number {
    return this.#identityCode(id);
  }

  /** Data is that of a member in a cluster: a birth with other members gives the same member another cluster. */
  #dataCode(data: Extract<WorldHost['data'], { kind: 'present' }>): number {
    const known = this.#dataCodes.get(data);
    if (known !== undefined) return known;
    const code = this.#identityCode(`${data.memberID} ${data.clusterID}`);
    this.#dataCodes.set(data, code);
    return code;
  }

  #identityCode(id: string): number {
    const known = this.#identities.get(id);
    if (known !== undefined) return known;
    const code = this.#identities.size;
    this.#identities.set(id, within(code, 62, 'members and clusters'));
    return code;
  }

  #listCode(list: readonly Member[]): number {
    if (list === this.#lastList) return this.#lastListCode;
    this.#lastList = list;
    return (this.#lastListCode = this.#listCodeOf(list));
  }

  #listCodeOf(list: readonly Member[]): number {
    const known = this.#listCodes.get(list);
    if (known !== undefined) return known;
    const code = within(this.#lists.idOf(listKey(list), list), 60_000, 'lists');
    this.#listCodes.set(list, code);
    return code;
  }

  /** Where there is room for all who come, it does not matter who came first. */
  #registeredCode(registered: readonly Registration[] | undefined): number {
    if (registered === undefined) return 0;
    const sorted = registered.toSorted((a, b) => (a.member.id < b.member.id ? -1 : 1));
    const key = sorted.map(({ place, member }) => `${place} ${member.id}`).join('\n');
    return within(this.#registrations.idOf(key, sorted), MEETINGS - 1, 'states of a meeting');
  }

  #consumersCode(consumers: readonly WorldConsumer[] | undefined): number {
    return consumers === undefined ? 0 : this.#consumers.idOf(JSON.stringify(consumers), consumers);
  }

  #targetCode(target: World['target']): number {
    const known = this.#targetCodes.get(target);
    if (known !== undefined) return known;
    const code = within(this.#targets.idOf(JSON.stringify(target), target), 15, 'targets');
    this.#targetCodes.set(target, code);
    return code;
  }

  #recordCode(record: World['record']): number {
    if (record === this.#lastRecord) return this.#lastRecordCode;
    this.#lastRecord = record;
    return (this.#lastRecordCode = this.#recordCodeOf(record));
  }

  #recordCodeOf(record: World['record']): number {
    const known = this.#recordCodes.get(record);
    if (known !== undefined) return known;
    const code = within(this.#records.idOf(JSON.stringify(record), record), 255, 'records');
    this.#recordCodes.set(record, code);
    return code;
  }

  /** 7 bits of life, 1 new, 6 data, 5 faults and memories, 2 alarms, 1 gateway, 5 certificates. */
  #hostCode(host: WorldHost): number {
    const { process, data } = host;
    const life = process.kind === 'running' ? 1 + this.#lifeCode(process) : exitCode(process);
    const isNew =
      process.kind === 'running' ? this.#isNew(process.startedAt) : isDue(process) === false;
    const held = data.kind === 'present' ? 1 + this.#dataCode(data) : 0;
    return (
      life |
      (Number(isNew) << 7) |
      (held << 8) |
      ((host.side ?? 0) << 14) |
      (Number(host.seen ?? true) << 15) |
      (Number(host.caughtUp ?? true) << 16) |
      (Number(host.metLeader ?? false) << 17) |
      (Number(this.#isNew(host.rejoinedAt)) << 18) |
      (alarmCode(host.alarms) << 19) |
      (Number(host.gateway?.kind === 'running') << 21) |
      (this.#certificatesCode(host.certificates) << 22)
    );
  }

  #certificatesCode(certificates: WorldHost['certificates']): number {
    if (certificates === undefined) return 0;
    const key = JSON.stringify(certificates);
    return within(this.#certificates.idOf(key, certificates), 31, 'sets of certificates');
  }

  #lifeCode({ flags, version }: Running): number {
    const known = this.#lifeCodes.get(flags);
    if (known !== undefined) return known;
    const isBirth = flags[STATE] === 'new';
    const kept = Object.fromEntries(
      Object.entries(flags)
        .filter(([name]) => isBirth || name === STATE || !BOOTSTRAP_ONLY_FLAGS.has(name))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    const life: Life = { flags: kept, ...(version === undefined ? {} : { version }) };
    const code = within(this.#lives.idOf(JSON.stringify(life), life), 123, 'lives');
    this.#lifeCodes.set(flags, code);
    return code;
  }

  #isNew(at: Instant | undefined): boolean {
    return at === NOW && !this.#isCoarse;
  }

  #oldCode({ oldList }: WorldHost): number {
    return oldList === undefined ? 0 : 1 + this.#listCode(oldList);
  }

  /** The number of a host as it is, in its place. */
  #hostIDOf(slot: number, host: WorldHost): number {
    const same = this.#knownHosts.get(host);
    if (same !== undefined) return same;
    const code = this.#hostCode(host);
    const old = this.#oldCode(host);
    const key = (slot * 2 ** 27 + code) * 2 ** 16 + old;
    const known = this.#hostIDs.at(key);
    if (known >= 0) return known;
    const canonical = this.#canonicalHost(host, old);
    const id = this.#hosts.push(canonical) - 1;
    this.#knownHosts.set(canonical, id);
    return this.#hostIDs.set(key, id);
  }

  #canonicalHost(host: WorldHost, old: number): WorldHost {
    const { process } = host;
    const certificates = this.#certificates.at(this.#certificatesCode(host.certificates));
    return {
      host: host.host,
      process:
        process.kind === 'running'
          ? {
              kind: 'running',
              startedAt: this.#isNew(process.startedAt) ? NOW : LONG_AGO,
              ...this.#lives.at(this.#lifeCode(process)),
            }
          : settledExit(process),
      data: host.data,
      ...(certificates === undefined ? {} : { certificates }),
      // Whether it runs is all that matters; what it listens at is the spec's.
      ...(host.gateway?.kind === 'running'
        ? { gateway: { ...host.gateway, startedAt: LONG_AGO } }
        : {}),
      ...(host.side === 1 ? { side: 1 } : {}),
      ...(host.seen === false ? { seen: false } : {}),
      ...(host.caughtUp === false ? { caughtUp: false } : {}),
      ...(host.metLeader === true ? { metLeader: true } : {}),
      ...(this.#isNew(host.rejoinedAt) ? { rejoinedAt: NOW } : {}),
      ...(alarmCode(host.alarms) === 0 ? {} : { alarms: host.alarms ?? [] }),
      ...(host.oldList === undefined ? {} : { oldList: this.#lists.at(old - 1) }),
    };
  }
}

type Process = WorldHost['process'];

/**
 * Stopped: 0 without a trace, 125 turned away where the members meet, 126 killed, 127 failing. How often and how long ago
 * do not differ otherwise.
 */
function exitCode(process: Process): number {
  if (process.kind !== 'stopped' || process.lastExit === undefined) return 0;
  if (process.lastExit.reason === 'meeting-refused') return 125;
  return process.lastExit.inARow === 0 ? 126 : 127;
}

/** Whether one that failed may be tried again; undefined when it never failed. */
const isDue = (process: Process): boolean | undefined =>
  exitCode(process) === 127 && process.kind === 'stopped'
    ? process.lastExit?.at !== NOW
    : undefined;

const settledExit = (process: Process): Process =>
  process.kind === 'stopped' && process.lastExit !== undefined && isDue(process) !== false
    ? { ...process, lastExit: { ...process.lastExit, at: LONG_AGO } }
    : process;

const alarmCode = (alarms: readonly Alarm[] | undefined): number =>
  alarms === undefined
    ? 0
    : Number(alarms.includes('NOSPACE')) + 2 * Number(alarms.includes('CORRUPT'));

const listKey = (members: readonly Member[]): string =>
  members
    .map(
      ({ id, name, isLearner, peerURLs, clientURLs }) =>
        `${id} ${name} ${isLearner} ${peerURLs.join()} ${clientURLs.join()}`,
    )
    .join('\n');

function within(code: number, max: number, what: string): number {
  if (code > max) throw new Error(`more ${what} than a world can be packed with`);
  return code;
}
