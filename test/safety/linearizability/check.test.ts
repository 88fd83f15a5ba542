import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/base/index.js';
import { judge, type Operation } from './check.js';
import { REGISTER, withoutUnseen, type Input, type Output } from './register.js';

type Op = Operation<Input, Output>;

const at = (calledMs: number, returnedMs: number, input: Input, output: Output): Op => ({
  client: 'c',
  input,
  calledMs,
  end: { kind: 'answered', output, returnedMs },
});
const put = (from: number, to: number, value: string): Op =>
  at(from, to, { kind: 'put', value }, { kind: 'put' });
const got = (from: number, to: number, value: string | null): Op =>
  at(from, to, { kind: 'get' }, { kind: 'got', value });
const deleted = (from: number, to: number, value: string | null): Op =>
  at(from, to, { kind: 'delete' }, { kind: 'deleted', value });
const cas = (from: number, to: number, expected: string | null, value: string, output: Output) =>
  at(from, to, { kind: 'compare-and-set', expected, value }, output);
const SET: Output = { kind: 'set' };
const unknown = (calledMs: number, input: Input): Op => ({
  client: 'c',
  input,
  calledMs,
  end: { kind: 'unknown' },
});

const RIGHT: Readonly<Record<string, readonly Op[]>> = {
  'nothing at all': [],
  'one after the other': [got(0, 1, null), put(2, 3, 'a'), got(4, 5, 'a'), deleted(6, 7, 'a')],
  'a read beside a write sees it or not': [put(0, 10, 'a'), got(1, 2, null), got(3, 4, 'a')],
  'two writes beside each other, in either order': [
    put(0, 10, 'a'),
    put(0, 10, 'b'),
    got(11, 12, 'a'),
  ],
  'of two who take the same, one gets it': [
    cas(0, 5, null, 'a', SET),
    cas(0, 5, null, 'b', { kind: 'not-set', value: 'a' }),
  ],
  'an unknown write that nobody sees': [
    put(0, 1, 'a'),
    unknown(2, { kind: 'put', value: 'b' }),
    got(3, 4, 'a'),
  ],
  'an unknown write that lands long after its client gave up': [
    put(0, 1, 'a'),
    unknown(2, { kind: 'put', value: 'b' }),
    got(100, 101, 'a'),
    got(200, 201, 'b'),
  ],
  'an unknown deletion explains a missing key': [
    put(0, 1, 'a'),
    unknown(2, { kind: 'delete' }),
    got(3, 4, null),
  ],
  'an unknown comparison that held': [
    put(0, 1, 'a'),
    unknown(2, { kind: 'compare-and-set', expected: 'a', value: 'b' }),
    got(3, 4, 'b'),
  ],
  'what ends and begins at one instant overlaps': [put(0, 5, 'a'), got(5, 6, null)],
};

const WRONG: Readonly<Record<string, readonly Op[]>> = {
  'a stale read': [put(0, 1, 'a'), put(2, 3, 'b'), got(4, 5, 'a')],
  'an acknowledged write is lost': [put(0, 1, 'a'), got(2, 3, null)],
  'a read sees what is written later': [got(0, 1, 'a'), put(2, 3, 'a')],
  'a read sees what nobody wrote': [put(0, 1, 'a'), got(0, 5, 'x')],
  'a later read goes back': [put(0, 10, 'a'), got(1, 2, 'a'), got(3, 4, null)],
  'two clients see two writes in different orders': [
    put(0, 10, 'a'),
    put(0, 10, 'b'),
    got(11, 12, 'a'),
    got(13, 14, 'b'),
  ],
  'a comparison held twice': [put(0, 1, 'a'), cas(2, 9, 'a', 'b', SET), cas(2, 9, 'a', 'c', SET)],
  'a comparison failed and says a value that it accepts': [
    put(0, 1, 'a'),
    cas(2, 3, 'a', 'b', { kind: 'not-set', value: 'a' }),
  ],
  'a deletion found nothing where something was': [put(0, 1, 'a'), deleted(2, 3, null)],
  'an unknown write was seen and is gone again': [
    put(0, 1, 'a'),
    unknown(2, { kind: 'put', value: 'b' }),
    got(3, 4, 'b'),
    got(5, 6, 'a'),
  ],
  'an unknown write is seen before it was called': [
    got(0, 1, 'b'),
    unknown(2, { kind: 'put', value: 'b' }),
  ],
  'an unknown write landed twice': [
    unknown(0, { kind: 'put', value: 'b' }),
    got(1, 2, 'b'),
    deleted(3, 4, 'b'),
    got(5, 6, 'b'),
  ],
};

