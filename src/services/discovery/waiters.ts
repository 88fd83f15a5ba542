import type { Registration } from './store.js';

/** What somebody waits for: the first registration from an index on, of any member or of one. */
export interface Wish {
  readonly token: string;
  readonly id: string | undefined;
  readonly fromIndex: bigint;
}

/** One who waits. `next` is settled once: with a registration, or with undefined when it ends before. */
export interface Waiter extends Wish {
  readonly next: Promise<Registration | undefined>;
  /** Ends the waiting with nothing. */
  end(): void;
}

interface Waiting extends Wish {
  settle(registration: Registration | undefined): void;
}

/** Everybody who waits in this process. One watch of the store serves them all. */
export class Waiters {
  readonly #byToken = new Map<string, Set<Waiting>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get tokens(): readonly string[] {
    return [...this.#byToken.keys()];
  }

  /** Whether anybody waits for members of the token. */
  has(token: string): boolean {
    return this.#byToken.has(token);
  }

  add(wish: Wish): Waiter {
    let settle: Waiting['settle'] = () => undefined;
    const next = new Promise<Registration | undefined>((resolve) => {
      settle = (registration) => {
        if (!this.#remove(waiting)) return;
        resolve(registration);
      };
    });
    const waiting: Waiting = { ...wish, settle: (registration) => settle(registration) };
    const others = this.#byToken.get(wish.token);
    if (others === undefined) this.#byToken.set(wish.token, new Set([waiting]));
    else others.add(waiting);
    this.#count++;
    return { ...wish, next, end: () => waiting.settle(undefined) };
  }

  /** Gives a registration to all who wait for it. In the order of indexes. */
  give(registration: Registration): void {
    const waiting = this.#byToken.get(registration.token);
    if (waiting === undefined) return;
    for (const each of waiting) {
      if (isWished(each, registration)) each.settle(registration);
    }
  }

  endAll(): void {
    for (const waiting of this.#byToken.values()) {
      for (const each of waiting) each.settle(undefined);
    }
  }

  #remove(waiting: Waiting): boolean {
    const others = this.#byToken.get(waiting.token);
    if (others?.delete(waiting) !== true) return false;
    if (others.size === 0) this.#byToken.delete(waiting.token);
    this.#count--;
    return true;
  }
}

export const isWished = ({ id, fromIndex }: Wish, registration: Registration): boolean =>
  registration.createdIndex >= fromIndex && (id === undefined || id === registration.id);
