import {
  type Instant,
  type Outcome,
  type Problem,
  applied,
  assert,
  isAbort,
  ok,
  refused,
  unknown,
} from '../../base/index.js';
import {
  type Consumer,
  type ConsumerSight,
  type ConsumerTry,
  consumerID,
  isHTTPS,
  sameEndpoints,
} from '../../core/cluster/index.js';
import { flagsOf } from './flags.js';
import { type Look, look } from './look.js';
import { type Parts, runOn, stateDirOf } from './parts.js';
import type { Place } from './place.js';
import {
  consumerHalfTold,
  consumerLeftBroken,
  consumerNotTold,
  consumerPutBack,
  consumerUnusable,
  consumerUnwell,
} from './problems.js';
import { endScript, putBackScript, refuseScript, restartScript, writeScript } from './scripts.js';
import { spotInManifest } from './text/manifest.js';
import { replaceAt } from './text/spot.js';
import { renderTemplate } from './text/template.js';
import { caFilesOf, usesTLS } from './tls.js';

/** Seconds are all that a process's age is known by. */
const AGE_SLACK_MS = 2000;

/** One change of one consumer, from its first look to its end; see the port for what it promises. */
export async function update(
  parts: Parts,
  consumer: Consumer,
  endpoints: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  const id = consumerID(consumer);
  const { host } = consumer;
  const notTold = (because: string): Outcome =>
    refused(consumerNotTold({ consumer: id, host, because }));
  const before = await look(parts, consumer, signal);
  const { sight, place } = before;
  if (sight.kind === 'unseen') return notTold(sight.because);
  if (sight.kind === 'unusable') return refused(sight.problem);
  assert(place !== undefined, 'a consumer that was seen has a place');

  // What was kept is of this change only when something was written for it, now or by whoever began it.
  const isOurs = !sameEndpoints(sight.names, endpoints) || before.pending !== undefined;
  if (isOurs) {
    const isNew = endpoints.some(isHTTPS) && !usesTLS(sight.link);
    const needs = isNew ? caFilesOf(consumer, place) : ok([]);
    if (!needs.ok) return refused(needs.error);
    const text = textWith(consumer, place, endpoints);
    if (text === undefined) {
      const because = `${place.path} has no room for ${endpoints.join(',')} where the endpoints stand: put them in quotes`;
      return refused(consumerUnusable({ consumer: id, host, because }));
    }
    const script = writeScript({
      path: place.path,
      stateDir: stateDirOf(parts, consumer),
      ...(place.sum === undefined ? {} : { read: place.sum }),
      byteCount: new TextEncoder().encode(text).length,
      pending: JSON.stringify({ endpoints }),
      needs: needs.value,
    });
    const written = await runOn(parts, consumer, 'write the endpoints', script, signal, text);
    if (written.kind === 'no')
      return noteUnwritten(parts, consumer, endpoints, before, written, signal);
    if (written.kind === 'cut') {
      return unknown(consumerHalfTold({ consumer: id, host, because: written.because }));
    }
  }
  const beganMs = parts.clock.monotonicMs();
  const gate = await startAndWait(parts, consumer, endpoints, before, signal);
  const afterMs = parts.clock.monotonicMs() - beganMs;
  switch (gate.kind) {
    case 'well': {
      const ended = await end(parts, consumer, undefined, signal);
      return ended === undefined
        ? applied()
        : unknown(consumerHalfTold({ consumer: id, host, because: ended }));
    }
    case 'cut':
      return unknown(consumerHalfTold({ consumer: id, host, because: gate.because }));
    case 'unwell':
      return isOurs
        ? putBack(
            parts,
            consumer,
            endpoints,
            { before, place, because: gate.because, afterMs },
            signal,
          )
        : noteUnwell(parts, consumer, endpoints, before, gate.because, signal);
  }
}

/** The file with the endpoints in it; undefined when it would not be read so again. */
function textWith(
  { program }: Consumer,
  { text = '', spot }: Place,
  endpoints: readonly string[],
): string | undefined {
  if (program.kind === 'file') {
    return renderTemplate(program.template, endpoints, program.separator);
  }
  if (spot === undefined) return undefined;
  const value = endpoints.join(',');
  const changed = replaceAt(text, spot, value);
  if (program.at.kind !== 'manifest') return changed;
  // In a flow list without quotes a comma begins the next item.
  const again = spotInManifest(changed, flagsOf(program).endpoints);
  return again.ok && again.value.value === value ? changed : undefined;
}

type Gate =
  | { readonly kind: 'well' }
  | { readonly kind: 'unwell'; readonly because: string }
  | { readonly kind: 'cut'; readonly because: string };

/** Lets the program take the endpoints of its file, and looks until it is well with them. */
async function startAndWait(
  parts: Parts,
  consumer: Consumer,
  endpoints: readonly string[],
  before: Look,
  signal: AbortSignal,
): Promise<Gate> {
  const { clock, timings } = parts;
  const isRunning = isWellWith(before.sight, endpoints, undefined) === undefined;
  const restart = isRunning ? undefined : restartScript(consumer.program);
  const restartedAt = isRunning ? undefined : clock.now();
  if (restart !== undefined) {
    const ran = await runOn(parts, consumer, 'restart what reads the endpoints', restart, signal);
    if (ran.kind === 'cut') return ran;
    if (ran.kind === 'no') return { kind: 'unwell', because: ran.because };
  }
  const beganMs = clock.monotonicMs();
  for (;;) {
    const { sight } = await look(parts, consumer, signal);
    // A kubelet may have been quicker than our clock; a command that was run was not.
    const since = restart === undefined ? undefined : restartedAt;
    const because = isWellWith(sight, endpoints, since);
    if (because === undefined) return { kind: 'well' };
    if (signal.aborted) return { kind: 'cut', because: 'the controller was asked to end' };
    if (clock.monotonicMs() - beganMs >= timings.gateMs) {
      return sight.kind === 'unseen' ? { kind: 'cut', because } : { kind: 'unwell', because };
    }
    try {
      await clock.sleep(timings.pollMs, signal);
    } catch (error) {
      if (!isAbort(error)) throw error;
      return { kind: 'cut', because: 'the controller was asked to end' };
    }
  }
}