describe('could have been done one at a time:', () => {
  for (const [name, history] of Object.entries(RIGHT)) {
    test(name, () => expect(judge(REGISTER, history)).toMatchObject({ kind: 'linearizable' }));
  }
});

describe('could not:', () => {
  for (const [name, history] of Object.entries(WRONG)) {
    test(name, () => expect(judge(REGISTER, history)).toMatchObject({ kind: 'anomaly' }));
  }

  test('it says which operation fits nowhere', () => {
    const stale = got(4, 5, 'a');
    const history = [put(0, 1, 'a'), put(2, 3, 'b'), stale];
    expect(judge(REGISTER, history)).toEqual({
      kind: 'anomaly',
      order: history.slice(0, 2),
      stuckAt: stale,
    });
  });
});

test('a search without enough steps says that it does not know', () => {
  expect(judge(REGISTER, [put(0, 1, 'a')], 0)).toMatchObject({ kind: 'undecided' });
});

test('thousands of operations with many that nobody knows the end of are judged in a moment', () => {
  const history: Op[] = [];
  let value: string | null = null;
  for (let index = 0; index < 4_000; index++) {
    const start = index * 10;
    if (index % 100 === 50) history.push(unknown(start, { kind: 'put', value: `u${index}` }));
    else if (index % 2 === 0) {
      history.push(put(start, start + 15, `v${index}`));
      value = `v${index}`;
    } else history.push(got(start + 6, start + 9, value));
  }
  expect(judge(REGISTER, withoutUnseen(history))).toMatchObject({ kind: 'linearizable' });
  const broken = [...history, got(50_000, 50_001, 'v0')];
  expect(judge(REGISTER, withoutUnseen(broken))).toMatchObject({ kind: 'anomaly' });
});

/** Every order of every choice of unknown operations, tried one by one. */
function judgeSlowly(history: readonly Op[]): boolean {
  const isBefore = (a: Op, b: Op) => a.end.kind === 'answered' && a.end.returnedMs < b.calledMs;
  const go = (state: string | null, left: readonly Op[]): boolean => {
    if (left.every(({ end }) => end.kind === 'unknown')) return true;
    return left.some((op) => {
      if (left.some((other) => other !== op && isBefore(other, op))) return false;
      const output = op.end.kind === 'answered' ? op.end.output : undefined;
      const after = REGISTER.step(state, op.input, output);
      return (
        after !== undefined &&
        go(
          after,
          left.filter((other) => other !== op),
        )
      );
    });
  };
  return go(null, history);
}

test('it agrees with trying every order, on 3000 small histories of noise', () => {
  const random = seededRandom(20_261_126);
  const below = (end: number) => Math.floor(random.next() * end);
  const pick = <T>(...all: readonly T[]): T => all[below(all.length)] as T;
  const verdicts = { right: 0, wrong: 0 };
  for (let count = 0; count < 3_000; count++) {
    const history = Array.from({ length: 2 + below(5) }, (): Op => {
      const calledMs = below(12);
      const returnedMs = calledMs + below(6);
      const value = pick('a', 'b', 'c');
      const seen = pick('a', 'b', null);
      const input: Input = pick<Input>(
        { kind: 'get' },
        { kind: 'put', value },
        { kind: 'delete' },
        { kind: 'compare-and-set', expected: seen, value },
      );
      if (input.kind !== 'get' && random.next() < 0.25) return unknown(calledMs, input);
      const output = {
        get: { kind: 'got', value: seen },
        put: { kind: 'put' },
        delete: { kind: 'deleted', value: seen },
        'compare-and-set': pick<Output>(SET, { kind: 'not-set', value: pick('a', 'b', null) }),
      } as const satisfies Record<Input['kind'], Output>;
      return at(calledMs, returnedMs, input, output[input.kind]);
    });
    const isRight = judge(REGISTER, history).kind === 'linearizable';
    expect(isRight, JSON.stringify(history)).toBe(judgeSlowly(history));
    expect(judge(REGISTER, withoutUnseen(history)).kind === 'linearizable').toBe(isRight);
    verdicts[isRight ? 'right' : 'wrong']++;
  }
  expect(Math.min(verdicts.right, verdicts.wrong)).toBeGreaterThan(300);
});
