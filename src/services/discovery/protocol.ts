import {
  type Clock,
  type Logger,
  type Problem,
  type Random,
  type Result,
  assertNever,
  err,
  ok,
} from '../../base/index.js';
import { Counts } from './counts.js';
import { DEFAULT_SIZE, type DiscoveryLimits, REGISTRATION_LENGTH_MAX } from './limits.js';
import { holdsSecret, makeToken, newTokenName, parseExpiry, protocolsOf } from './make-token.js';
import { OpenTokens } from './open-tokens.js';
import { type Place, type TokenPlace, placeOf } from './place.js';
import {
  discoveryBadRequest,
  discoveryNoV3Here,
  discoveryOtherPath,
  discoveryOtherProtocol,
  discoverySecretNeeded,
  discoverySizeFixed,
  discoveryTokenClosed,
  discoveryTooManyOpen,
  discoveryUnknownToken,
} from './problems.js';
import { parseRegistration } from './registration.js';
import {
  type Answer,
  type Reply,
  createdBody,
  directoryNode,
  indexHeader,
  json,
  memberNode,
  sizeNode,
  text,
  v2Error,
} from './replies.js';
import { type DiscoveryRequest, cameBy, formOf } from './request.js';
import { type Applicant, judge, parseSize, withoutMember } from './rules.js';
import {
  type DiscoveryStore,
  type KeptToken,
  type Registration,
  type TokenRecord,
  type TokenSight,
  isClosed,
} from './store.js';
import { type Wish, Waiters, isWished } from './waiters.js';

export interface ProtocolParts {
  readonly store: DiscoveryStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: DiscoveryLimits;
  /** `https://discovery.example:8087`: how members reach the service. Absent: as the request did. */
  readonly baseURL: string | undefined;
  /** Told to whoever makes a token for the v3 protocol. */
  readonly endpoints: readonly string[];
}

const RETRY_MS = 50;
const SECRET_HEADER = 'X-Quorate-Token-Secret';

/**
 * The v2 discovery protocol as requests and replies, over any store. What it answers to etcd's own client is etcd's
 * (etcd-facts 2); what would burn a token, etcd's own server takes and this one refuses.
 */
export class DiscoveryProtocolService {
  readonly #parts: ProtocolParts;
  readonly #waiters = new Waiters();
  readonly #counts = new Counts();
  readonly #open = new OpenTokens();
  readonly #following: { stop(): void };
  #isDraining = false;

