/**
 * Whether a history of concurrent operations could have come from one object that does them one at a time, each at some
 * moment between its call and its return: the search of Wing and Gong with Lowe's memory of where it has been.
 */

/** What an object is and how one operation changes it. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /**
   * The state after the operation, or undefined when it cannot have answered `output` in this state. `output` is
   * undefined when nobody knows the answer.
   */
  readonly step: (state: State, input: Input, output: Output | undefined) => State | undefined;
  /** The same text for the same state. */
  readonly textOf: (state: State) => string;
}

export interface Operation<Input, Output> {
  readonly client: string;
  readonly input: Input;
  readonly calledMs: number;
  /**
   * `answered` happened between call and return. `unknown` may have happened at any time after its call, also long
   * after its client gave up, or never.
   */
  readonly end:
    | { readonly kind: 'answered'; readonly output: Output; readonly returnedMs: number }
    | { readonly kind: 'unknown' };
}

export type Judgement<Input, Output> =
  | { readonly kind: 'linearizable'; readonly steps: number }
  | {
      readonly kind: 'anomaly';
      /** The longest order that was found, and the operation that fits nowhere after it. */
      readonly order: readonly Operation<Input, Output>[];
      readonly stuckAt: Operation<Input, Output> | undefined;
    }
  /** The search took more steps than it was given: neither proven nor refuted. */
  | { readonly kind: 'undecided'; readonly steps: number };

const STEPS_MAX = 2_000_000;

/** A call or a return in the order of time; the list is doubly linked so that an operation can be lifted out and put back. */
interface Entry<Input, Output> {
  readonly operation: Operation<Input, Output>;
  readonly index: number;
  readonly isCall: boolean;
  /** Of a call whose answer is known. */
  match: Entry<Input, Output> | undefined;
  previous: Entry<Input, Output> | undefined;
  next: Entry<Input, Output> | undefined;
}

export function judge<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  stepsMax = STEPS_MAX,
): Judgement<Input, Output> {
  const head = listOf(operations);
  const done = new DoneSet(operations.length);
  const been = new Been();
  const path: { readonly entry: Entry<Input, Output>; readonly before: State }[] = [];
  let best: readonly Operation<Input, Output>[] = [];
  let stuckAt: Operation<Input, Output> | undefined;
  let state = model.initial;
  let answeredLeft = operations.filter(({ end }) => end.kind === 'answered').length;
  let steps = 0;
  let entry = head.next;
  // What is left then is unknown, and may never have happened.
  while (answeredLeft > 0) {
    if (++steps > stepsMax) return { kind: 'undecided', steps };
    if (entry?.isCall === true) {
      const { input, end } = entry.operation;
      const after = model.step(state, input, end.kind === 'answered' ? end.output : undefined);
      if (after !== undefined) {
        done.add(entry.index);
        if (been.isNew(done, model.textOf(after))) {
          path.push({ entry, before: state });
          state = after;
          if (entry.match !== undefined) answeredLeft--;
          lift(entry);
          entry = head.next;
          continue;
        }
        done.remove(entry.index);
      }
      entry = entry.next;
      continue;
    }
    // An operation returned and was not done yet: whatever was done last was wrong.
    if (path.length >= best.length && entry !== undefined) {
      best = path.map((each) => each.entry.operation);
      stuckAt = entry.operation;
    }
    const last = path.pop();
    if (last === undefined) return { kind: 'anomaly', order: best, stuckAt };
    state = last.before;
    done.remove(last.entry.index);
    if (last.entry.match !== undefined) answeredLeft++;
    putBack(last.entry);
    entry = last.entry.next;
  }
  return { kind: 'linearizable', steps };
}

/** Calls and returns by time. At one instant calls come first: then the operations overlap, which forbids less. */
function listOf<Input, Output>(
  operations: readonly Operation<Input, Output>[],
): { next: Entry<Input, Output> | undefined } {
  const entries = operations.flatMap((operation, index) => {
    const make = (isCall: boolean): Entry<Input, Output> => ({
      operation,
      index,
      isCall,
      match: undefined,
      previous: undefined,
      next: undefined,
    });
    const call = make(true);
    const { calledMs, end } = operation;
    if (end.kind === 'unknown') return [{ atMs: calledMs, entry: call }];
    call.match = make(false);
    return [
      { atMs: calledMs, entry: call },
      { atMs: end.returnedMs, entry: call.match },
    ];
  });
  entries.sort((a, b) => a.atMs - b.atMs || Number(b.entry.isCall) - Number(a.entry.isCall));
  const head = headOf<Input, Output>();
  let last: Entry<Input, Output> = head;
  for (const { entry } of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

/** Before the first entry, so that every entry has one before it. */
function headOf<Input, Output>(): Entry<Input, Output> {
  const operation: Operation<never, never> = {
    client: '',
    input: undefined as never,
    calledMs: Number.NEGATIVE_INFINITY,
    end: { kind: 'unknown' },
  };
  return {
    operation,
    index: -1,
    isCall: false,
    match: undefined,
    previous: undefined,
    next: undefined,
  };
}

function lift<Input, Output>(call: Entry<Input, Output>): void {
  unlink(call);
  if (call.match !== undefined) unlink(call.match);
}

/** The opposite of `lift`, in the opposite order. */
function putBack<Input, Output>(call: Entry<Input, Output>): void {
  if (call.match !== undefined) link(call.match);
  link(call);
}

function unlink<Input, Output>(entry: Entry<Input, Output>): void {
  if (entry.previous !== undefined) entry.previous.next = entry.next;
  if (entry.next !== undefined) entry.next.previous = entry.previous;
}

function link<Input, Output>(entry: Entry<Input, Output>): void {
  if (entry.previous !== undefined) entry.previous.next = entry;
  if (entry.next !== undefined) entry.next.previous = entry;
}

/** Which operations have been done, with a running hash. */
class DoneSet {
  readonly words: Uint32Array;
  readonly #marks: Float64Array;
  hash = 0;

  constructor(count: number) {
    this.words = new Uint32Array(Math.ceil(count / 32));
    // One number for each operation; a set's hash is their exclusive or, which is its own inverse.
    let seed = 0x9e3779b9;
    this.#marks = Float64Array.from({ length: count }, () => {
      seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x297a2d39;
      return seed >>> 0;
    });
  }

  add(index: number): void {
    this.#flip(index);
  }

  remove(index: number): void {
    this.#flip(index);
  }

  #flip(index: number): void {
    const word = index >>> 5;
    this.words[word] = (this.words[word] ?? 0) ^ (1 << (index & 31));
    this.hash = (this.hash ^ (this.#marks[index] ?? 0)) >>> 0;
  }
}

/** Where the search has been: the same operations done, and the same state. Going on from there again is of no use. */
class Been {
  readonly #places = new Map<number, { readonly words: Uint32Array; readonly state: string }[]>();

  isNew(done: DoneSet, state: string): boolean {
    const places = this.#places.get(done.hash) ?? [];
    const isKnown = places.some(
      (place) =>
        place.state === state && place.words.every((word, index) => word === done.words[index]),
    );
    if (isKnown) return false;
    places.push({ words: done.words.slice(), state });
    this.#places.set(done.hash, places);
    return true;
  }
}
