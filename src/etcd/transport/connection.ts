import { assertNever, err, ok, type Result } from '../../base/index.js';
import type { Endpoint } from '../endpoints.js';
import { type AddressOf, dial } from './dial.js';
import type { TransportLimits } from './limits.js';
import type { Session } from './session.js';
import type { TLSMaterial } from './tls.js';
import type { ConnectionKind, NotSent } from './transport.js';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly dialling: Promise<Result<Session, NotSent>> }
  | { readonly kind: 'ready'; readonly session: Session }
  | { readonly kind: 'closed' };

/** The one connection to an endpoint: dialled when first needed, kept, and dialled again after it was lost. */
export class Connection {
  readonly #endpoint: Endpoint;
  readonly #tls: TLSMaterial;
  readonly #limits: TransportLimits;
  readonly #addressOf: AddressOf | undefined;
  /** Every session that is not closed yet: the ready one, and retired ones with calls under way. */
  readonly #sessions = new Set<Session>();
  readonly #closing = new AbortController();
  #state: State = { kind: 'idle' };

  constructor(
    endpoint: Endpoint,
    tls: TLSMaterial,
    limits: TransportLimits,
    addressOf: AddressOf | undefined,
  ) {
    this.#endpoint = endpoint;
    this.#tls = tls;
    this.#limits = limits;
    this.#addressOf = addressOf;
  }

  get kind(): ConnectionKind {
    return this.#state.kind;
  }

  /** The session that takes streams now, if there is one. */
  get readySession(): Session | undefined {
    const state = this.#state;
    return state.kind === 'ready' && state.session.isUsable ? state.session : undefined;
  }

  /** A session that takes streams. Waits as long as the dial does; whoever has less time races it. */
  async session(): Promise<Result<Session, NotSent>> {
    const state = this.#state;
    switch (state.kind) {
      case 'ready':
        if (state.session.isUsable) return ok(state.session);
        // It was cut this very moment and has not told us yet.
        return await this.#start();
      case 'connecting':
        return await state.dialling;
      case 'closed':
        return err(CLOSED);
      case 'idle':
        return await this.#start();
      default:
        return assertNever(state);
    }
  }

  /** Takes no more calls; resolves when none is under way any more. */
  async closeWhenQuiet(): Promise<void> {
    this.#close();
    const closed = [...this.#sessions].map(
      (session) => new Promise<void>((resolve) => session.onClosed(resolve)),
    );
    for (const session of this.#sessions) session.retire();
    await Promise.all(closed);
  }

  destroy(): void {
    this.#close();
    for (const session of this.#sessions) session.destroy('the client was closed');
  }

  #close(): void {
    this.#state = { kind: 'closed' };
    this.#closing.abort();
  }

  #start(): Promise<Result<Session, NotSent>> {
    const dialling = this.#dial();
    this.#state = { kind: 'connecting', dialling };
    return dialling;
  }

  async #dial(): Promise<Result<Session, NotSent>> {
    const { signal } = this.#closing;
    const dialled = await dial(this.#endpoint, this.#tls, this.#limits, signal, this.#addressOf);
    if (this.#state.kind === 'closed') {
      if (dialled.ok) dialled.value.destroy();
      return err(CLOSED);
    }
    if (!dialled.ok) {
      this.#state = { kind: 'idle' };
      return dialled;
    }
    const session = dialled.value;
    this.#sessions.add(session);
    this.#state = { kind: 'ready', session };
    session.onUnusable(() => {
      const state = this.#state;
      if (state.kind === 'ready' && state.session === session) this.#state = { kind: 'idle' };
    });
    session.onClosed(() => this.#sessions.delete(session));
    return dialled;
  }
}

const CLOSED: NotSent = { kind: 'not-sent', why: 'closed', message: 'The client was closed.' };
