import type {
  Certificates,
  ClusterStore,
  EtcdAdmin,
  HeldLock,
  HostDriver,
  JournalEntry,
} from '../../../src/engine/ports/index.js';
import type { Launch } from '../../../src/core/planner/index.js';
import type { Between } from '../../../src/main/machine.js';
import type { Points } from './points.js';

type Async = (...args: never[]) => Promise<unknown>;
type MethodOf<P> = { [K in keyof P]-?: NonNullable<P[K]> extends Async ? K : never }[keyof P];
/** A change is a point before it is made and a point when it has been made and nobody knows it yet. */
type CallKind = 'change' | 'look';
/** Every method of a port, so that a new one does not compile until somebody has said which it is. */
type Table<P> = Readonly<Record<MethodOf<P>, CallKind>>;

const DRIVER: Table<HostDriver> = {
  observe: 'look',
  start: 'change',
  stop: 'change',
  startGateway: 'change',
  stopGateway: 'change',
  setAsideData: 'change',
  writeFiles: 'change',
  allocate: 'look',
  logTail: 'look',
  knownHosts: 'look',
};

const ADMIN: Table<EtcdAdmin> = {
  peer: 'look',
  status: 'look',
  memberList: 'look',
  addMember: 'change',
  promote: 'change',
  remove: 'change',
  updatePeerURLs: 'change',
  moveLeader: 'change',
  close: 'look',
};

/** Leafs are made in memory; what is kept of them is written on the hosts. */
const CERTIFICATES: Table<Certificates> = {
  authorities: 'look',
  issue: 'look',
  advance: 'change',
};

const STORE: Table<ClusterStore> = {
  readRecord: 'look',
  writeRecord: 'change',
  readWish: 'look',
  writeWish: 'change',
  appendJournal: 'change',
  readJournal: 'look',
  lock: 'change',
  lockHolder: 'look',
};

const LOCK: Table<HeldLock> = { stillHeld: 'look', release: 'change' };

/** Stands between the real controller and its real ports, and tells every call to `points`. */
export const betweenPorts = (points: Points): Between => ({
  driver: (driver) =>
    around(driver, 'driver', DRIVER, points, {
      start: (args, answer) => {
        const [host, launch] = args as [string, Launch];
        const isApplied = (answer as { readonly kind: string }).kind === 'applied';
        if (isApplied && launch.flags['initial-cluster-state'] === 'new') {
          points.note({ kind: 'new', host });
        }
        return answer;
      },
    }),
  admin: (admin) => around(admin, 'admin', ADMIN, points),
  certificates: (certificates) => around(certificates, 'certificates', CERTIFICATES, points),
  store: (store) =>
    around(store, 'store', STORE, points, {
      lock: (_args, answer) => {
        const taken = answer as Awaited<ReturnType<ClusterStore['lock']>>;
        return taken.ok ? { ...taken, value: around(taken.value, 'lock', LOCK, points) } : taken;
      },
    }),
});

/** Sees a finished call, and may put something in the place of its answer. */
type After = (args: readonly unknown[], answer: unknown) => unknown;

function around<P extends object>(
  port: P,
  name: string,
  table: Table<P>,
  points: Points,
  after: Readonly<Record<string, After>> = {},
): P {
  const kinds: Readonly<Record<string, CallKind>> = table;
  return new Proxy(port, {
    get: (target, key) => {
      const method: unknown = Reflect.get(target, key);
      const kind = typeof key === 'string' ? kinds[key] : undefined;
      if (typeof method !== 'function' || typeof key !== 'string' || kind === undefined) {
        return method;
      }
      return async (...args: readonly unknown[]): Promise<unknown> => {
        const call = () => Reflect.apply(method, target, args) as Promise<unknown>;
        const finish = after[key] ?? ((_args: readonly unknown[], answer: unknown) => answer);
        if (kind === 'look') {
          const answer = finish(args, await call());
          points.look(`${name}.${key}`);
          return answer;
        }
        const label = labelOf(name, key, args);
        points.reach(`before ${label}`);
        const answer = finish(args, await call());
        points.reach(`after ${label}`);
        // What a plan said is no change: nothing was done and nothing is about to be.
        if (!label.startsWith('journal: plan')) points.newStretch();
        return answer;
      };
    },
  });
}

/** Without hosts, ids and addresses: in another run somebody else leads. */
function labelOf(name: string, key: string, args: readonly unknown[]): string {
  if (key === 'appendJournal') return `journal: ${entryInWords(args[0] as JournalEntry)}`;
  const launch = args[1] as { readonly purpose?: unknown } | undefined;
  const purpose = typeof launch?.purpose === 'string' ? ` for a ${launch.purpose}` : '';
  return `${name}.${key}${purpose}`;
}

function entryInWords(entry: JournalEntry): string {
  switch (entry.kind) {
    case 'decided':
      return `decided ${entry.step.kind}`;
    case 'outcome':
      return `outcome of ${entry.step}: ${entry.outcome}`;
    case 'plan':
      return `plan ${entry.plan}`;
    case 'controller-started':
    case 'controller-ended':
    case 'wish':
      return entry.kind;
  }
}