  constructor(parts: ProtocolParts) {
    this.#parts = parts;
    this.#following = parts.store.follow({
      onRegistration: (registration) => {
        this.#open.registered(registration);
        this.#waiters.give(registration);
      },
      onGap: () => void this.#lookAgain(),
    });
  }

  get pollCount(): number {
    return this.#waiters.count;
  }

  async handle(request: DiscoveryRequest): Promise<Reply> {
    const { method, target } = request;
    const at = target.indexOf('?');
    const pathname = at < 0 ? target : target.slice(0, at);
    const query = new URLSearchParams(at < 0 ? '' : target.slice(at + 1));
    const place = placeOf(pathname);
    switch (place.kind) {
      case 'new':
        return ['GET', 'PUT', 'POST'].includes(method)
          ? this.#new(request, query)
          : notAllowed(method, 'GET, PUT, POST');
      case 'health':
        return method === 'GET' ? this.#health() : notAllowed(method, 'GET');
      case 'metrics':
        return method === 'GET'
          ? text(200, this.#counts.text(this.#waiters.count))
          : notAllowed(method, 'GET');
      case 'size':
        if (method === 'GET')
          return this.#get(place, ({ kept: { record, createdIndex } }) =>
            sizeNode({ ...record, createdIndex }),
          );
        return method === 'PUT' ? this.#putSize(place, request) : notAllowed(method, 'GET, PUT');
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

  async #new(request: DiscoveryRequest, query: URLSearchParams): Promise<Reply> {
    const size = parseSize(query.get('size') ?? String(DEFAULT_SIZE));
    if (!size.ok) return v2Error('invalidField', { cause: 'size', problem: size.error });
    const protocols = protocolsOf(query.get('protocol') ?? 'v2');
    if (protocols === undefined) return badRequest(request.target, 'protocol is v2, v3 or both.');
    if (protocols.includes('v3') && this.#parts.endpoints.length === 0) {
      const problem = discoveryNoV3Here({ url: this.#parts.baseURL ?? request.host });
      return v2Error('invalidField', { cause: 'protocol', problem });
    }
    const base = this.#parts.baseURL ?? cameBy(request, '')[0];
    if (base === undefined) return badRequest(request.target, 'It has no usable Host header.');
    const { limits, clock } = this.#parts;
    if (this.#open.count(clock.monotonicMs(), limits.openTokensMax) >= limits.openTokensMax) {
      const problem = discoveryTooManyOpen({ max: limits.openTokensMax });
      this.#tell(problem);
      return v2Error('full', { cause: '', problem });
    }
    const token = newTokenName(this.#parts.random);
    const path = `/${token}`;
    const url = `${base}${path}`;
    const made = await this.#make({ token, size: size.value, path, url, protocols }, query);
    if (made.kind === 'reply') return made.reply;
    if (made.kind === 'exists') return v2Error('storage', { cause: 'Try again.' });
    const { secret, index, ttlMs } = made;
    const untilMs = ttlMs === undefined ? undefined : clock.monotonicMs() + ttlMs;
    this.#open.made(token, size.value, untilMs);
    const headers = { ...indexHeader(index), [SECRET_HEADER]: secret };
    if (request.accept?.includes('application/json') !== true) return text(200, url, headers);
    const { endpoints } = this.#parts;
    return json(200, { url, token, secret, size: size.value, protocols, endpoints }, headers);
  }

  async #make(
    token: Pick<TokenRecord, 'token' | 'size' | 'path' | 'url' | 'protocols'>,
    query: URLSearchParams,
  ): Promise<
    | {
        readonly kind: 'made';
        readonly secret: string;
        readonly index: bigint;
        readonly ttlMs: number | undefined;
      }
    | { readonly kind: 'exists' }
    | { readonly kind: 'reply'; readonly reply: Answer }
  > {
    const ttl = query.get('ttl');
    const ttlMs = ttl === null ? ok(undefined) : parseExpiry(ttl);
    const reply = (answer: Answer) => ({ kind: 'reply', reply: answer }) as const;
    if (!ttlMs.ok) return reply(v2Error('invalidField', { cause: 'ttl', problem: ttlMs.error }));
    const made = await makeToken(this.#parts, token, ttlMs.value);
    switch (made.kind) {
      case 'failed':
        return reply(v2Error('storage', { cause: '', problem: made.problem }));
      case 'exists':
        return made;
      case 'made':
        this.#counts.tokens++;
        this.#parts.logger.log('info', 'token made', { token: token.token, size: token.size });
        return { ...made, ttlMs: ttlMs.value };
      default:
        return assertNever(made);
    }
  }

  async #health(): Promise<Reply> {
    const health = await this.#parts.store.health();
    return health.ok
      ? text(200, 'OK', indexHeader(health.value))
      : v2Error('storage', { cause: '', problem: health.error });
  }

  /** A token must exist, be of this protocol, and be asked for at its own path. */
  async #find(place: TokenPlace): Promise<Result<{ sight: TokenSight; kept: KeptToken }, Answer>> {
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

  async #get(
    place: TokenPlace,
    nodeOf: (found: { sight: TokenSight; kept: KeptToken }) => ReturnType<typeof sizeNode>,
  ): Promise<Reply> {
    const found = await this.#find(place);
    if (!found.ok) return found.error;
    const { index } = found.value.sight;
    return json(200, { action: 'get', node: nodeOf(found.value) }, indexHeader(index));
  }

  async #putSize(place: TokenPlace, request: DiscoveryRequest): Promise<Reply> {
    const form = formOf(request);
    const asked = form.get('value') ?? '';
    const size = parseSize(asked);
    if (!size.ok) return v2Error('invalidField', { cause: 'value', problem: size.error });
    const { token, path } = place;
    const { baseURL } = this.#parts;
    const url = baseURL === undefined ? undefined : `${baseURL}${path}`;
    const protocols = ['v2'] as const;
    const made = await this.#make({ token, size: size.value, path, url, protocols }, form);
    if (made.kind === 'reply') return made.reply;
    if (made.kind === 'made') {
      const { index, secret } = made;
      const node = sizeNode({ path, size: size.value, createdIndex: index });
      return json(201, { action: 'set', node }, { ...indexHeader(index), [SECRET_HEADER]: secret });
    }
    const found = await this.#find(place);
    if (!found.ok) return found.error;
    const { sight, kept } = found.value;
    const { record } = kept;
    if (record.size !== size.value) {
      const problem = discoverySizeFixed({ token, size: record.size, asked });
      return v2Error('compareFailed', { index: sight.index, cause: '', problem });
    }
    const node = sizeNode({ ...record, createdIndex: kept.createdIndex });
    return json(200, { action: 'set', node, prevNode: node }, indexHeader(sight.index));
  }

  async #directory(place: TokenPlace, query: URLSearchParams): Promise<Reply> {
    if (query.get('wait') === 'true') {
      // Without `recursive` a watch of a directory tells nothing of what is below it.
      const isDeep = query.get('recursive') === 'true';
      return this.#poll(place, isDeep ? undefined : place.token, query);
    }
    return this.#get(place, ({ sight, kept }) => directoryNode(kept, sight.registrations));
  }

  async #member(
    place: Extract<Place, { kind: 'member' }>,
    request: DiscoveryRequest,
    query: URLSearchParams,
  ): Promise<Reply> {
    switch (request.method) {
      case 'PUT':
        return this.#register(place, request, query);
      case 'DELETE':
        return this.#delete(place, request);
      case 'GET':
        break;
      default:
        return notAllowed(request.method, 'GET, PUT, DELETE');
    }
    if (place.orToken.path !== place.path) {
      const read = await this.#parts.store.read(place.orToken.token);
      if (read.ok && read.value.kept?.record.path === place.orToken.path) {
        return this.#directory(place.orToken, query);
      }
    }
    if (query.get('wait') === 'true') return this.#poll(place, place.id, query);
    const found = await this.#find(place);
    if (!found.ok) return found.error;
    const { index, registrations } = found.value.sight;
    const registration = registrations.find(({ id }) => id === place.id);
    return registration === undefined
      ? v2Error('keyNotFound', { index, cause: `${place.path}/${place.id}` })
      : json(
          200,
          { action: 'get', node: memberNode(place.path, registration) },
          indexHeader(index),
        );
  }

  async #poll(place: TokenPlace, id: string | undefined, query: URLSearchParams): Promise<Reply> {
    if (this.#isDraining || this.#waiters.count >= this.#parts.limits.pollsMax) {
      return v2Error('storage', { cause: 'Nobody more can wait here at the moment.' });
    }
    const asked = query.get('waitIndex') ?? '';
    if (!/^\d{0,18}$/.test(asked)) return badRequest(asked, 'waitIndex is a whole number.');
    let fromIndex = BigInt(asked === '' ? 0 : asked);
    if (fromIndex === 0n) {
      const first = await this.#find(place);
      if (!first.ok) return first.error;
      fromIndex = first.value.sight.index + 1n;
    }
    // Before the read: what is registered after it reaches the waiter, what was before it is in what was read.
    const wish: Wish = { token: place.token, id, fromIndex };
    const waiter = this.#waiters.add(wish);
    const found = await this.#find(place);
    if (!found.ok) {
      waiter.end();
      return found.error;
    }
    const { sight, kept } = found.value;
    const there = firstWished(sight.registrations, wish) ?? beyond(kept, wish);
    const next = there === undefined ? waiter.next : Promise.resolve(there);
    if (there !== undefined) waiter.end();
    void next.then((event) => event !== undefined && this.#counts.events++);
    return { kind: 'poll', index: sight.index, path: place.path, next, end: () => waiter.end() };
  }

  /** Durable before it is answered; never an error of ours once it is here: a member would end at it. */
  async #register(
    place: Extract<Place, { kind: 'member' }>,
    request: DiscoveryRequest,
    query: URLSearchParams,
  ): Promise<Reply> {
    const { clock, random, limits, store } = this.#parts;
    const form = formOf(request);
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
      cameBy: cameBy(request, place.path),
    };
    const endMs = clock.monotonicMs() + limits.registerMs;
    const glanced = await this.#registerAtAGlance(place, applicant, value);
    if (glanced !== undefined) return glanced;
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

  /**
   * On the token as it was seen last: the change itself makes sure that it still is so. Whatever else than a place comes
   * of it is said only after a look.
   */
  async #registerAtAGlance(
    place: TokenPlace & { readonly id: string },
    applicant: Applicant,
    value: string,
  ): Promise<Reply | undefined> {
    const sight = this.#parts.store.glance(place.token);
    const kept = sight?.kept;
    if (sight === undefined || kept === undefined) return undefined;
    const { path, protocols } = kept.record;
    const isHere = path === place.path && protocols.includes('v2');
    return isHere && judge(kept, sight, applicant).kind === 'register'
      ? this.#registerOnce(place, { sight, kept }, applicant, value)
      : undefined;
  }

  /** Undefined: look again. */
  async #registerOnce(
    place: TokenPlace & { readonly id: string },
    { sight, kept }: { readonly sight: TokenSight; readonly kept: KeptToken },
    applicant: Applicant,
    value: string,
  ): Promise<Reply | undefined> {
    const { id, by } = applicant;
    const { token, path } = place;
    const created = (createdIndex: bigint): Answer => ({
      kind: 'answer',
      status: 201,
      headers: { 'Content-Type': 'application/json', ...indexHeader(createdIndex) },
      body: createdBody(path, { token, id, value, createdIndex }),
    });
    const { index, registrations } = sight;
    const earlier = kept.record.members.find((member) => member.id === id);
    if (earlier?.by === by) {
      // A try of this very request, of which nobody knew what became of it.
      return created(registrations.find((each) => each.id === id)?.createdIndex ?? index);
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
        return created(index);
      case 'register': {
        const change = await this.#parts.store.register(kept, verdict.next, { id, value });
        if (change.kind !== 'done') return undefined;
        this.#counts.registrations++;
        this.#parts.logger.log('info', 'member registered', {
          token,
          member: applicant.name,
          have: verdict.next.members.length,
          of: verdict.next.size,
        });
        return created(change.index);
      }
      default:
        return assertNever(verdict);
    }
  }

  async #delete(
    place: Extract<Place, { kind: 'member' }>,
    request: DiscoveryRequest,
  ): Promise<Reply> {
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
      const change = await this.#parts.store.unregister(kept, next, id);
      switch (change.kind) {
        case 'changed':
          continue;
        case 'unknown':
        case 'failed':
          return v2Error('storage', { cause: path, problem: change.problem });
        case 'done': {
          const before = memberNode(path, registration);
          const modifiedIndex = Number(change.index);
          const { key = '', createdIndex = 0 } = before;
          const node = { key, modifiedIndex, createdIndex };
          return json(200, { action: 'delete', node, prevNode: before }, indexHeader(change.index));
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

  /** One read a token, whatever the number of those who wait for it. */
  async #lookAgain(): Promise<void> {
    const tokens = [...this.#waiters.tokens];
    const worker = async (): Promise<void> => {
      for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) {
        const read = await this.#parts.store.read(token);
        if (!read.ok) continue;
        for (const registration of read.value.registrations) this.#waiters.give(registration);
      }
    };
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, worker));
  }
}

