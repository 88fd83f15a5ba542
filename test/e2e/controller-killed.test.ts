import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  ANY_MINOR,
  EXIT,
  type Lab,
  LONG,
  MINORS,
  clientURLs,
  contentOf,
  lab,
  until,
} from '../lab/index.js';

/** A journal line that is told apart from others of its kind, so that each is met once. */
interface Mark {
  readonly index: number;
  readonly word: string;
}

/** The lines after which the controller is killed: when it has decided, or when it has written how that ended. */
async function marks(it: Lab, kind: 'decided' | 'outcome'): Promise<readonly Mark[]> {
  const lines = await it.journal();
  return lines.flatMap((line, index) => {
    if (line.kind !== kind) return [];
    const decision =
      kind === 'decided'
        ? line
        : lines.find(({ kind: k, id }) => k === 'decided' && id === line.id);
    return [{ index, word: JSON.stringify(shortStep(decision?.step)) }];
  });
}

function shortStep(step: unknown): unknown {
  const { kind, name, host, fromName } = step as Record<string, unknown>;
  return { kind, name, host, fromName };
}

/**
 * Runs the controller in the foreground and kills it, hard, at the first mark it sets that was not met before; again
 * and again until a run comes to its end undisturbed. Answers how often it was killed.
 */
async function applyWithKills(
  it: Lab,
  spec: string,
  { kind, lateMs }: Moment,
): Promise<readonly string[]> {
  // Nobody but these commands may act: otherwise the supervisor would do their work.
  await it.stopKeepers();
  const met = new Set<string>();
  const kills: string[] = [];
  for (;;) {
    const from = (await it.journal()).length;
    const controller = it.start(`apply -f ${spec} --yes=${it.name}`);
    let ended = false;
    void controller.done.then(() => (ended = true));
    const fresh = await until(
      'the next step, or the end',
      async () => {
        const next = (await marks(it, kind)).find(
          ({ index, word }) => index >= from && !met.has(word),
        );
        if (next !== undefined) return { done: next.word };
        return ended ? { done: undefined } : { seen: 'nothing yet' };
      },
      { everyMs: 1, timeoutMs: 120_000 },
    );
    if (fresh === undefined) {
      const ran = await controller.done;
      if (ran.code !== EXIT.done) throw new Error(`It did not come to its end: ${ran.stderr}`);
      return kills;
    }
    met.add(fresh);
    kills.push(fresh);
    if (lateMs > 0) await sleep(Math.random() * lateMs);
    await it.kill(controller.pid);
  }
}

/**
 * A birth with kills. Killed twice between writing down that a host is told `new` and its start, it cannot be finished,
 * and says so: nobody knows that they never voted. Then another one is born.
 */
async function bornWithKills(
  version: string,
  names: readonly string[],
  moment: Moment,
): Promise<{ readonly it: Lab; readonly born: readonly string[] }> {
  for (let attempt = 1; ; attempt++) {
    const it = await lab({ version });
    try {
      return { it, born: await applyWithKills(it, await it.spec(names), moment) };
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !String(error).includes('birth-incomplete')) throw error;
    }
  }
}

/** When the controller dies: at a line of the journal, or up to so long after it. */
interface Moment {
  readonly kind: 'decided' | 'outcome';
  readonly lateMs: number;
  readonly when: string;
}

const MOMENTS: readonly Moment[] = [
  { kind: 'decided', lateMs: 0, when: 'right after it decided on' },
  { kind: 'decided', lateMs: 30, when: 'while it carried out' },
  { kind: 'outcome', lateMs: 0, when: 'right after it wrote the outcome of' },
];

/** Every moment on every minor takes ten minutes; in CI each minor has one, and 3.6 has them all. */
const RUNS = MINORS.flatMap((version, i) =>
  MOMENTS.filter((_, j) => LONG || version === ANY_MINOR || j === i % MOMENTS.length).map(
    (moment) => ({ version, ...moment }),
  ),
);

test.each(RUNS)(
  'etcd $version: the controller killed $when each step of 0→3→5→3 comes to the same end',
  { timeout: 600_000 },
  async ({ version, ...moment }) => {
    const three = ['m1', 'm2', 'm3'];
    const { it, born } = await bornWithKills(version, three, moment);
    const before = await it.settled(3);
    const writer = await it.writer();

    const up = await applyWithKills(it, await it.spec([...three, 'm4', 'm5']), moment);
    const five = await it.settled(5);
    expect(five.members.map(({ name }) => name)).toEqual([...three, 'm4', 'm5']);
    const down = await applyWithKills(it, await it.spec(three), moment);
    const after = await it.settled(3);

    // Three members started, the birth recorded; two added, started, promoted; two removed: on a quiet machine each of
    // them is met. On a loaded one two may pass between two looks, so that what must be met is a part of them.
    expect(born.length).toBeGreaterThanOrEqual(2);
    expect((await it.deeds()).filter(({ kind }) => kind === 'record-birth').length).toBeGreaterThan(
      0,
    );
    expect(up.length).toBeGreaterThanOrEqual(3);
    expect(down.length).toBeGreaterThanOrEqual(1);
    expect(after.cluster.id).toBe(before.cluster.id);
    expect(after.members.map(({ name, id }) => [name, id])).toEqual(
      before.members.map(({ name, id }) => [name, id]),
    );
    expect((await it.members()).size).toBe(3);
    await it.nothingLost(writer);
    expect((await contentOf(clientURLs(after))).size).toBeGreaterThan(0);
  },
);

/** A birth that was killed before every member had been started, and one that had not. */
async function halfBorn(): Promise<{ it: Lab; spec: string; next: string }> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const it = await lab({ version: ANY_MINOR });
    const spec = await it.spec(['m1', 'm2', 'm3']);
    const up = it.start(`up -f ${spec}`);
    await until(
      'the first start is decided',
      async () => {
        const lines = await it.journal();
        return lines.some(({ kind }) => kind === 'decided') ? { done: true } : { seen: 'nothing' };
      },
      { everyMs: 1 },
    );
    await it.kill(up.pid);
    const started = [...(await it.members()).keys()];
    const next = ['m2', 'm3'].find((name) => !started.includes(name));
    if (next !== undefined) return { it, spec, next };
  }
  throw new Error(`The birth was faster than the kill, ${ATTEMPTS_MAX} times.`);
}

/** A birth takes a tenth of a second; on a busy machine it can be over before it is seen to begin. */
const ATTEMPTS_MAX = 5;

test('killed between writing down that a member is told `new` and its start: the birth is finished', async () => {
  const { it, spec, next } = await halfBorn();
  // What a crash right after the record was written leaves: told `new`, and never started.
  const path = join(it.directory, 'record.json');
  const record = JSON.parse(await readFile(path, 'utf8')) as { readonly issuedNew: string[] };
  const issuedNew = [...new Set([...record.issuedNew, next])];
  await writeFile(path, JSON.stringify({ ...record, issuedNew }));

  await it.must(`up -f ${spec}`);
  const status = await it.settled(3);
  expect(status.members.map(({ name }) => name)).toEqual(['m1', 'm2', 'm3']);
  const births = (await it.deeds()).filter(
    ({ name, step }) => name === next && step.launch?.purpose === 'birth',
  );
  expect(births).toEqual([]);
});
