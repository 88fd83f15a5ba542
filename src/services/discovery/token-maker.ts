import { type Clock, type Problem, type Result, assertNever, ok } from '../../base/index.js';
import type { Counts } from './counts.js';
import { DEFAULT_SIZE } from './limits.js';
import { makeToken, newTokenName, parseExpiry, protocolsOf } from './make-token.js';
import { OpenTokens } from './open-tokens.js';
import { discoveryBadRequest, discoveryNoV3Here, discoveryTooManyOpen } from './problems.js';
import type { ProtocolParts } from './protocol-parts.js';
import { type Answer, type Reply, header, indexHeader, json, text, v2Error } from './replies.js';
import { type DiscoveryRequest, type Fields, cameBy } from './request.js';
import { parseSize } from './rules.js';
import type { DiscoveryProtocol, SealedToken, TokenRecord } from './store.js';

const SECRET_HEADER = 'X-Quorate-Token-Secret';

type Made =
  | {
      readonly kind: 'made';
      readonly secret: string;
      readonly index: bigint;
      readonly ttlMs: number | undefined;
    }
  | { readonly kind: 'exists' }
  | { readonly kind: 'reply'; readonly reply: Answer };

/** Makes tokens: through `/new` under names of its own, and under a name that was asked for. */
export class TokenMaker {
  readonly #parts: ProtocolParts;
  readonly #counts: Counts;
  readonly #open = new OpenTokens();

  constructor(parts: ProtocolParts, counts: Counts) {
    this.#parts = parts;
    this.#counts = counts;
  }

  registered(record: TokenRecord): void {
    this.#open.registered(record);
  }

  /** At once when nothing is to be written for it. */
  new(request: DiscoveryRequest, query: Fields): Reply | Promise<Reply> {
    const { baseURL, endpoints, limits, clock, store, random } = this.#parts;
    const size = parseSize(query.get('size') ?? String(DEFAULT_SIZE));
    if (!size.ok) return v2Error('invalidField', { cause: 'size', problem: size.error });
    const protocols = protocolsOf(query.get('protocol') ?? 'v2');
    if (protocols === undefined) return badRequest(request.target, 'protocol is v2, v3 or both.');
    if (protocols.includes('v3') && endpoints.length === 0) {
      const problem = discoveryNoV3Here({ url: baseURL ?? request.host });
      return v2Error('invalidField', { cause: 'protocol', problem });
    }
    const base = baseURL ?? cameBy(request, '')[0];
    if (base === undefined) return badRequest(request.target, 'It has no usable Host header.');
    if (this.#open.count(clock.monotonicMs(), limits.openTokensMax) >= limits.openTokensMax) {
      const problem = discoveryTooManyOpen({ max: limits.openTokensMax });
      this.#tell(problem);
      return v2Error('full', { cause: '', problem });
    }
    const wish = { size: size.value, base, protocols };
    // One that expires has a lease, and etcd itself must find one of the v3 protocol.
    if (protocols.includes('v3') || query.get('ttl') !== undefined) {
      return this.#written(request, wish, query);
    }
    const sealed = store.seal(wish, random);
    return sealed instanceof Promise
      ? sealed.then((later) => this.#sealed(request, wish, later))
      : this.#sealed(request, wish, sealed);
  }

  #sealed(request: DiscoveryRequest, wish: Wish, sealed: Result<SealedToken>): Reply {
    if (!sealed.ok) return v2Error('storage', { cause: '', problem: sealed.error });
    this.#counted(sealed.value.token, wish.size);
    return this.#told(request, wish, sealed.value);
  }

  async #written(request: DiscoveryRequest, wish: Wish, query: Fields): Promise<Reply> {
    const { size, base, protocols } = wish;
    const token = newTokenName(this.#parts.random);
    const path = `/${token}`;
    const made = await this.make({ token, size, path, url: base + path, protocols }, query);
    if (made.kind === 'reply') return made.reply;
    if (made.kind === 'exists') return v2Error('storage', { cause: 'Try again.' });
    this.#open.made(token, untilMs(this.#parts.clock, made.ttlMs));
    return this.#told(request, wish, { ...made, token });
  }

  #told(request: DiscoveryRequest, wish: Wish, { token, secret, index }: SealedToken): Reply {
    const { size, base, protocols } = wish;
    const url = `${base}/${token}`;
    const headers = indexHeader(index) + secretHeader(secret);
    if (request.accept?.includes('application/json') !== true) return text(200, url, headers);
    const { endpoints } = this.#parts;
    return json(200, { url, token, secret, size, protocols, endpoints }, headers);
  }

  /** Under a name, if nobody has it. */
  async make(
    token: Pick<TokenRecord, 'token' | 'size' | 'path' | 'url' | 'protocols'>,
    fields: Pick<Fields, 'get'>,
  ): Promise<Made> {
    const ttl = fields.get('ttl');
    const ttlMs = ttl === undefined ? ok(undefined) : parseExpiry(ttl);
    const reply = (answer: Answer): Made => ({ kind: 'reply', reply: answer });
    if (!ttlMs.ok) return reply(v2Error('invalidField', { cause: 'ttl', problem: ttlMs.error }));
    const made = await makeToken(this.#parts, token, ttlMs.value);
    switch (made.kind) {
      case 'failed':
        return reply(v2Error('storage', { cause: '', problem: made.problem }));
      case 'exists':
        return made;
      case 'made':
        this.#counted(token.token, token.size);
        return { ...made, ttlMs: ttlMs.value };
      default:
        return assertNever(made);
    }
  }

  #counted(token: string, size: number): void {
    this.#counts.tokens++;
    this.#parts.logger.log('info', 'token made', { token, size });
  }

  #tell({ code, summary, detail }: Problem): void {
    this.#counts.refused(code);
    this.#parts.logger.log('warn', summary, { code, because: detail });
  }
}

interface Wish {
  readonly size: number;
  /** Scheme and host of the URL. */
  readonly base: string;
  readonly protocols: readonly DiscoveryProtocol[];
}

export const secretHeader = (secret: string): string => header(SECRET_HEADER, secret);

const untilMs = (clock: Clock, ttlMs: number | undefined): number | undefined =>
  ttlMs === undefined ? undefined : clock.monotonicMs() + ttlMs;

export const badRequest = (asked: string, because: string): Answer =>
  v2Error('invalidField', { cause: asked, problem: discoveryBadRequest({ asked, because }) });