const LOOKS_AT_ONCE = 16;
const NEVER = new AbortController().signal;

const firstWished = (registrations: readonly Registration[], wish: Wish) =>
  registrations.find((each) => isWished(wish, each));

/** Who came after the last place was taken sees its own registration, and then that it is not among the first. */
function beyond({ record }: KeptToken, { token, id, fromIndex }: Wish): Registration | undefined {
  if (id === undefined || id === token || !isClosed(record)) return undefined;
  if (record.members.some((member) => member.id === id)) return undefined;
  return { token, id, value: '', createdIndex: fromIndex };
}

const badRequest = (asked: string, because: string): Answer =>
  v2Error('invalidField', { cause: asked, problem: discoveryBadRequest({ asked, because }) });

const notAllowed = (method: string, allowed: string): Answer => ({
  ...json(405, { message: `Method Not Allowed: ${method.slice(0, 20)}` }),
  headers: { 'Content-Type': 'application/json', Allow: allowed },
});

const nowhere = (pathname: string): Answer => {
  const because = 'Tokens are at /TOKEN or /v2/keys/ANY/PREFIX/TOKEN; /new?size=3 makes one.';
  const problem = discoveryBadRequest({ asked: pathname, because });
  return v2Error('keyNotFound', { cause: pathname.slice(0, 200), problem });
};
