import { type Problem, type Result, assertNever, err, ok } from '../../base/index.js';
import { Counts } from './counts.js';
import { REGISTRATION_LENGTH_MAX } from './limits.js';
import { holdsSecret } from './make-token.js';
import { type Place, type TokenPlace, placeOf } from './place.js';
import {
  discoveryBadRequest,
  discoveryOtherPath,
  discoveryOtherProtocol,
  discoverySecretNeeded,
  discoverySizeFixed,
  discoveryTokenClosed,
  discoveryUnknownToken,
} from './problems.js';
import type { ProtocolParts } from './protocol-parts.js';
import { parseRegistration } from './registration.js';
import {
  type Answer,
  type Reply,
  answer,
  createdBody,
  deletedNode,
  directoryNode,
  got,
  header,
  indexHeader,
  json,
  memberNode,
  sizeNode,
  text,
  v2Error,
} from './replies.js';
import { type DiscoveryRequest, Fields, cameBy, formOf } from './request.js';
import { type Applicant, judge, parseSize, withoutMember } from './rules.js';
import {
  type KeptToken,
  type Registration,
  type TokenRecord,
  type TokenSight,
  isClosed,
} from './store.js';
import { looksSealed } from './sealed-token.js';
import { TokenMaker, badRequest, secretHeader } from './token-maker.js';
import { type Waiter, type Wish, Waiters, isWished } from './waiters.js';

const RETRY_MS = 50;

/**
 * The v2 discovery protocol as requests and replies, over any store. What it answers to etcd's own client is etcd's
 * (etcd-facts 2); what would burn a token, etcd's own server takes and this one refuses.
 */
export class DiscoveryProtocolService {
  readonly #parts: ProtocolParts;
  readonly #waiters = new Waiters();
  readonly #counts = new Counts();
  readonly #maker: TokenMaker;
  readonly #following: { stop(): void };
  #isDraining = false;

