import { ok, systemClock, withDeadline } from '../../base/index.js';
import type { CallResult } from '../errors.js';

type Login = () => Promise<CallResult<string | undefined>>;

/** The token that calls carry when etcd asks for users; one login at a time, and only when it is needed. */
export class TokenSource {
  #state:
    | { readonly kind: 'none' }
    /** `token` is absent when the cluster said that it asks for no users. */
    | { readonly kind: 'known'; readonly token: string | undefined } = { kind: 'none' };
  #login: Promise<CallResult<string | undefined>> | undefined;

  /**
   * The token, after a login when there is none. The login has its own deadline and serves every call that waits for
   * it; `late` when this caller has no more time.
   */
  async token(
    login: Login,
    leftMs: number,
    signal: AbortSignal | undefined,
  ): Promise<CallResult<string | undefined> | 'late'> {
    if (this.#state.kind === 'known') return ok(this.#state.token);
    this.#login ??= this.#logIn(login);
    const shared = this.#login;
    const waited = await withDeadline(systemClock, leftMs, signal ?? NEVER, () => shared);
    return waited.late ? 'late' : waited.value;
  }

  /** A server refused this token; the next call logs in again unless somebody already did. */
  forget(token: string | undefined): void {
    if (this.#state.kind === 'known' && this.#state.token === token) this.#state = { kind: 'none' };
  }

  async #logIn(login: Login): Promise<CallResult<string | undefined>> {
    const result = await login();
    this.#login = undefined;
    if (result.ok) this.#state = { kind: 'known', token: result.value };
    return result;
  }
}

const NEVER = new AbortController().signal;