/** Undefined when it names these endpoints, runs with them, and is well through one of them; else why not. */
function isWellWith(
  sight: ConsumerSight,
  endpoints: readonly string[],
  since: Instant | undefined,
): string | undefined {
  if (sight.kind === 'unseen') return sight.because;
  if (sight.kind === 'unusable') return sight.problem.detail;
  if (!sameEndpoints(sight.names, endpoints)) return `its file names ${sight.names.join(',')}`;
  if (sight.link.kind === 'broken') return sight.link.because;
  if (sight.link.kind === 'unknown') return undefined;
  if (sight.runsWith !== undefined && !sameEndpoints(sight.runsWith, endpoints)) {
    return `its process still runs with ${sight.runsWith.join(',')}`;
  }
  if (since !== undefined && (sight.startedAt ?? 0) < since - AGE_SLACK_MS) {
    return 'its process did not start again';
  }
  return sight.link.to.length > 0 ? undefined : 'it is connected to none of its endpoints';
}

interface Failed {
  readonly before: Look;
  readonly place: Place;
  readonly because: string;
  readonly afterMs: number;
}

/** What was there before is written back and started again; the try is noted, so that it is not repeated at once. */
async function putBack(
  parts: Parts,
  consumer: Consumer,
  endpoints: readonly string[],
  { before, place, because, afterMs }: Failed,
  signal: AbortSignal,
): Promise<Outcome> {
  const id = consumerID(consumer);
  const { host } = consumer;
  const dir = stateDirOf(parts, consumer);
  const script = putBackScript(place.path, dir);
  const restored = await runOn(parts, consumer, 'put back the endpoints', script, signal);
  if (restored.kind !== 'ok') {
    const kept = `${dir}/kept`;
    const back = restored.because;
    return unknown(consumerLeftBroken({ consumer: id, host, kept, because, back }));
  }
  const now = await look(parts, consumer, signal);
  const old = now.sight.kind === 'seen' ? now.sight.names : [];
  const gate = await startAndWait(parts, consumer, old, now, signal);
  if (gate.kind === 'cut')
    return unknown(consumerHalfTold({ consumer: id, host, because: gate.because }));
  const problem = consumerPutBack({
    consumer: id,
    host,
    endpoints,
    afterMs,
    because,
    isBack: gate.kind === 'well',
    back: gate.kind === 'well' ? '' : gate.because,
  });
  const failed = tryOf(parts, before, endpoints, problem);
  const ended = await end(parts, consumer, failed, signal);
  if (ended !== undefined) return unknown(consumerHalfTold({ consumer: id, host, because: ended }));
  return refused(problem);
}

/** The host said no before anything was changed: noted, so that meanwhile all else can go on. Best effort. */
async function noteUnwritten(
  parts: Parts,
  consumer: Consumer,
  endpoints: readonly string[],
  before: Look,
  { because }: { readonly because: string },
  signal: AbortSignal,
): Promise<Outcome> {
  const problem = consumerNotTold({
    consumer: consumerID(consumer),
    host: consumer.host,
    because,
  });
  const failed = { ...tryOf(parts, before, endpoints, problem), isUntouched: true } as const;
  const script = refuseScript(stateDirOf(parts, consumer), JSON.stringify(failed));
  await runOn(parts, consumer, 'note that nothing was written', script, signal);
  return refused(problem);
}

/** Its file was right already, and a start did not make it well: there is nothing to put back. */
async function noteUnwell(
  parts: Parts,
  consumer: Consumer,
  endpoints: readonly string[],
  before: Look,
  because: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const id = consumerID(consumer);
  const { host } = consumer;
  const problem = consumerUnwell({ consumer: id, host, endpoints, because });
  const ended = await end(parts, consumer, tryOf(parts, before, endpoints, problem), signal);
  return ended === undefined
    ? refused(problem)
    : unknown(consumerHalfTold({ consumer: id, host, because: ended }));
}

function tryOf(
  { clock }: Parts,
  { sight }: Look,
  endpoints: readonly string[],
  problem: Problem,
): ConsumerTry {
  const last = sight.kind === 'seen' ? sight.lastTry : undefined;
  const before = last !== undefined && sameEndpoints(last.endpoints, endpoints) ? last.inARow : 0;
  return { endpoints, at: clock.now(), inARow: before + 1, problem };
}

/** Nothing is under way any more. Undefined when that is written, else why not. */
async function end(
  parts: Parts,
  consumer: Consumer,
  failed: ConsumerTry | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const mark = failed === undefined ? undefined : JSON.stringify(failed);
  const script = endScript(stateDirOf(parts, consumer), mark);
  const ran = await runOn(parts, consumer, 'note the end of the change', script, signal);
  return ran.kind === 'ok' ? undefined : ran.because;
}
