/**
 * Joins calls that come while another is under way into one, so that many callers cost a store few calls: one at a time,
 * because a larger call costs it hardly more. Each begins after it was asked for: what it reads is as new as if it had
 * gone alone.
 */
export class Batcher<Item, Answer> {
  readonly #send: (batch: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #limits: BatchLimits<Item>;
  #queue: Waiting<Item, Answer>[] = [];
  #isUnderWay = false;
  #isPumping = false;

  /** `send` answers each item in its place, and does not throw. */
  constructor(
    send: (batch: readonly Item[]) => Promise<readonly Answer[]>,
    limits: BatchLimits<Item>,
  ) {
    this.#send = send;
    this.#limits = limits;
  }

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, resolve, reject });
      this.#pumpInTurn();
    });
  }

  /** After everything that this turn of the event loop brings: what came together travels together. */
  #pumpInTurn(): void {
    if (this.#isPumping || this.#isUnderWay) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    this.#isUnderWay = true;
    void this.#run(this.#take()).finally(() => {
      this.#isUnderWay = false;
      if (this.#queue.length > 0) this.#pumpInTurn();
    });
  }

  /** The oldest, without two that must not travel together. */
  #take(): readonly Waiting<Item, Answer>[] {
    const { batchMax, weightOf, apart } = this.#limits;
    const batch: Waiting<Item, Answer>[] = [];
    const later: Waiting<Item, Answer>[] = [];
    const marks = new Set<string>();
    let weight = 0;
    for (const waiting of this.#queue) {
      const mark = apart?.(waiting.item);
      const isFree = mark === undefined || !marks.has(mark);
      const more = weightOf?.(waiting.item) ?? 1;
      if (weight + more > batchMax || !isFree) later.push(waiting);
      else {
        batch.push(waiting);
        weight += more;
        if (mark !== undefined) marks.add(mark);
      }
    }
    this.#queue = later;
    return batch;
  }

  async #run(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#send(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, at) => {
        const answer = answers[at];
        if (answer === undefined) reject(new Error('a batch was answered short'));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    }
  }
}

export interface BatchLimits<Item> {
  /** Of the weights of all items in one batch; none may weigh more. */
  readonly batchMax: number;
  /** 1 for each when absent. */
  readonly weightOf?: (item: Item) => number;
  /** Two items with one mark never travel together. */
  readonly apart?: (item: Item) => string;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}
