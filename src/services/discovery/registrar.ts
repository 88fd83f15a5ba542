import { type Problem, assertNever } from '../../base/index.js';
import type { Counts } from './counts.js';
import { REGISTRATION_LENGTH_MAX } from './limits.js';
import { holdsSecret } from './make-token.js';
import type { MemberPlace } from './place.js';
import { discoverySecretNeeded, discoveryTokenClosed } from './problems.js';
import type { ProtocolParts } from './protocol-parts.js';
import { parseRegistration } from './registration.js';
import {
  type Answer,
  type Reply,
  answer,
  createdBody,
  deletedNode,
  memberNode,
  v2Error,
} from './replies.js';
import { type DiscoveryRequest, type Fields, cameBy, formOf } from './request.js';
import { type Applicant, judge, withoutMember } from './rules.js';
import { type KeptToken, type TokenRecord, isClosed } from './store.js';
import type { Found, TokenFinder } from './token-finder.js';
import { badRequest } from './token-maker.js';

const RETRY_MS = 50;
const NEVER = new AbortController().signal;

/** Puts members into tokens, and takes them out again for whoever has the secret. */
export class Registrar {
  readonly #parts: ProtocolParts;
  readonly #finder: TokenFinder;
  readonly #counts: Counts;

  constructor(parts: ProtocolParts, finder: TokenFinder, counts: Counts) {
    this.#parts = parts;
    this.#finder = finder;
    this.#counts = counts;
  }

  /** Durable before it is answered; never an error of ours once it is here: a member would end at it. */
  async register(place: MemberPlace, request: DiscoveryRequest, query: Fields): Promise<Reply> {
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
    const glanced = this.#finder.glance(place);
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
      const found = await this.#finder.find(place);
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

  async unregister(place: MemberPlace, request: DiscoveryRequest): Promise<Reply> {
    const { token, path, id } = place;
    for (;;) {
      const found = await this.#finder.find(place);
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
}

const createdReply = ({ token, path, id }: MemberPlace, value: string, index: bigint): Answer =>
  answer(201, createdBody(path, { token, id, value, createdIndex: index }), index);
