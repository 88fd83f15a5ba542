/** For tests only: tokens in memory, with the revisions that an etcd would count. */
import { type Problem, type Result, defineProblem, err, ok } from '../../../base/index.js';
import type {
  Change,
  DiscoveryStore,
  Follower,
  KeptToken,
  NewRegistration,
  Registration,
  TokenRecord,
} from '../store.js';

export interface MemoryStore extends DiscoveryStore {
  readonly tokens: ReadonlyMap<string, KeptToken>;
  /** What the next calls that change something do instead, in their order; `done-unheard`: done, and nobody told. */
  readonly mishaps: ('unknown' | 'done-unheard' | 'failed')[];
  isSilent: boolean;
  /** A member of etcd registers over the v3 protocol, past the service. */
  writeV3(token: string, id: string, value: string): void;
  /** What followers are told is held back until `release`. */
  hold(): () => void;
}

const silent: Problem = defineProblem('test-silent', () => ({
  summary: 'The store is silent',
  detail: '',
  hint: '',
}))({});

export function memoryStore(firstIndex = 1n): MemoryStore {
  let index = firstIndex;
  const tokens = new Map<string, KeptToken>();
  const registrations = new Map<string, Registration[]>();
  const v3 = new Map<string, Registration[]>();
  const followers = new Set<Follower>();
  const mishaps: MemoryStore['mishaps'] = [];
  let held: Registration[] | undefined;

  const tell = (registration: Registration): void => {
    if (held !== undefined) held.push(registration);
    else for (const follower of followers) follower.onRegistration(registration);
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
    const createdIndex = tokens.get(record.token)?.createdIndex ?? index;
    tokens.set(record.token, { record, createdIndex, version: index });
  };
  const isCurrent = ({ record, version }: KeptToken): boolean =>
    tokens.get(record.token)?.version === version;

  const store: MemoryStore = {
    tokens,
    mishaps,
    isSilent: false,
    read: async (token) =>
      store.isSilent
        ? err(silent)
        : ok({
            index,
            kept: tokens.get(token),
            registrations: [...(registrations.get(token) ?? [])],
            v3: { size: undefined, registrations: [...(v3.get(token) ?? [])] },
          }),
    glance: () => undefined,
    create: (record) =>
      changing(() => {
        if (tokens.has(record.token)) return false;
        index++;
        keep(record);
        return true;
      }),
    register: (kept: KeptToken, next: TokenRecord, { id, value }: NewRegistration) =>
      changing(() => {
        if (!isCurrent(kept)) return false;
        index++;
        keep(next);
        const registration = { token: next.token, id, value, createdIndex: index };
        registrations.set(next.token, [...(registrations.get(next.token) ?? []), registration]);
        tell(registration);
        return true;
      }),
    unregister: (kept, next, id) =>
      changing(() => {
        if (!isCurrent(kept)) return false;
        index++;
        keep(next);
        const left = (registrations.get(next.token) ?? []).filter((each) => each.id !== id);
        registrations.set(next.token, left);
        return true;
      }),
    grantLease: async (): Promise<Result<bigint>> => ok(7n),
    health: async () => (store.isSilent ? err(silent) : ok(index)),
    follow: (follower) => {
      followers.add(follower);
      return { stop: () => followers.delete(follower) };
    },
    writeV3: (token, id, value) => {
      index++;
      v3.set(token, [...(v3.get(token) ?? []), { token, id, value, createdIndex: index }]);
    },
    hold: () => {
      held = [];
      return () => {
        const told = held ?? [];
        held = undefined;
        for (const each of told) tell(each);
      };
    },
  };
  return store;
}
