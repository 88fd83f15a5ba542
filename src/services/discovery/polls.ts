import type { Counts } from './counts.js';
import type { TokenPlace } from './place.js';
import type { ProtocolParts } from './protocol-parts.js';
import { type Answer, type Reply, answer, createdBody, v2Error } from './replies.js';
import type { Fields } from './request.js';
import { type KeptToken, type Registration, isClosed } from './store.js';
import type { Found, TokenFinder } from './token-finder.js';
import { badRequest } from './token-maker.js';
import { type Waiter, type Wish, Waiters, isWished } from './waiters.js';

const LOOKS_AT_ONCE = 16;
/** Between two tries to read what may have been missed. */
const LOOK_AGAIN_MS = 500;
const NEVER = new AbortController().signal;

/** Members that wait for each other. */
export class Polls {
  readonly #parts: ProtocolParts;
  readonly #finder: TokenFinder;
  readonly #counts: Counts;
  readonly #waiters = new Waiters();
  #isDraining = false;

  constructor(parts: ProtocolParts, finder: TokenFinder, counts: Counts) {
    this.#parts = parts;
    this.#finder = finder;
    this.#counts = counts;
  }

  get count(): number {
    return this.#waiters.count;
  }

  /** To whoever waits for it. */
  give(registration: Registration): void {
    this.#waiters.give(registration);
  }

  /** Everybody who waits gets an empty answer and comes back, and nobody more may wait. */
  end(): void {
    this.#isDraining = true;
    this.#waiters.endAll();
  }

  /** Waits for the first registration from `waitIndex` on, of any member or of the one with this id. */
  poll(place: TokenPlace, id: string | undefined, query: Fields): Reply | Promise<Reply> {
    if (this.#isDraining || this.#waiters.count >= this.#parts.limits.pollsMax) {
      return v2Error('storage', { cause: 'Nobody more can wait here at the moment.' });
    }
    const asked = query.get('waitIndex') ?? '';
    if (!/^\d{0,18}$/.test(asked)) return badRequest(asked, 'waitIndex is a whole number.');
    const fromIndex = BigInt(asked === '' ? 0 : asked);
    const wish: Wish = { token: place.token, id, fromIndex };
    if (fromIndex === 0n) return this.#pollFromNow(place, wish);
    const seen = this.#finder.seen(place);
    const there = seen === undefined ? undefined : eventFor(wish, seen);
    if (seen !== undefined && there !== undefined) return this.#event(place, seen, there);
    // Who looks for itself and is not there may have come after the last place: that is to be asked.
    return seen !== undefined && id === undefined
      ? this.#wait(place, seen, this.#waiters.add(wish))
      : this.#pollAsking(place, wish);
  }

  async #pollFromNow(place: TokenPlace, wish: Wish): Promise<Reply> {
    const first = await this.#finder.find(place);
    return first.ok
      ? this.#pollAsking(place, { ...wish, fromIndex: first.value.sight.index + 1n })
      : first.error;
  }

  async #pollAsking(place: TokenPlace, wish: Wish): Promise<Reply> {
    // Before the read: what is registered after it reaches the waiter, what was before it is in what was read.
    const waiter = this.#waiters.add(wish);
    const found = await this.#finder.find(place);
    if (!found.ok) {
      waiter.end();
      return found.error;
    }
    const there = eventFor(wish, found.value);
    if (there === undefined) return this.#wait(place, found.value, waiter);
    waiter.end();
    return this.#event(place, found.value, there);
  }

  /** It is there already. */
  #event({ path }: TokenPlace, { sight: { index } }: Found, event: Registration): Answer {
    this.#counts.events++;
    return answer(200, createdBody(path, event), index);
  }

  #wait({ path }: TokenPlace, { sight }: Found, waiter: Waiter): Reply {
    const { next } = waiter;
    void next.then((event) => event !== undefined && this.#counts.events++);
    return { kind: 'poll', index: sight.index, path, next, end: () => waiter.end() };
  }

  /** One read a token, whatever the number of those who wait for it; until it is read, or nobody waits any more. */
  async lookAgain(): Promise<void> {
    const { store, clock } = this.#parts;
    const tokens = [...this.#waiters.tokens];
    const worker = async (): Promise<void> => {
      for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) {
        let read = await store.read(token);
        while (!read.ok && this.#waiters.has(token)) {
          await clock.sleep(LOOK_AGAIN_MS, NEVER);
          read = await store.read(token);
        }
        if (!read.ok) continue;
        for (const registration of read.value.registrations) this.#waiters.give(registration);
      }
    };
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, worker));
  }
}

const eventFor = (wish: Wish, { sight, kept }: Found): Registration | undefined =>
  sight.registrations.find((each) => isWished(wish, each)) ?? beyond(kept, wish);

/** Who came after the last place was taken sees its own registration, and then that it is not among the first. */
function beyond({ record }: KeptToken, { token, id, fromIndex }: Wish): Registration | undefined {
  if (id === undefined || id === token || !isClosed(record)) return undefined;
  if (record.members.some((member) => member.id === id)) return undefined;
  return { token, id, value: '', createdIndex: fromIndex };
}
