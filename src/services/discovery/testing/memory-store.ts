/** For tests only: tokens in memory, with the revisions that an etcd would count. */
import { type Problem, type Result, defineProblem, err, ok } from '../../../base/index.js';
import { sightOfKept, writtenAt } from '../record.js';
import { NONCE_BYTES, SEALED_INDEX, Sealer, looksSealed, unwritten } from '../sealed-token.js';
import type {
  Change,
  DiscoveryStore,
  Follower,
  KeptToken,
  Registration,
  TokenRecord,
  TokenSight,
} from '../store.js';

export interface MemoryStore extends DiscoveryStore {
  readonly tokens: ReadonlyMap<string, KeptToken>;
  /** What the next calls that change something do instead, in their order; `done-unheard`: done, and nobody told. */
  readonly mishaps: ('unknown' | 'done-unheard' | 'failed')[];
  isSilent: boolean;
  /** Whether it has at hand what was seen of tokens; until `release`, as they were at `hold`. */
  remembers: boolean;
  /** Everything is gone, and the key is another one. */
  wipe(key: string): void;
  /** A member of etcd registers over the v3 protocol, past the service. */
  writeV3(token: string, id: string, value: string): void;
  /** What followers are told is held back until `release`. */
  hold(): () => void;
  /** What is registered from now on is told to nobody, until what it answers is called: then followers hear that they may have missed something. */
  lose(): () => void;
}

const silent: Problem = defineProblem('test-silent', () => ({
  summary: 'The store is silent',
  detail: '',
  hint: '',
}))({});

const KEY = '1f'.repeat(32);

export function memoryStore(firstIndex = 1n, firstKey = KEY): MemoryStore {
  let index = firstIndex;
  let sealer = new Sealer(firstKey);
  const tokens = new Map<string, KeptToken>();
  const v3 = new Map<string, Registration[]>();
  const followers = new Set<Follower>();
  const mishaps: MemoryStore['mishaps'] = [];
  let held: [Registration, TokenRecord][] | undefined;
  let isLosing = false;
  let remembered: Map<string, TokenSight> | undefined;

  const tell = (registration: Registration, record: TokenRecord): void => {
    if (isLosing) return;
    if (held !== undefined) held.push([registration, record]);
    else for (const follower of followers) follower.onRegistration(registration, record);
  };
  const changing = async (change: () => boolean): Promise<Change> => {
    if (store.isSilent) return { kind: 'unknown', problem: silent };
    const mishap = mishaps.shift();
    if (mishap === 'unknown' || mishap === 'failed') return { kind: mishap, problem: silent };
    const isDone = change();
    if (mishap === 'done-unheard') return { kind: 'unknown', problem: silent };
    return isDone ? { kind: 'done', index } : { kind: 'changed' };
  };
  const keep = (record: TokenRecord): void => {
    const first = looksSealed(record.token) ? SEALED_INDEX : index;
    const createdIndex = tokens.get(record.token)?.createdIndex ?? first;
    const kept = { record: writtenAt(record, index), createdIndex, version: index };
    tokens.set(record.token, kept);
    const last = sightOfKept(index, kept).registrations.at(-1);
    if (last?.createdIndex === index) tell(last, kept.record);
  };
  const isCurrent = ({ record, version, sealedBy }: KeptToken): boolean => {
    const now = tokens.get(record.token);
    return sealedBy === undefined
      ? now?.version === version
      : now === undefined && sealedBy === sealer.key;
  };

  const replacing = (kept: KeptToken, next: TokenRecord): Promise<Change> =>
    changing(() => {
      if (!isCurrent(kept)) return false;
      index++;
      keep(next);
      return true;
    });
  const sightNow = (token: string): TokenSight => {
    const kept = tokens.get(token) ?? unwritten(token, sealer);
    const v3s = { size: undefined, registrations: [...(v3.get(token) ?? [])] };
    return kept === undefined
      ? { index, kept, registrations: [], v3: v3s }
      : sightOfKept(index, kept, v3s);
  };

  const store: MemoryStore = {
    tokens,
    mishaps,
    isSilent: false,
    remembers: true,
    read: async (token) => (store.isSilent ? err(silent) : ok(sightNow(token))),
    glance: (token) => {
      const sight = remembered === undefined ? sightNow(token) : remembered.get(token);
      return store.remembers && sight?.kept !== undefined ? sight : undefined;
    },
    seal: async (wish, random) => {
      if (store.isSilent) return err(silent);
      return ok({ ...sealer.seal({ ...wish, nonce: random.hex(NONCE_BYTES) }), index });
    },
    create: (record) =>
      changing(() => {
        if (tokens.has(record.token)) return false;
        index++;
        keep(record);
        return true;
      }),
    register: (kept, next) => replacing(kept, next),
    unregister: (kept, next) => replacing(kept, next),
    grantLease: async (): Promise<Result<bigint>> => ok(7n),
    health: async () => (store.isSilent ? err(silent) : ok(index)),
    follow: (follower) => {
      followers.add(follower);
      return { stop: () => followers.delete(follower) };
    },
    wipe: (key) => {
      tokens.clear();
      sealer = new Sealer(key);
    },
    writeV3: (token, id, value) => {
      index++;
      v3.set(token, [...(v3.get(token) ?? []), { token, id, value, createdIndex: index }]);
    },
    hold: () => {
      held = [];
      remembered = new Map([...tokens.keys()].map((token) => [token, sightNow(token)]));
      return () => {
        const told = held ?? [];
        held = undefined;
        remembered = undefined;
        for (const each of told) tell(...each);
      };
    },
    lose: () => {
      isLosing = true;
      remembered = new Map();
      return () => {
        isLosing = false;
        remembered = undefined;
        for (const follower of followers) follower.onGap();
      };
    },
  };
  return store;
}