  constructor(parts: ProtocolParts) {
    this.#parts = parts;
    this.#maker = new TokenMaker(parts, this.#counts);
    this.#following = parts.store.follow({
      onRegistration: (registration, record) => {
        this.#maker.registered(record);
        this.#waiters.give(registration);
      },
      onGap: () => void this.#lookAgain(),
    });
  }

  get pollCount(): number {
    return this.#waiters.count;
  }

  /** At once when nothing has to be asked for it. */
  handle(request: DiscoveryRequest): Reply | Promise<Reply> {
    const { method, target } = request;
    const at = target.indexOf('?');
    const pathname = at < 0 ? target : target.slice(0, at);
    const query = new Fields(at < 0 ? '' : target.slice(at + 1));
    const place = placeOf(pathname);
    switch (place.kind) {
      case 'new':
        return ['GET', 'PUT', 'POST'].includes(method)
          ? this.#maker.new(request, query)
          : notAllowed(method, 'GET, PUT, POST');
      case 'health':
        return method === 'GET' ? this.#health() : notAllowed(method, 'GET');
      case 'metrics':
        return method === 'GET'
          ? text(200, this.#counts.text(this.#waiters.count))
          : notAllowed(method, 'GET');
      case 'size':
        if (method === 'GET') return this.#size(place);
        return method === 'PUT'
          ? this.#putSize(place, request, query)
          : notAllowed(method, 'GET, PUT');
      case 'directory':
        return method === 'GET' ? this.#directory(place, query) : notAllowed(method, 'GET');
      case 'member':
        return this.#member(place, request, query);
      case 'nowhere':
        return nowhere(pathname);
      default:
        return assertNever(place);
    }
  }

  /** Everybody who waits gets an empty answer and comes back; for a service that goes away. */
  endPolls(): void {
    this.#isDraining = true;
    this.#waiters.endAll();
  }

  stop(): void {
    this.endPolls();
    this.#following.stop();
  }

  async #health(): Promise<Reply> {
    const health = await this.#parts.store.health();
    return health.ok
      ? text(200, 'OK', indexHeader(health.value))
      : v2Error('storage', { cause: '', problem: health.error });
  }

  /** A token must exist, be of this protocol, and be asked for at its own path. */
  async #find(place: TokenPlace): Promise<Result<Found, Answer>> {
    const read = await this.#parts.store.read(place.token);
    if (!read.ok) return err(v2Error('storage', { cause: '', problem: read.error }));
    const sight = read.value;
    const { kept, index } = sight;
    const missing = (problem: Problem) =>
      err(v2Error('keyNotFound', { index, cause: place.path, problem }));
    if (kept === undefined) {
      return missing(discoveryUnknownToken({ token: place.token, asked: place.path }));
    }
    const { token, path, protocols } = kept.record;
    if (!protocols.includes('v2')) {
      return missing(discoveryOtherProtocol({ token, uses: 'v3', asked: 'v2' }));
    }
    if (path !== place.path) return missing(discoveryOtherPath({ token, asked: place.path, path }));
    return ok({ sight, kept });
  }

  /** The same token as it was seen before: good for a change, which names the version it is made on. */
  #glance(place: TokenPlace): Found | undefined {
    const sight = this.#parts.store.glance(place.token);
    const kept = sight?.kept;
    if (sight === undefined || kept === undefined) return undefined;
    const { path, protocols } = kept.record;
    return path === place.path && protocols.includes('v2') ? { sight, kept } : undefined;
  }

  /** Likewise, for what can not be otherwise any more. One that expires may be another one by now. */
  #seen(place: TokenPlace): Found | undefined {
    const found = this.#glance(place);
    return found?.kept.record.leaseID === undefined ? found : undefined;
  }

  /** A size never changes. */
  #size(place: TokenPlace): Answer | Promise<Answer> {
    const told = ({ sight: { index }, kept: { record, createdIndex } }: Found): Answer =>
      got(sizeNode(record.path, record.size, createdIndex), index);
    const seen = this.#seen(place);
    return seen === undefined ? this.#asked(place, told) : told(seen);
  }

  async #asked(place: TokenPlace, told: (found: Found) => Answer): Promise<Answer> {
    const found = await this.#find(place);
    return found.ok ? told(found.value) : found.error;
  }

  async #putSize(place: TokenPlace, request: DiscoveryRequest, query: Fields): Promise<Reply> {
    const form = formOf(request, query);
    const asked = form.get('value') ?? '';
    const size = parseSize(asked);
    if (!size.ok) return v2Error('invalidField', { cause: 'value', problem: size.error });
    const { token, path } = place;
    const { baseURL } = this.#parts;
    const url = baseURL === undefined ? undefined : `${baseURL}${path}`;
    const protocols = ['v2'] as const;
    const record = { token, size: size.value, path, url, protocols };
    // A name of that form is somebody's token already, or nobody's.
    const made = looksSealed(token) ? undefined : await this.#maker.make(record, form);
    if (made?.kind === 'reply') return made.reply;
    if (made?.kind === 'made') {
      const { index, secret } = made;
      const node = sizeNode(path, size.value, index);
      const set = answer(201, `{"action":"set","node":${node}}\n`, index);
      return { ...set, headers: set.headers + secretHeader(secret) };
    }
    const found = await this.#find(place);
    if (!found.ok) return found.error;
    const { sight, kept } = found.value;
    if (kept.record.size !== size.value) {
      const problem = discoverySizeFixed({ token, size: kept.record.size, asked });
      return v2Error('compareFailed', { index: sight.index, cause: '', problem });
    }
    const node = sizeNode(path, size.value, kept.createdIndex);
    return answer(200, `{"action":"set","node":${node},"prevNode":${node}}\n`, sight.index);
  }

  /**
   * The list of a closed token is final. One that is open is told as it was seen when whoever asks says that this is
   * enough, as etcd's members do: what is missing in it came after its index, and a poll from there on brings it.
   */
  #directory(place: TokenPlace, query: Fields): Reply | Promise<Reply> {
    if (query.get('wait') === 'true') {
      // Without `recursive` a watch of a directory tells nothing of what is below it.
      const isDeep = query.get('recursive') === 'true';
      return this.#poll(place, isDeep ? undefined : place.token, query);
    }
    const told = ({ sight: { index, registrations }, kept }: Found): Answer =>
      got(directoryNode(kept, registrations), index);
    const seen = this.#seen(place);
    const isEnough =
      seen !== undefined && (query.get('quorum') === 'false' || isClosed(seen.kept.record));
    return isEnough ? told(seen) : this.#asked(place, told);
  }

  #member(place: MemberPlace, request: DiscoveryRequest, query: Fields): Reply | Promise<Reply> {
    switch (request.method) {
      case 'PUT':
        return this.#register(place, request, query);
      case 'DELETE':
        return this.#delete(place, request);
      case 'GET':
        return this.#getMember(place, query);
      default:
        return notAllowed(request.method, 'GET, PUT, DELETE');
    }
  }

  #getMember(place: MemberPlace, query: Fields): Reply | Promise<Reply> {
    const seen = this.#seen(place);
    const isKnown = seen !== undefined && registered(seen, place.id) !== undefined;
    return isKnown || place.orToken.path === place.path
      ? this.#ofMember(place, query)
      : this.#ofMemberOrToken(place, query);
  }

  async #ofMemberOrToken(place: MemberPlace, query: Fields): Promise<Reply> {
    const found = await this.#find(place);
    if (!found.ok || registered(found.value, place.id) === undefined) {
      const read = await this.#parts.store.read(place.orToken.token);
      if (read.ok && read.value.kept?.record.path === place.orToken.path) {
        return this.#directory(place.orToken, query);
      }
    }
    return this.#ofMember(place, query);
  }

  #ofMember(place: MemberPlace, query: Fields): Reply | Promise<Reply> {
    if (query.get('wait') === 'true') return this.#poll(place, place.id, query);
    return this.#asked(place, (found) => {
      const registration = registered(found, place.id);
      const { index } = found.sight;
      return registration === undefined
        ? v2Error('keyNotFound', { index, cause: `${place.path}/${place.id}` })
        : got(memberNode(place.path, registration), index);
    });
  }

  #poll(place: TokenPlace, id: string | undefined, query: Fields): Reply | Promise<Reply> {
    if (this.#isDraining || this.#waiters.count >= this.#parts.limits.pollsMax) {
      return v2Error('storage', { cause: 'Nobody more can wait here at the moment.' });
    }
    const asked = query.get('waitIndex') ?? '';
    if (!/^\d{0,18}$/.test(asked)) return badRequest(asked, 'waitIndex is a whole number.');
    const fromIndex = BigInt(asked === '' ? 0 : asked);
    const wish: Wish = { token: place.token, id, fromIndex };
    if (fromIndex === 0n) return this.#pollFromNow(place, wish);
    const seen = this.#seen(place);
    const there = seen === undefined ? undefined : eventFor(wish, seen);
    if (seen !== undefined && there !== undefined) return this.#event(place, seen, there);
    // Who looks for itself and is not there may have come after the last place: that is to be asked.
    return seen !== undefined && id === undefined
      ? this.#wait(place, seen, this.#waiters.add(wish))
      : this.#pollAsking(place, wish);
  }

  async #pollFromNow(place: TokenPlace, wish: Wish): Promise<Reply> {
    const first = await this.#find(place);
    return first.ok
      ? this.#pollAsking(place, { ...wish, fromIndex: first.value.sight.index + 1n })
      : first.error;
  }

  async #pollAsking(place: TokenPlace, wish: Wish): Promise<Reply> {
    // Before the read: what is registered after it reaches the waiter, what was before it is in what was read.
    const waiter = this.#waiters.add(wish);
    const found = await this.#find(place);
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

  /** Durable before it is answered; never an error of ours once it is here: a member would end at it. */
  async #register(place: MemberPlace, request: DiscoveryRequest, query: Fields): Promise<Reply> {
    const { clock, random, limits, store, baseURL } = this.#parts;
    const form = formOf(request, query);
    if ((query.get('prevExist') ?? form.get('prevExist')) !== 'false') {
      return badRequest(request.target, 'A member registers with prevExist=false.');
    }
    const value = form.get('value') ?? '';
    const entry = parseRegistration(value.slice(0, REGISTRATION_LENGTH_MAX + 1));
    if (!entry.ok) return v2Error('invalidField', { cause: 'value', problem: entry.error });
    const applicant: Applicant = {
      ...entry.value,
      id: place.id,
      by: random.hex(8),
      cameBy: [
        ...(baseURL === undefined ? [] : [baseURL + place.path]),
        ...cameBy(request, place.path),
      ],
    };
    const endMs = clock.monotonicMs() + limits.registerMs;
    const glanced = this.#glance(place);
    if (glanced !== undefined) {
      // The change itself makes sure that the token still is so. Whatever else than a place comes of it is said after a look.
      const verdict = judge(glanced.kept, glanced.sight, applicant);
      const reply =
        verdict.kind === 'register'
          ? await this.#registerAs(verdict.next, place, glanced.kept, applicant, value)
          : undefined;
      if (reply !== undefined) return reply;
    }
    while (!request.isGone() && clock.monotonicMs() < endMs) {
      const found = await this.#find(place);
      if (found.ok) {
        const reply = await this.#registerOnce(place, found.value, applicant, value);
        if (reply !== undefined) return reply;
      } else if (found.error.status < 500) return found.error;
      await clock.sleep(RETRY_MS * random.next(), NEVER);
    }
    // Out of time, or the member is gone.
    const health = await store.health();
    this.#parts.logger.log('warn', 'registration not finished', {
      token: place.token,
      id: place.id,
      because: health.ok ? 'the member went away' : health.error.summary,
    });
    return { kind: 'drop' };
  }

  /** Undefined: look again. */
  async #registerOnce(
    place: MemberPlace,
    { sight, kept }: Found,
    applicant: Applicant,
    value: string,
  ): Promise<Reply | undefined> {
    const { id, by } = applicant;
    const { path } = place;
    const { index, registrations } = sight;
    const earlier = kept.record.members.find((member) => member.id === id);
    if (earlier?.by === by) {
      // A try of this very request, of which nobody knew what became of it.
      return createdReply(
        place,
        value,
        registrations.find((each) => each.id === id)?.createdIndex ?? index,
      );
    }
    const verdict = judge(kept, sight, applicant);
    switch (verdict.kind) {
      case 'exists':
        this.#tell(verdict.problem);
        return v2Error('keyExists', { index, cause: `${path}/${id}`, problem: verdict.problem });
      case 'refused':
        this.#tell(verdict.problem);
        return v2Error('invalidField', { index, cause: path, problem: verdict.problem });
      case 'beyond':
        return createdReply(place, value, index);
      case 'register':
        return this.#registerAs(verdict.next, place, kept, applicant, value);
      default:
        return assertNever(verdict);
    }
  }

  async #registerAs(
    next: TokenRecord,
    place: MemberPlace,
    kept: KeptToken,
    { name }: Applicant,
    value: string,
  ): Promise<Reply | undefined> {
    const change = await this.#parts.store.register(kept, next);
    if (change.kind !== 'done') return undefined;
    this.#counts.registrations++;
    const { token, size, members } = next;
    const data = { token, member: name, have: members.length, of: size };
    this.#parts.logger.log('info', 'member registered', data);
    return createdReply(place, value, change.index);
  }

  async #delete(place: MemberPlace, request: DiscoveryRequest): Promise<Reply> {
    const { token, path, id } = place;
    for (;;) {
      const found = await this.#find(place);
      if (!found.ok) return found.error;
      const { sight, kept } = found.value;
      const { index } = sight;
      if (!holdsSecret(request.authorization, kept.record)) {
        const problem = discoverySecretNeeded({ token });
        return v2Error('unauthorized', { index, cause: path, problem });
      }
      const registration = sight.registrations.find((each) => each.id === id);
      if (registration === undefined) {
        return v2Error('keyNotFound', { index, cause: `${path}/${id}` });
      }
      if (isClosed(kept.record)) {
        const problem = discoveryTokenClosed({ token, size: kept.record.size });
        return v2Error('compareFailed', { index, cause: path, problem });
      }
      const next = withoutMember(kept.record, id);
      const change = await this.#parts.store.unregister(kept, next);
      switch (change.kind) {
        case 'changed':
          continue;
        case 'unknown':
        case 'failed':
          return v2Error('storage', { cause: path, problem: change.problem });
        case 'done': {
          const before = memberNode(path, registration);
          const node = deletedNode(path, registration, change.index);
          const body = `{"action":"delete","node":${node},"prevNode":${before}}\n`;
          return answer(200, body, change.index);
        }
        default:
          return assertNever(change);
      }
    }
  }

  #tell(problem: Problem): void {
    const { code, summary, detail } = problem;
    this.#counts.refused(code);
    this.#parts.logger.log('warn', summary, { code, because: detail });
  }

  /** One read a token, whatever the number of those who wait for it; until it is read, or nobody waits any more. */
  async #lookAgain(): Promise<void> {
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

