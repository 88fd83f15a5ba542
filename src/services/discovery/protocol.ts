import { assertNever } from '../../base/index.js';
import { Counts } from './counts.js';
import { type MemberPlace, type TokenPlace, placeOf } from './place.js';
import { Polls } from './polls.js';
import { discoveryBadRequest, discoverySizeFixed } from './problems.js';
import type { ProtocolParts } from './protocol-parts.js';
import { Registrar } from './registrar.js';
import {
  type Answer,
  type Reply,
  answer,
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
import { type DiscoveryRequest, Fields, formOf } from './request.js';
import { parseSize } from './rules.js';
import { looksSealed } from './sealed-token.js';
import { isClosed } from './store.js';
import { type Found, TokenFinder, registered } from './token-finder.js';
import { TokenMaker, secretHeader } from './token-maker.js';

/**
 * The v2 discovery protocol as requests and replies, over any store. What it answers to etcd's own client is etcd's
 * (etcd-facts 2); what would burn a token, etcd's own server takes and this one refuses.
 */
export class DiscoveryProtocolService {
  readonly #parts: ProtocolParts;
  readonly #counts = new Counts();
  readonly #finder: TokenFinder;
  readonly #maker: TokenMaker;
  readonly #registrar: Registrar;
  readonly #polls: Polls;
  readonly #following: { stop(): void };

  constructor(parts: ProtocolParts) {
    this.#parts = parts;
    this.#finder = new TokenFinder(parts.store);
    this.#maker = new TokenMaker(parts, this.#counts);
    this.#registrar = new Registrar(parts, this.#finder, this.#counts);
    this.#polls = new Polls(parts, this.#finder, this.#counts);
    this.#following = parts.store.follow({
      onRegistration: (registration, record) => {
        this.#maker.registered(record);
        this.#polls.give(registration);
      },
      onGap: () => void this.#polls.lookAgain(),
    });
  }

  get pollCount(): number {
    return this.#polls.count;
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
          ? text(200, this.#counts.text(this.#polls.count))
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
    this.#polls.end();
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

  /** A size never changes. */
  #size(place: TokenPlace): Answer | Promise<Answer> {
    const told = ({ sight: { index }, kept: { record, createdIndex } }: Found): Answer =>
      got(sizeNode(record.path, record.size, createdIndex), index);
    const seen = this.#finder.seen(place);
    return seen === undefined ? this.#asked(place, told) : told(seen);
  }

  async #asked(place: TokenPlace, told: (found: Found) => Answer): Promise<Answer> {
    const found = await this.#finder.find(place);
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
    const found = await this.#finder.find(place);
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
      return this.#polls.poll(place, isDeep ? undefined : place.token, query);
    }
    const told = ({ sight: { index, registrations }, kept }: Found): Answer =>
      got(directoryNode(kept, registrations), index);
    const seen = this.#finder.seen(place);
    const isEnough =
      seen !== undefined && (query.get('quorum') === 'false' || isClosed(seen.kept.record));
    return isEnough ? told(seen) : this.#asked(place, told);
  }

  #member(place: MemberPlace, request: DiscoveryRequest, query: Fields): Reply | Promise<Reply> {
    switch (request.method) {
      case 'PUT':
        return this.#registrar.register(place, request, query);
      case 'DELETE':
        return this.#registrar.unregister(place, request);
      case 'GET':
        return this.#getMember(place, query);
      default:
        return notAllowed(request.method, 'GET, PUT, DELETE');
    }
  }

  #getMember(place: MemberPlace, query: Fields): Reply | Promise<Reply> {
    const seen = this.#finder.seen(place);
    const isKnown = seen !== undefined && registered(seen, place.id) !== undefined;
    return isKnown || place.orToken.path === place.path
      ? this.#ofMember(place, query)
      : this.#ofMemberOrToken(place, query);
  }

  async #ofMemberOrToken(place: MemberPlace, query: Fields): Promise<Reply> {
    const found = await this.#finder.find(place);
    if (!found.ok || registered(found.value, place.id) === undefined) {
      const read = await this.#parts.store.read(place.orToken.token);
      if (read.ok && read.value.kept?.record.path === place.orToken.path) {
        return this.#directory(place.orToken, query);
      }
    }
    return this.#ofMember(place, query);
  }

  #ofMember(place: MemberPlace, query: Fields): Reply | Promise<Reply> {
    if (query.get('wait') === 'true') return this.#polls.poll(place, place.id, query);
    return this.#asked(place, (found) => {
      const registration = registered(found, place.id);
      const { index } = found.sight;
      return registration === undefined
        ? v2Error('keyNotFound', { index, cause: `${place.path}/${place.id}` })
        : got(memberNode(place.path, registration), index);
    });
  }
}

const notAllowed = (method: string, allowed: string): Answer =>
  json(405, { message: `Method Not Allowed: ${method.slice(0, 20)}` }, header('Allow', allowed));

const nowhere = (pathname: string): Answer => {
  const because = 'Tokens are at /TOKEN or /v2/keys/ANY/PREFIX/TOKEN; /new?size=3 makes one.';
  const problem = discoveryBadRequest({ asked: pathname, because });
  return v2Error('keyNotFound', { cause: pathname.slice(0, 200), problem });
};
