import { type Clock, type Problem, type Random, type Result, err, ok } from '../../base/index.js';
import { type Bytes, type EtcdClient, type EtcdError, compare, textOf } from '../../etcd/index.js';
import { discoveryStorageSilent } from './problems.js';
import type { Revisions } from './revisions.js';
import { KEY_BYTES, Sealer, isSealingKey } from './sealed-token.js';

/** A store that was wiped or replaced is noticed within this. */
const SURE_MS = 1_000;

export interface SealingKeyParts {
  readonly client: Pick<EtcdClient, 'kv'>;
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** The problem of a question that was not answered. */
  readonly failed: (error: EtcdError) => Problem;
  readonly revisions: Revisions;
}

/**
 * The key of sealed tokens, which lives in the store and is made there once, by whoever needs it first: all services
 * before one store have the same, and with the store it is gone, and every token with it.
 */
export class SealingKey {
  readonly #name: string;
  readonly #parts: SealingKeyParts;
  #sealer: Sealer | undefined;
  #sureUntilMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<Result<Sealer>> | undefined;

  constructor(name: string, parts: SealingKeyParts) {
    this.#name = name;
    this.#parts = parts;
  }

  /** If it was the store's less than a second ago. */
  sure(): Sealer | undefined {
    return this.#parts.clock.monotonicMs() < this.#sureUntilMs ? this.#sealer : undefined;
  }

  /** As it was read with something else. */
  read(value: Bytes | undefined): Sealer | undefined {
    const text = typeof value === 'string' ? value : value === undefined ? '' : textOf(value);
    if (!isSealingKey(text)) return undefined;
    if (this.#sealer?.key !== text) this.#sealer = new Sealer(text);
    return this.#sealer;
  }

  /** Reads it, or makes it. Those who ask while it is being asked for are answered together. */
  confirm(random: Random): Promise<Result<Sealer>> {
    this.#asking ??= this.#ask(random).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(random: Random): Promise<Result<Sealer>> {
    const { client, clock, deadlineMs, failed, revisions } = this.#parts;
    const name = this.#name;
    const fresh = random.hex(KEY_BYTES);
    const beganMs = clock.monotonicMs();
    const atLeast = revisions.latest;
    const answer = await client.kv.txn(
      {
        if: [compare(name).isMissing()],
        then: [{ kind: 'put', key: name, value: fresh }],
        else: [{ kind: 'range', range: name }],
      },
      { deadlineMs },
    );
    if (!answer.ok) return err(failed(answer.error));
    const { header, succeeded, answers } = answer.value;
    revisions.heard(header.revision, atLeast);
    const [found] = answers;
    const kept = found?.kind === 'range' ? found.kvs[0]?.value : undefined;
    const sealer = this.read(succeeded ? fresh : kept);
    if (sealer === undefined) {
      return err(discoveryStorageSilent({ because: `What is kept at ${name} is no key.` }));
    }
    this.#sureUntilMs = beganMs + SURE_MS;
    return ok(sealer);
  }
}