type MemberPlace = Extract<Place, { kind: 'member' }>;

interface Found {
  readonly sight: TokenSight;
  readonly kept: KeptToken;
}

const createdReply = ({ token, path, id }: MemberPlace, value: string, index: bigint): Answer =>
  answer(201, createdBody(path, { token, id, value, createdIndex: index }), index);

const LOOKS_AT_ONCE = 16;
/** Between two tries to read what may have been missed. */
const LOOK_AGAIN_MS = 500;
const NEVER = new AbortController().signal;

const registered = ({ sight }: Found, id: string): Registration | undefined =>
  sight.registrations.find((each) => each.id === id);

const eventFor = (wish: Wish, { sight, kept }: Found): Registration | undefined =>
  sight.registrations.find((each) => isWished(wish, each)) ?? beyond(kept, wish);

/** Who came after the last place was taken sees its own registration, and then that it is not among the first. */
function beyond({ record }: KeptToken, { token, id, fromIndex }: Wish): Registration | undefined {
  if (id === undefined || id === token || !isClosed(record)) return undefined;
  if (record.members.some((member) => member.id === id)) return undefined;
  return { token, id, value: '', createdIndex: fromIndex };
}

const notAllowed = (method: string, allowed: string): Answer =>
  json(405, { message: `Method Not Allowed: ${method.slice(0, 20)}` }, header('Allow', allowed));

const nowhere = (pathname: string): Answer => {
  const because = 'Tokens are at /TOKEN or /v2/keys/ANY/PREFIX/TOKEN; /new?size=3 makes one.';
  const problem = discoveryBadRequest({ asked: pathname, because });
  return v2Error('keyNotFound', { cause: pathname.slice(0, 200), problem });
};
